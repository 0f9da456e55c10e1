from collections.abc import Sequence

from haneul.kernel.errors import NotFound
from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.network.address_groups import logic
from haneul.services.network.address_groups.models import AddressGroup
from haneul.services.network.address_groups.schemas import (
    Addresses,
    AddressGroupCreate,
    AddressGroupCreateBody,
    AddressGroupCreatedView,
    AddressGroupUpdate,
    AddressGroupView,
    address_group_view,
)
from haneul.services.network.base_rules import MEMBER, READER
from haneul.services.network.bulk import created
from haneul.services.network.lists import answered, asked
from haneul.services.network.owners import owner_of, viewer

GET = Rule("get_address_group", f"{READER} or rule:shared_address_groups", "Show address groups.")
CREATE = Rule("create_address_group", MEMBER, "Create an address group.")
UPDATE = Rule("update_address_group", MEMBER, "Change an address group.")
DELETE = Rule("delete_address_group", MEMBER, "Delete an address group.")
ADD = Rule("add_addresses", MEMBER, "Add addresses to an address group.")
REMOVE = Rule("remove_addresses", MEMBER, "Remove addresses from an address group.")
PLURAL = "/v2.0/address-groups"
ONE = PLURAL + "/{group_id}"
routes = Routes()


def views(call: Call, found: Sequence[AddressGroup]) -> list[AddressGroupView]:
    """Many address groups with what is in them."""
    addresses = logic.addresses_of(call.db, [group.id for group in found])
    return [address_group_view(group, addresses[group.id]) for group in found]


@routes.get(PLURAL, rule=GET, wraps="address_groups")
def list_address_groups(call: Call) -> Listed[AddressGroupView]:
    call.enforce(call.caller)
    wanted = asked(call, logic.LISTING)
    rows = logic.list_(call.db, viewer(call), wanted)
    return answered(wanted, rows, views(call, rows))


@routes.post(PLURAL, rule=CREATE, lax=True, body_limit=1 << 20)
def create_address_group(call: Call, body: AddressGroupCreateBody) -> AddressGroupCreatedView:
    return created(body, AddressGroupCreatedView, lambda wanted: _create(call, wanted))


def _create(call: Call, wanted: AddressGroupCreate) -> AddressGroupView:
    project_id = owner_of(call, wanted)
    call.enforce({"project_id": project_id})
    return views(call, [logic.create(call.db, wanted, project_id)])[0]


@routes.get(ONE, rule=GET, wraps="address_group", quick=True)
def get_address_group(call: Call, group_id: str) -> AddressGroupView:
    group = logic.get(call.db, group_id, viewer(call))
    call.enforce(group, shared=True)
    return views(call, [group])[0]


@routes.put(ONE, rule=UPDATE, wraps="address_group")
def update_address_group(call: Call, group_id: str, body: AddressGroupUpdate) -> AddressGroupView:
    return views(call, [logic.update(call.db, _own(call, group_id), body)])[0]


@routes.delete(ONE, rule=DELETE)
def delete_address_group(call: Call, group_id: str) -> None:
    logic.delete(call.db, _own(call, group_id))


@routes.put(ONE + "/add_addresses", rule=ADD, wraps="address_group", body_wraps="", body_limit=1 << 20)
def add_addresses(call: Call, group_id: str, body: Addresses) -> AddressGroupView:
    group = _own(call, group_id)
    logic.add_addresses(call.db, group, body.addresses)
    return views(call, [group])[0]


@routes.put(ONE + "/remove_addresses", rule=REMOVE, wraps="address_group", body_wraps="", body_limit=1 << 20)
def remove_addresses(call: Call, group_id: str, body: Addresses) -> AddressGroupView:
    group = _own(call, group_id)
    logic.remove_addresses(call.db, group, body.addresses)
    return views(call, [group])[0]


def _own(call: Call, group_id: str) -> AddressGroup:
    watching = viewer(call)
    group = logic.get(call.db, group_id, watching)
    if not (watching.is_admin or group.project_id == watching.project_id):
        # Neutron does not tell who may only use a group that it is there when he changes it.
        raise NotFound("The resource could not be found.", kind="HTTPNotFound")
    call.enforce(group)
    call.refuse_stale(revision=group.revision_number)
    return group
