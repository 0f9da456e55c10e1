from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Query, by, columns_of, fields, unique
from haneul.kernel.db.listing import Listing
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.services.network.address_groups.models import AddressGroup, GroupAddress, address_groups, group_addresses
from haneul.services.network.address_groups.schemas import AddressGroupCreate, AddressGroupUpdate
from haneul.services.network.default_security_group_rules.models import default_rules
from haneul.services.network.ip_text import interface_in
from haneul.services.network.lists import Asked, fetched
from haneul.services.network.owners import Viewer
from haneul.services.network.placements import logic as placements
from haneul.services.network.rbac import sharing
from haneul.services.network.security_groups.models import security_group_rules
from haneul.services.network.standard import Changes, missing, standard_values

GROUP = "address_group"
BY_ID = by(AddressGroup, address_groups, "id")
CHANGES = Changes(address_groups)
ADDRESSES_OF = Query(
    GroupAddress,
    columns_of(GroupAddress, group_addresses)
    .where(group_addresses.c.address_group_id.in_(bindparam("ids", expanding=True)))
    .order_by(group_addresses.c.address_group_id, group_addresses.c.address),
)
NAMED = (
    select(security_group_rules.c.id)
    .where(security_group_rules.c.remote_address_group_id == bindparam("group_id"))
    .limit(1)
)
NAMED_FOR_NEW = select(default_rules.c.id).where(default_rules.c.remote_address_group_id == bindparam("group_id"))
MANY = 500
MOST = 5000
"""What every host that filters by a group can still be told in one go."""
LISTING = Listing(
    AddressGroup,
    address_groups,
    filters={name: address_groups.c[name] for name in ("id", "project_id", "name", "description")},
    sorts={name: address_groups.c[name] for name in ("id", "project_id", "name", "description")},
    default_sort=(("id", "asc"),),
)


def get(db: Db, group_id: str, viewer: Viewer | None = None) -> AddressGroup:
    """The group, if there is one that the viewer may see; NotFound."""
    group = db.one(BY_ID, id=group_id)
    if group is None or not (viewer is None or _can_see(db, group, viewer)):
        raise missing("address group", group_id)
    return group


def _can_see(db: Db, group: AddressGroup, viewer: Viewer) -> bool:
    if viewer.is_admin or group.project_id == viewer.project_id:
        return True
    return sharing.may_use(db, GROUP, group.id, viewer.project_id)


def list_(db: Db, viewer: Viewer, wanted: Asked) -> list[AddressGroup]:
    seen = [] if viewer.is_admin else [sharing.visible(GROUP, address_groups, viewer.project_id)]
    return fetched(db, LISTING, wanted, seen)


def addresses_of(db: Db, ids: Sequence[str]) -> Mapping[str, list[str]]:
    """The networks in address groups, by group id."""
    found: dict[str, list[str]] = defaultdict(list)
    for start in range(0, len(ids), MANY):
        for one in db.all(ADDRESSES_OF, ids=ids[start : start + MANY]):
            found[one.address_group_id].append(one.address)
    return found


def create(db: Db, wanted: AddressGroupCreate, project_id: str) -> AddressGroup:
    """Insert an address group with its networks; BadRequest for what is no network."""
    values = standard_values(project_id, wanted.description)
    group = db.insert(address_groups, AddressGroup(**values, name=wanted.name))
    for text in wanted.addresses or ():
        _refuse_alone(text)
    networks = _canonical(wanted.addresses or ())
    _refuse_many(len(networks))
    _insert(db, group.id, networks)
    return group


def update(db: Db, group: AddressGroup, wanted: AddressGroupUpdate) -> AddressGroup:
    CHANGES.bump(db, group.id, **fields(wanted))
    return get(db, group.id)


def add_addresses(db: Db, group: AddressGroup, wanted: Sequence[str]) -> None:
    """Put networks into a group; BadRequest for those that it has."""
    networks = _canonical(wanted)
    have = set(addresses_of(db, [group.id])[group.id])
    known = sorted(networks & have)
    if known:
        raise BadRequest(
            "Addresses {addresses} already exist in the address group {id}.",
            kind="AddressesAlreadyExist",
            addresses=known,
            id=group.id,
        )
    _refuse_many(len(have) + len(networks))
    _insert(db, group.id, networks)
    _changed(db, group)


def remove_addresses(db: Db, group: AddressGroup, wanted: Sequence[str]) -> None:
    """Take networks out of a group; NotFound for those that it does not have."""
    networks = _canonical(wanted)
    unknown = sorted(networks - set(addresses_of(db, [group.id])[group.id]))
    if unknown:
        raise NotFound(
            "Addresses {addresses} not found in the address group {id}.",
            kind="AddressesNotFound",
            addresses=unknown,
            id=group.id,
        )
    for address in networks:
        db.delete(group_addresses, address_group_id=group.id, address=address)
    _changed(db, group)


def _refuse_many(count: int) -> None:
    if count > MOST:
        raise BadRequest(
            "Invalid input for addresses. Reason: An address group can have at most {most} addresses.",
            kind="HTTPBadRequest",
            most=MOST,
        )


def _changed(db: Db, group: AddressGroup) -> None:
    CHANGES.bump(db, group.id)
    placements.changed(db, "group", group.id)


def _insert(db: Db, group_id: str, networks: Iterable[str]) -> None:
    with unique("One of the addresses was added to the address group {id} in this moment.", id=group_id):
        db.insert_all(group_addresses, [GroupAddress(group_id, network) for network in sorted(networks)])


def _canonical(given: Iterable[str]) -> set[str]:
    """Networks without their hosts' bits, each once; an address alone is a network of one."""
    found = set()
    for text in given:
        try:
            found.add(str(interface_in(text).network))
        except ValueError:
            raise BadRequest(
                "Invalid input for addresses. Reason: '{text}' is not a valid IP subnet.",
                kind="HTTPBadRequest",
                text=text,
            ) from None
    return found


def _refuse_alone(text: str) -> None:
    """A new group's networks need their length; Neutron lets only what is added later go without."""
    if "/" not in text:
        (network,) = _canonical([text])
        raise BadRequest(
            "Invalid input for addresses. Reason: '{text}' isn't a recognized IP subnet cidr, '{network}' is "
            "recommended.",
            kind="HTTPBadRequest",
            text=text,
            network=network,
        )


def delete(db: Db, group: AddressGroup) -> None:
    """Delete an address group; Conflict while a rule names it."""
    if any(db.value(statement, group_id=group.id) is not None for statement in (NAMED, NAMED_FOR_NEW)):
        raise Conflict(
            "Address group {id} is in use on one or more security group rules.", kind="AddressGroupInUse", id=group.id
        )
    db.delete(group_addresses, address_group_id=group.id)
    db.delete(address_groups, id=group.id)
    sharing.forget(db, GROUP, group.id)
    placements.take_away_everywhere(db, "group", group.id)
