"""Making a pool's prefixes more or less, and taking a network's subnets into it."""

from collections.abc import Sequence
from ipaddress import ip_network

from haneul.kernel.db import Db
from haneul.kernel.errors import Forbidden
from haneul.services.network.networks import logic as networks
from haneul.services.network.owners import Viewer
from haneul.services.network.standard import Changes
from haneul.services.network.subnet_pools import logic, prefixes, scoping
from haneul.services.network.subnet_pools.allocation import locked
from haneul.services.network.subnet_pools.models import SubnetPool
from haneul.services.network.subnet_pools.schemas import SubnetPoolUpdate
from haneul.services.network.subnets.cidrs import Prefix
from haneul.services.network.subnets.models import Subnet, subnets
from haneul.services.network.subnets.queries import OF_NETWORK, OF_POOL

SUBNET_CHANGES = Changes(subnets)


def add(db: Db, pool: SubnetPool, texts: Sequence[str], viewer: Viewer) -> SubnetPool:
    """Add prefixes to a pool."""
    more = prefixes.prefixes_of(texts)
    pool = locked(db, pool.id)
    return logic.change(db, pool, SubnetPoolUpdate(), [*_own(pool), *more], viewer)


def remove(db: Db, pool: SubnetPool, texts: Sequence[str]) -> SubnetPool:
    """Take prefixes from a pool; BadRequest for those that subnets have."""
    less = prefixes.prefixes_of(texts)
    pool = locked(db, pool.id)
    own = _own(pool)
    if not prefixes.overlap(own, less):
        return pool
    if prefixes.overlap(_taken(db, pool), less):
        raise logic.refused_prefixes("One or more the prefixes to be removed is in use by a subnet.")
    left = prefixes.without(own, less)
    prefixes.refuse_many(left)
    logic.CHANGES.bump(db, pool.id, prefixes=[str(prefix) for prefix in left])
    return logic.get(db, pool.id)


def onboard(db: Db, pool: SubnetPool, network_id: str, viewer: Viewer) -> list[Subnet]:
    """Make a network's subnets the pool's, with their prefixes; who isn't an admin has to own the network."""
    network = networks.get(db, network_id, viewer)
    if not viewer.is_admin and network.project_id != viewer.project_id:
        raise Forbidden("Not authorized.")
    networks.CHANGES.bump(db, network.id)
    pool = locked(db, pool.id)
    found = [one for one in db.all(OF_NETWORK, network_id=network.id) if one.ip_version == pool.ip_version]
    taken = _taken(db, pool)
    for subnet in found:
        if prefixes.overlap([ip_network(subnet.cidr)], taken):
            raise scoping.refused(
                f"Onboarding subnet {subnet.id}: {subnet.cidr} conflicts with allocated prefixes in subnet pool "
                f"{pool.id}"
            )
        SUBNET_CHANGES.bump(db, subnet.id, subnetpool_id=pool.id)
    grown = [*_own(pool), *(ip_network(subnet.cidr) for subnet in found)]
    logic.change(db, pool, SubnetPoolUpdate(), grown, viewer)
    if pool.address_scope_id:
        scoping.tell_routers(db, pool.id)
    return found


def _own(pool: SubnetPool) -> list[Prefix]:
    return [ip_network(prefix) for prefix in pool.prefixes]


def _taken(db: Db, pool: SubnetPool) -> list[Prefix]:
    return [ip_network(subnet.cidr) for subnet in db.all(OF_POOL, subnetpool_id=pool.id)]
