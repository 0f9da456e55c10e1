from haneul.kernel.http import Call, Routes
from haneul.kernel.http.replies import Raw
from haneul.kernel.policy import Rule
from haneul.services.network.agents import logic as agents
from haneul.services.network.agents.api import router_agent_views, views
from haneul.services.network.agents.schemas import AgentView, RouterAgentView
from haneul.services.network.base_rules import ADMIN
from haneul.services.network.networks import api as networks
from haneul.services.network.networks.schemas import NetworkView
from haneul.services.network.routers import api as routers
from haneul.services.network.routers.schemas import RouterView
from haneul.services.network.scheduling import logic
from haneul.services.network.scheduling.schemas import NetworkToServe, RouterToPlace

GET_NETWORKS = Rule("get_dhcp-networks", ADMIN, "Show what a DHCP agent serves.")
SERVE = Rule("create_dhcp-network", ADMIN, "Have a DHCP agent serve a network.")
STOP_SERVING = Rule("delete_dhcp-network", ADMIN, "Have a DHCP agent not serve a network any more.")
GET_SERVERS = Rule("get_dhcp-agents", ADMIN, "Show which DHCP agents serve a network.")
GET_ROUTERS = Rule("get_l3-routers", ADMIN, "Show which routers an L3 agent has.")
PLACE = Rule("create_l3-router", ADMIN, "Give a router to an L3 agent.")
TAKE = Rule("delete_l3-router", ADMIN, "Take a router from an L3 agent.")
GET_HOSTS = Rule("get_l3-agents", ADMIN, "Show which L3 agents have a router.")
DONE = Raw(body=b"null", status=201)
"""What Neutron answers to a move; the client reads it as JSON."""

routes = Routes()


@routes.get("/v2.0/agents/{agent_id}/dhcp-networks", rule=GET_NETWORKS, wraps="networks")
def list_served_networks(call: Call, agent_id: str) -> list[NetworkView]:
    call.enforce(call.caller)
    return networks.views(call, logic.networks_on(call.db, agents.get(call.db, agent_id)))


@routes.post("/v2.0/agents/{agent_id}/dhcp-networks", rule=SERVE)
def serve_network(call: Call, agent_id: str, body: NetworkToServe) -> Raw:
    call.enforce(call.caller)
    logic.serve(call.db, agents.get(call.db, agent_id), body.network_id)
    return DONE


@routes.delete("/v2.0/agents/{agent_id}/dhcp-networks/{network_id}", rule=STOP_SERVING)
def stop_serving_network(call: Call, agent_id: str, network_id: str) -> None:
    call.enforce(call.caller)
    logic.stop_serving(call.db, agents.get(call.db, agent_id), network_id)


@routes.get("/v2.0/networks/{network_id}/dhcp-agents", rule=GET_SERVERS, wraps="agents")
def list_dhcp_agents(call: Call, network_id: str) -> list[AgentView]:
    call.enforce(call.caller)
    return views(call, logic.servers_of(call.db, network_id))


@routes.get("/v2.0/agents/{agent_id}/l3-routers", rule=GET_ROUTERS, wraps="routers")
def list_placed_routers(call: Call, agent_id: str) -> list[RouterView]:
    call.enforce(call.caller)
    return routers.views(call, logic.routers_on(call.db, agents.get(call.db, agent_id)))


@routes.post("/v2.0/agents/{agent_id}/l3-routers", rule=PLACE)
def place_router(call: Call, agent_id: str, body: RouterToPlace) -> Raw:
    call.enforce(call.caller)
    logic.place_router(call.db, agents.get(call.db, agent_id), body.router_id)
    return DONE


@routes.delete("/v2.0/agents/{agent_id}/l3-routers/{router_id}", rule=TAKE)
def take_router(call: Call, agent_id: str, router_id: str) -> None:
    call.enforce(call.caller)
    logic.take_router(call.db, agents.get(call.db, agent_id), router_id)


@routes.get("/v2.0/routers/{router_id}/l3-agents", rule=GET_HOSTS, wraps="agents")
def list_l3_agents(call: Call, router_id: str) -> list[RouterAgentView]:
    call.enforce(call.caller)
    return router_agent_views(call, logic.hosts_of(call.db, router_id))
