from haneul.kernel.errors import BadRequest, NotFound
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.block_storage.base_rules import ADMIN
from haneul.services.block_storage.group_types import logic as group_types
from haneul.services.block_storage.group_types.models import GroupType
from haneul.services.block_storage.names import OneSpec, Specs

routes = Routes()

PATH = "/v3/group_types/{group_type_id}/group_specs"
ONE = PATH + "/{spec_id}"
LIST = Rule("group:group_types_specs:get_all", ADMIN, "List a group type's specs.")
GET = Rule("group:group_types_specs:get", ADMIN, "Show one of a group type's specs.")
CREATE = Rule("group:group_types_specs:create", ADMIN, "Add specs to a group type.")
UPDATE = Rule("group:group_types_specs:update", ADMIN, "Set a group type's spec.")
DELETE = Rule("group:group_types_specs:delete", ADMIN, "Delete a group type's spec.")


def _set(call: Call, one: GroupType, specs: dict[str, str | None]) -> dict[str, str | None]:
    group_types.change(call.db, one, specs={**one.specs, **specs})
    return specs


@routes.get(PATH, rule=LIST, wraps="group_specs", quick=True, since="3.11")
def list_group_specs(call: Call, group_type_id: str) -> dict[str, str | None]:
    call.enforce()
    return group_types.get(call.db, group_type_id).specs


@routes.post(PATH, rule=CREATE, wraps="group_specs", status=202, since="3.11")
def create_group_specs(call: Call, group_type_id: str, body: Specs) -> dict[str, str | None]:
    call.enforce()
    return _set(call, group_types.get(call.db, group_type_id), body)


@routes.get(ONE, rule=GET, quick=True, since="3.11")
def get_group_spec(call: Call, group_type_id: str, spec_id: str) -> dict[str, str | None]:
    call.enforce()
    one = group_types.get(call.db, group_type_id)
    if spec_id not in one.specs:
        raise NotFound("Group Type {id} has no extra spec with key {key}.", id=one.id, key=spec_id)
    return {spec_id: one.specs[spec_id]}


@routes.put(ONE, rule=UPDATE, since="3.11")
def update_group_spec(call: Call, group_type_id: str, spec_id: str, body: OneSpec) -> dict[str, str | None]:
    call.enforce()
    one = group_types.get(call.db, group_type_id)
    if spec_id not in body:
        raise BadRequest("Request body and URI mismatch")
    return _set(call, one, body)


@routes.delete(ONE, rule=DELETE, status=202, since="3.11")
def delete_group_spec(call: Call, group_type_id: str, spec_id: str) -> None:
    call.enforce()
    one = group_types.get(call.db, group_type_id)
    if spec_id not in one.specs:
        raise NotFound("Group Type {id} has no specs with key {key}.", id=one.id, key=spec_id)
    group_types.change(call.db, one, specs={key: text for key, text in one.specs.items() if key != spec_id})
