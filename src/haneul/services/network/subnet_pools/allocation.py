"""Taking subnets' prefixes of a pool."""

from collections.abc import Sequence
from ipaddress import ip_network

from sqlalchemy import bindparam, update

from haneul.kernel.db import Db, by
from haneul.kernel.errors import BadRequest, Conflict, OverQuota
from haneul.services.network.standard import missing
from haneul.services.network.subnet_pools import prefixes
from haneul.services.network.subnet_pools.models import SubnetPool, subnet_pools
from haneul.services.network.subnets.cidrs import Prefix
from haneul.services.network.subnets.models import Subnet
from haneul.services.network.subnets.queries import OF_POOL

BY_ID = by(SubnetPool, subnet_pools, "id")
UNIT = {4: 32, 6: 64}
"""What quotas of pools count: IPv4 addresses, and IPv6 prefixes of 64 bits."""
TAKE_TURN = update(subnet_pools).where(subnet_pools.c.id == bindparam("of_id")).values(turns=subnet_pools.c.turns + 1)


def locked(db: Db, pool_id: str) -> SubnetPool:
    """The pool as it is now, of which nobody else may take until this transaction ends, nor change it."""
    db.run(TAKE_TURN, of_id=pool_id)
    pool = db.one(BY_ID, id=pool_id)
    if pool is None:
        raise missing("subnet pool", pool_id)
    return pool


def allocate(db: Db, pool: SubnetPool, project_id: str, wanted: Prefix | int) -> Prefix:
    """The prefix that a subnet gets: the one that is wanted, or a free one of that length.

    BadRequest for a length that the pool doesn't give, OverQuota, or Conflict where it isn't free. The subnet's row,
    with the pool's id, is what takes it.
    """
    length = wanted if isinstance(wanted, int) else wanted.prefixlen
    _refuse_length(pool, length)
    pool = locked(db, pool.id)
    held = db.all(OF_POOL, subnetpool_id=pool.id)
    _refuse_too_much(pool, project_id, held, length)
    free = prefixes.without(map(ip_network, pool.prefixes), [ip_network(subnet.cidr) for subnet in held])
    if not isinstance(wanted, int):
        if not prefixes.contains(free, wanted):
            raise _none_left("Cannot allocate requested subnet from the available set of prefixes")
        return wanted
    found = prefixes.first_free(free, wanted)
    if found is None:
        raise _none_left(f"Insufficient prefix space to allocate subnet size /{wanted}")
    return found


def _none_left(reason: str) -> Conflict:
    # Neutron answers 500 here, since nobody gave its exception a status; what it means is a conflict.
    return Conflict("Failed to allocate subnet: {reason}.", kind="SubnetAllocationError", reason=reason)


def _refuse_length(pool: SubnetPool, length: int) -> None:
    for word, bound, is_out in (
        ("maximum", pool.max_prefixlen, length > pool.max_prefixlen),
        ("minimum", pool.min_prefixlen, length < pool.min_prefixlen),
    ):
        if is_out:
            raise BadRequest(
                "Unable to allocate subnet with prefix length {length}, {word} allowed prefix is {bound}.",
                kind="MaxPrefixSubnetAllocationError" if word == "maximum" else "MinPrefixSubnetAllocationError",
                length=length,
                word=word,
                bound=bound,
            )


def _refuse_too_much(pool: SubnetPool, project_id: str, held: Sequence[Subnet], length: int) -> None:
    if not pool.default_quota:
        return
    unit = UNIT[pool.ip_version]
    lengths = [ip_network(subnet.cidr).prefixlen for subnet in held if subnet.project_id == project_id]
    if sum(2.0 ** (unit - one) for one in [*lengths, length]) > pool.default_quota:
        raise OverQuota("Per-project subnet pool prefix quota exceeded.", kind="SubnetPoolQuotaExceeded")
