"""Which address scopes networks are in, by the subnet pools of their subnets."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db
from haneul.services.network.subnet_pools.models import subnet_pools
from haneul.services.network.subnets.models import subnets

SCOPES = (
    select(subnets.c.network_id, subnets.c.ip_version, subnet_pools.c.address_scope_id)
    .join(subnet_pools, subnet_pools.c.id == subnets.c.subnetpool_id)
    .where(subnets.c.network_id.in_(bindparam("ids", expanding=True)))
)
MANY = 500
Scopes = tuple[str | None, str | None]


def scopes_of(db: Db, ids: Sequence[str]) -> Mapping[str, Scopes]:
    """The scopes of IPv4 and of IPv6 by network id."""
    found: dict[str, Scopes] = defaultdict(lambda: (None, None))
    for start in range(0, len(ids), MANY):
        for network_id, version, scope_id in db.tuples(SCOPES, ids=ids[start : start + MANY]):
            of_4, of_6 = found[network_id]
            found[network_id] = (scope_id or of_4, of_6) if version == 4 else (of_4, scope_id or of_6)
    return found
