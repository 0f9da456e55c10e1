"""What can be shared, with whom, and which projects depend on its being so."""

from collections.abc import Mapping

from msgspec import Struct
from sqlalchemy import BindParameter, Select, Table, bindparam, select

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, NotBuilt
from haneul.services.network.address_groups.models import address_groups
from haneul.services.network.address_scopes.models import address_scopes
from haneul.services.network.networks.models import networks
from haneul.services.network.owners import Viewer
from haneul.services.network.ports.models import port_groups, ports
from haneul.services.network.rbac import sharing
from haneul.services.network.rbac.sharing import EXTERNAL, SHARED
from haneul.services.network.routers.models import routers
from haneul.services.network.security_groups.models import security_group_rules, security_groups
from haneul.services.network.standard import missing
from haneul.services.network.subnet_pools.models import subnet_pools
from haneul.services.network.subnets.models import subnets

OBJECT: BindParameter[str] = bindparam("object_id")


class Shareable(Struct, frozen=True):
    """A type of object. `users` select the projects that use one, by the action that lets them."""

    noun: str
    table: Table
    users: Mapping[str, Select[tuple[str]]]

    @property
    def owner(self) -> Select[tuple[str]]:
        return select(self.table.c.project_id).where(self.table.c.id == OBJECT)


OF_NETWORK = {
    SHARED: select(ports.c.project_id).where(ports.c.network_id == OBJECT).distinct(),
    EXTERNAL: select(routers.c.project_id).where(routers.c.gateway_network_id == OBJECT).distinct(),
}
OF_SECURITY_GROUP = (
    select(ports.c.project_id)
    .join(port_groups, port_groups.c.port_id == ports.c.id)
    .where(port_groups.c.security_group_id == OBJECT)
    .distinct()
)
OF_ADDRESS_GROUP = (
    select(security_group_rules.c.project_id).where(security_group_rules.c.remote_address_group_id == OBJECT).distinct()
)
OF_ADDRESS_SCOPE = select(subnet_pools.c.project_id).where(subnet_pools.c.address_scope_id == OBJECT).distinct()
OF_SUBNET_POOL = select(subnets.c.project_id).where(subnets.c.subnetpool_id == OBJECT).distinct()
TYPES: Mapping[str, Shareable] = {
    "network": Shareable("network", networks, OF_NETWORK),
    "security_group": Shareable("security group", security_groups, {SHARED: OF_SECURITY_GROUP}),
    "address_group": Shareable("address group", address_groups, {SHARED: OF_ADDRESS_GROUP}),
    "address_scope": Shareable("address scope", address_scopes, {SHARED: OF_ADDRESS_SCOPE}),
    "subnetpool": Shareable("subnet pool", subnet_pools, {SHARED: OF_SUBNET_POOL}),
}
UNBUILT = ("qos_policy", "bgpvpn")
OWNERS = {name: kind.owner for name, kind in TYPES.items()}


def type_of(word: str) -> str:
    """The object type that a request means; BadRequest for none."""
    name = word.strip().lower()
    if name in UNBUILT:
        raise NotBuilt("haneul does not share objects of type {name} yet.", name=name)
    if name not in TYPES:
        raise BadRequest(
            "Invalid input for operation: '{word}' is not a valid RBAC object type.", kind="InvalidInput", word=word
        )
    return name


def refuse_other_action(object_type: str, action: str) -> None:
    """BadRequest for an action that this type doesn't have."""
    actions = tuple(TYPES[object_type].users)
    if action not in actions:
        raise BadRequest(
            "Invalid action '{action}' for object type '{object_type}'. Valid actions: {actions}",
            kind="InvalidActionForType",
            action=action,
            object_type=object_type,
            actions=str(actions),
        )


def owner_of(db: Db, object_type: str, object_id: str, viewer: Viewer | None = None) -> str:
    """The project that owns an object, if there is one that the viewer may see; NotFound."""
    owner = db.value(OWNERS[object_type], object_id=object_id)
    if owner is None or not (viewer is None or _can_see(db, object_type, object_id, owner, viewer)):
        raise missing(TYPES[object_type].noun, object_id)
    return str(owner)


def _can_see(db: Db, object_type: str, object_id: str, owner: str, viewer: Viewer) -> bool:
    if viewer.is_admin or owner == viewer.project_id:
        return True
    return sharing.may_use(db, object_type, object_id, viewer.project_id)


def users_of(db: Db, object_type: str, object_id: str, action: str) -> set[str]:
    """The projects that use an object in the way that an action lets them; the cloud itself is left out."""
    statement = TYPES[object_type].users[action]
    return {project_id for (project_id,) in db.tuples(statement, object_id=object_id) if project_id}
