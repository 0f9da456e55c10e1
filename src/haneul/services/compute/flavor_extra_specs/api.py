from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.compute.flavor_extra_specs import logic
from haneul.services.compute.flavor_extra_specs.rules import INDEX
from haneul.services.compute.flavor_extra_specs.schemas import ExtraSpecs, OneSpec, Value
from haneul.services.compute.flavors import logic as flavors
from haneul.services.compute.flavors.api import viewer
from haneul.services.compute.flavors.models import Flavor

routes = Routes()

PATH = "/v2.1/flavors/{flavor_id}/os-extra_specs"
SHOW = Rule(
    "os_compute_api:os-flavor-extra-specs:show", "rule:project_reader_or_admin", "Show one of a flavor's extra specs."
)
CREATE = Rule("os_compute_api:os-flavor-extra-specs:create", "rule:context_is_admin", "Add extra specs to a flavor.")
UPDATE = Rule("os_compute_api:os-flavor-extra-specs:update", "rule:context_is_admin", "Set a flavor's extra spec.")
DELETE = Rule("os_compute_api:os-flavor-extra-specs:delete", "rule:context_is_admin", "Delete a flavor's extra spec.")


def _flavor(call: Call, flavor_id: str) -> Flavor:
    return flavors.get_visible(call.db, flavor_id, viewer(call))


@routes.get(PATH, rule=INDEX, wraps="extra_specs", quick=True)
def list_extra_specs(call: Call, flavor_id: str) -> dict[str, str]:
    call.enforce(call.caller)
    flavor = _flavor(call, flavor_id)
    return flavors.specs_of(call.db, [flavor.id])[flavor.id]


@routes.post(PATH, rule=CREATE, wraps="extra_specs", status=200)
def create_extra_specs(call: Call, flavor_id: str, body: ExtraSpecs) -> dict[str, Value]:
    call.enforce()
    logic.set_(call.db, _flavor(call, flavor_id), body, is_checked=call.at_least("2.86"))
    return body


@routes.get(PATH + "/{key}", rule=SHOW, quick=True)
def get_extra_spec(call: Call, flavor_id: str, key: str) -> dict[str, str]:
    call.enforce(call.caller)
    return {key: logic.get(call.db, _flavor(call, flavor_id), key).value}


@routes.put(PATH + "/{key}", rule=UPDATE)
def update_extra_spec(call: Call, flavor_id: str, key: str, body: OneSpec) -> dict[str, Value]:
    call.enforce()
    if key not in body:
        raise BadRequest("Request body and URI mismatch")
    logic.set_(call.db, _flavor(call, flavor_id), body, is_checked=call.at_least("2.86"))
    return body


@routes.delete(PATH + "/{key}", rule=DELETE, status=200)
def delete_extra_spec(call: Call, flavor_id: str, key: str) -> None:
    call.enforce()
    logic.delete(call.db, _flavor(call, flavor_id), key)
