import msgspec

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Routes
from haneul.kernel.http.replies import Raw
from haneul.kernel.policy import Rule
from haneul.kernel.schema import View
from haneul.services.network.auto_allocated_topology import logic
from haneul.services.network.base_rules import MEMBER, READER

GET = Rule("get_auto_allocated_topology", READER, "Get a project the network that it is given by itself.")
DELETE = Rule("delete_auto_allocated_topology", MEMBER, "Delete the network that a project was given by itself.")
ONE = "/v2.0/auto-allocated-topology/{project_id}"
DRY_RUN = "dry-run"


class TopologyView(View):
    """`id` is the network's."""

    id: str
    project_id: str
    tenant_id: str


class TopologyBody(View):
    auto_allocated_topology: TopologyView


routes = Routes()


@routes.get(ONE, rule=GET, transaction="write")
def get_auto_allocated_topology(call: Call, project_id: str) -> TopologyBody | Raw:
    meant, asked = _project(call, project_id), call.ask.parameters.get("fields", [])
    if DRY_RUN in asked:
        logic.check(call.db, meant)
        # The word is no field to be selected, though it is asked for as one.
        return Raw(body=msgspec.json.encode(_body(f"{DRY_RUN}=pass", meant)))
    if asked:
        raise BadRequest("Bad auto_allocate request: Unrecognized field.")
    return _body(logic.ensure(call.db, meant).id, meant)


@routes.delete(ONE, rule=DELETE)
def delete_auto_allocated_topology(call: Call, project_id: str) -> None:
    logic.delete(call.db, _project(call, project_id))


def _project(call: Call, project_id: str) -> str:
    """The project that is meant, once the route's rule allows it; clients write `None` for their own."""
    meant = (call.caller.project_id or "") if project_id == "None" else project_id
    call.enforce({"project_id": meant})
    return meant


def _body(network_id: str, project_id: str) -> TopologyBody:
    view = TopologyView(id=network_id, project_id=project_id, tenant_id=project_id)
    return TopologyBody(auto_allocated_topology=view)
