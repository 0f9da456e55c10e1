from collections.abc import Callable, Sequence

from haneul.kernel.db import Db
from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.network.agents import logic
from haneul.services.network.agents.configurations import configurations_of
from haneul.services.network.agents.hosts import is_alive
from haneul.services.network.agents.models import NetworkAgent
from haneul.services.network.agents.schemas import AgentUpdate, AgentView, RouterAgentView, agent_fields
from haneul.services.network.base_rules import ADMIN
from haneul.services.network.lists import answered, asked
from haneul.services.network.owners import refuse_unseen, sees_list

GET = Rule("get_agent", ADMIN, "Show the agents of hosts.")
UPDATE = Rule("update_agent", ADMIN, "Change an agent.")
DELETE = Rule("delete_agent", ADMIN, "Delete an agent.")
ONE = "/v2.0/agents/{agent_id}"


def views(call: Call, found: Sequence[NetworkAgent]) -> list[AgentView]:
    """Many agents, with a few queries for what they have to do."""
    told = configurations_of(call.db, found)
    return [AgentView(**agent_fields(agent, told[agent.id], is_alive=is_alive(agent))) for agent in found]


def router_agent_views(call: Call, found: Sequence[NetworkAgent]) -> list[RouterAgentView]:
    """Many agents as those of a router."""
    told = configurations_of(call.db, found)
    return [RouterAgentView(**agent_fields(agent, told[agent.id], is_alive=is_alive(agent))) for agent in found]


def routes_with(remove: Callable[[Db, NetworkAgent], None], joined: Callable[[Db, str], None]) -> Routes:
    """The routes of agents; `remove` deletes one and gives what it had to do to others.

    `joined` is told of a host that may be given something to do again.
    """
    routes = Routes()

    @routes.get("/v2.0/agents", rule=GET, wraps="agents")
    def list_agents(call: Call) -> Listed[AgentView]:
        if not sees_list(call):
            return Listed(items=[])
        wanted = asked(call, logic.LISTING, beside=("agent_type", "alive", "availability_zone", "topic"))
        rows = logic.list_(call.db, wanted, logic.clauses(call.ask.parameters))
        return answered(wanted, rows, views(call, rows))

    @routes.get(ONE, rule=GET, wraps="agent")
    def get_agent(call: Call, agent_id: str) -> AgentView:
        refuse_unseen(call)
        return views(call, [logic.get(call.db, agent_id)])[0]

    @routes.put(ONE, rule=UPDATE, wraps="agent", lax=True)
    def update_agent(call: Call, agent_id: str, body: AgentUpdate) -> AgentView:
        call.enforce(call.caller)
        agent = logic.update(call.db, logic.get(call.db, agent_id), body)
        if body.admin_state_up is True:
            joined(call.db, agent.host)
        return views(call, [agent])[0]

    @routes.delete(ONE, rule=DELETE)
    def delete_agent(call: Call, agent_id: str) -> None:
        call.enforce(call.caller)
        remove(call.db, logic.get(call.db, agent_id))

    return routes
