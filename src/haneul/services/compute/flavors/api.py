from typing import Any

import msgspec

from haneul.kernel.http import Call, Listed, Routes, Shape, listed
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET, UnsetType
from haneul.services.compute.base_rules import IS_ADMIN
from haneul.services.compute.flavor_extra_specs.rules import INDEX as SEE_SPECS
from haneul.services.compute.flavors import logic
from haneul.services.compute.flavors.models import Flavor
from haneul.services.compute.flavors.schemas import FlavorCreate, FlavorQuery, FlavorSummary, FlavorUpdate, FlavorView
from haneul.services.compute.links import links

routes = Routes()

SEE = Rule("os_compute_api:flavors", "@", "List and show flavors: which ones depends on the project.")
CREATE = Rule("os_compute_api:os-flavor-manage:create", "rule:context_is_admin", "Create a flavor.")
UPDATE = Rule("os_compute_api:os-flavor-manage:update", "rule:context_is_admin", "Change a flavor's description.")
DELETE = Rule("os_compute_api:os-flavor-manage:delete", "rule:context_is_admin", "Delete a flavor.")


def _empty_swap(flavor: Any) -> None:
    flavor["swap"] = flavor["swap"] or ""


def _one_without_swap(body: Any) -> Any:
    _empty_swap(body["flavor"])
    return body


def _all_without_swap(body: Any) -> Any:
    for flavor in body["flavors"]:
        _empty_swap(flavor)
    return body


ONE = (Shape("2.75", down=_one_without_swap),)
MANY = (Shape("2.75", down=_all_without_swap),)


def viewer(call: Call) -> str | None:
    """The project whose flavors this caller sees; None for an admin, who sees all."""
    return None if call.allows(IS_ADMIN) else call.caller.project_id or ""


def _sees_specs(call: Call) -> bool:
    return call.allows(SEE_SPECS, call.caller)


def _view(call: Call, flavor: Flavor) -> FlavorView:
    specs: dict[str, str] | UnsetType = UNSET
    if _sees_specs(call):
        specs = logic.specs_of(call.db, [flavor.id])[flavor.id]
    return FlavorView.of(flavor, links(call, f"/flavors/{flavor.id}"), specs)


def _page(call: Call, query: FlavorQuery) -> tuple[Any, list[Flavor]]:
    page = msgspec.structs.replace(call.page(), sort=((query.sort_key, query.sort_dir),))
    return page, logic.list_(call.db, page, logic.filters_of(query, viewer(call)))


@routes.get("/v2.1/flavors", rule=SEE, wraps="flavors")
def list_flavors(call: Call, query: FlavorQuery) -> Listed[FlavorSummary]:
    call.enforce()
    page, found = _page(call, query)

    def view(flavor: Flavor) -> FlavorSummary:
        url = links(call, f"/flavors/{flavor.id}")
        return FlavorSummary(id=flavor.id, name=flavor.name, description=flavor.description, links=url)

    return listed(page, found, view, lambda flavor: flavor.id)


@routes.get("/v2.1/flavors/detail", rule=SEE, wraps="flavors", shapes=MANY)
def list_flavors_in_detail(call: Call, query: FlavorQuery) -> Listed[FlavorView]:
    call.enforce()
    page, found = _page(call, query)
    specs = logic.specs_of(call.db, [flavor.id for flavor in found]) if _sees_specs(call) else {}

    def view(flavor: Flavor) -> FlavorView:
        return FlavorView.of(flavor, links(call, f"/flavors/{flavor.id}"), specs.get(flavor.id, UNSET))

    return listed(page, found, view, lambda flavor: flavor.id)


@routes.post("/v2.1/flavors", rule=CREATE, wraps="flavor", shapes=ONE, lax=True, status=200)
def create_flavor(call: Call, body: FlavorCreate) -> FlavorView:
    call.enforce()
    return _view(call, logic.create(call.db, body))


@routes.get("/v2.1/flavors/{flavor_id}", rule=SEE, wraps="flavor", shapes=ONE, quick=True)
def get_flavor(call: Call, flavor_id: str) -> FlavorView:
    call.enforce()
    return _view(call, logic.get_visible(call.db, flavor_id, viewer(call)))


@routes.put("/v2.1/flavors/{flavor_id}", rule=UPDATE, wraps="flavor", shapes=ONE, since="2.55")
def update_flavor(call: Call, flavor_id: str, body: FlavorUpdate) -> FlavorView:
    call.enforce()
    return _view(call, logic.update(call.db, logic.get(call.db, flavor_id), body.description))


@routes.delete("/v2.1/flavors/{flavor_id}", rule=DELETE, status=202)
def delete_flavor(call: Call, flavor_id: str) -> None:
    call.enforce()
    logic.delete(call.db, flavor_id)
