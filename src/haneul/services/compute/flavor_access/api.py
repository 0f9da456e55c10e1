from haneul.kernel.errors import Conflict, NotFound
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.compute.flavor_access import logic
from haneul.services.compute.flavor_access.schemas import AccessView, Grant
from haneul.services.compute.flavors import logic as flavors
from haneul.services.compute.flavors.models import Flavor

routes = Routes()

ACTION = "/v2.1/flavors/{flavor_id}/action"
LIST = Rule("os_compute_api:os-flavor-access", "rule:context_is_admin", "List the projects that may use a flavor.")
ADD = Rule(
    "os_compute_api:os-flavor-access:add_tenant_access", "rule:context_is_admin", "Let a project use a private flavor."
)
REMOVE = Rule(
    "os_compute_api:os-flavor-access:remove_tenant_access",
    "rule:context_is_admin",
    "Let a project no longer use a private flavor.",
)


def _listed(call: Call, flavor: Flavor) -> list[AccessView]:
    return [AccessView(flavor_id=it.flavor_id, tenant_id=it.project_id) for it in logic.list_(call.db, flavor)]


@routes.get("/v2.1/flavors/{flavor_id}/os-flavor-access", rule=LIST, wraps="flavor_access")
def list_access(call: Call, flavor_id: str) -> list[AccessView]:
    call.enforce()
    flavor = flavors.get(call.db, flavor_id)
    if flavor.is_public:
        raise NotFound("Access list not available for public flavors.")
    return _listed(call, flavor)


@routes.action(ACTION, "addTenantAccess", rule=ADD, wraps="flavor_access", status=200)
def add_access(call: Call, flavor_id: str, body: Grant) -> list[AccessView]:
    call.enforce()
    flavor = flavors.get(call.db, flavor_id)
    if flavor.is_public and call.at_least("2.7"):
        raise Conflict("Can not add access to a public flavor.")
    logic.add(call.db, flavor, body.tenant)
    return _listed(call, flavor)


@routes.action(ACTION, "removeTenantAccess", rule=REMOVE, wraps="flavor_access", status=200)
def remove_access(call: Call, flavor_id: str, body: Grant) -> list[AccessView]:
    call.enforce()
    flavor = flavors.get(call.db, flavor_id)
    logic.remove(call.db, flavor, body.tenant)
    return _listed(call, flavor)
