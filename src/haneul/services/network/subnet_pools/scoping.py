"""Pools in address scopes: within a scope no addresses overlap, and a network's subnets are all in one."""

from collections.abc import Sequence
from ipaddress import ip_network

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, by
from haneul.kernel.errors import BadRequest, Conflict
from haneul.services.network.address_scopes import logic as address_scopes
from haneul.services.network.owners import Viewer
from haneul.services.network.placements import logic as placements
from haneul.services.network.subnet_pools import prefixes
from haneul.services.network.subnet_pools.models import SubnetPool, subnet_pools
from haneul.services.network.subnets.cidrs import Prefix
from haneul.services.network.subnets.models import subnets
from haneul.services.network.subnets.queries import OF_POOL, routers_on

IN_SCOPE = by(SubnetPool, subnet_pools, "address_scope_id")
STRANGERS = select(subnets.c.id).where(
    subnets.c.ip_version == bindparam("ip_version"),
    subnets.c.subnetpool_id != bindparam("pool_id"),
    subnets.c.network_id.in_(select(subnets.c.network_id).where(subnets.c.subnetpool_id == bindparam("pool_id"))),
)


def refuse_unfit(db: Db, pool: SubnetPool, own: Sequence[Prefix], viewer: Viewer) -> None:
    """Refuse a pool that can't be in the scope that it names: one unseen, of the other IP version, or overlapping."""
    scope = address_scopes.get(db, pool.address_scope_id, viewer)
    # Two that put pools into one scope stand in line by its row.
    address_scopes.CHANGES.bump(db, scope.id)
    if scope.ip_version != pool.ip_version:
        raise BadRequest(
            "Illegal subnetpool association: subnetpool {id} cannot associate with address scope {scope_id} because "
            "subnetpool ip_version is not {version}.",
            kind="IllegalSubnetPoolIpVersionAssociationToAddressScope",
            id=pool.id,
            scope_id=scope.id,
            version=scope.ip_version,
        )
    if db.value(STRANGERS, pool_id=pool.id, ip_version=pool.ip_version) is not None:
        raise other_scope()
    others = [one for one in db.all(IN_SCOPE, address_scope_id=scope.id) if one.id != pool.id]
    if prefixes.overlap(own, [ip_network(text) for other in others for text in other.prefixes]):
        raise Conflict(
            "Failed to associate address scope: subnetpools within an address scope must have unique prefixes.",
            kind="AddressScopePrefixConflict",
        )


def other_scope() -> BadRequest:
    """The refusal of a network whose subnets would be in several scopes."""
    return BadRequest(
        "Subnets of the same address family hosted on the same network must all participate in the same address scope.",
        kind="NetworkAddressScopeAffinityError",
    )


def refuse_of_other_owner(db: Db, pool: SubnetPool, viewer: Viewer) -> None:
    """BadRequest for changing a pool that is in somebody else's scope."""
    if not pool.address_scope_id or viewer.is_admin:
        return
    if address_scopes.get(db, pool.address_scope_id).project_id != viewer.project_id:
        raise refused(
            f"subnetpool {pool.id} cannot be updated when associated with shared address scope {pool.address_scope_id}"
        )


def refused(reason: str) -> BadRequest:
    """The refusal of a change for a reason."""
    return BadRequest("Illegal subnetpool update : {reason}.", kind="IllegalSubnetPoolUpdate", reason=reason)


def tell_routers(db: Db, pool_id: str) -> None:
    """A pool is in another scope: what its subnets' routers translate depends on that."""
    for subnet in db.all(OF_POOL, subnetpool_id=pool_id):
        for router_id in routers_on(db, subnet.id):
            placements.changed(db, "router", router_id)
