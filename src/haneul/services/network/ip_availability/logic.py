"""How many addresses networks have, and how many of them ports have (neutron: db/network_ip_availability_db)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network

from msgspec import Struct
from sqlalchemy import ColumnElement, bindparam, func, select

from haneul.kernel.db import Db, Query, columns_of
from haneul.kernel.db.listing import Clause, Listing
from haneul.services.network.lists import Asked, fetched
from haneul.services.network.networks.models import Network, networks
from haneul.services.network.ports.models import fixed_ips
from haneul.services.network.subnets.models import Subnet, subnets
from haneul.services.network.subnets.queries import POOLS_OF

OF_NETWORKS = Query(
    Subnet,
    columns_of(Subnet, subnets)
    .where(subnets.c.network_id.in_(bindparam("ids", expanding=True)))
    .where(subnets.c.ip_version.in_(bindparam("versions", expanding=True)))
    .order_by(subnets.c.created_at, subnets.c.id),
)
USED = (
    select(fixed_ips.c.subnet_id, func.count())
    .where(fixed_ips.c.subnet_id.in_(bindparam("ids", expanding=True)))
    .group_by(fixed_ips.c.subnet_id)
)
MANY = 500
FILTERS = {"network_id": networks.c.id, "network_name": networks.c.name, "project_id": networks.c.project_id}
LISTING = Listing(
    Network,
    networks,
    filters=FILTERS,
    sorts={**FILTERS, "id": networks.c.id},
    default_sort=(("id", "asc"),),
)


class Availability(Struct, frozen=True):
    """A subnet with the number of its addresses that ports may have, and of those that ports have."""

    subnet: Subnet
    total: int
    used: int


def versions_of(parameters: Mapping[str, Sequence[str]]) -> list[int]:
    """The IP versions that a list asks for; words that are none ask for nothing that there is."""
    asked = parameters.get("ip_version")
    return [4, 6] if not asked else [int(word) for word in asked if word in ("4", "6")]


def list_(db: Db, wanted: Asked, parameters: Mapping[str, Sequence[str]]) -> list[Network]:
    """The networks that are asked for; those that have subnets of an IP version where one is named."""
    return fetched(db, LISTING, wanted, [_with_version(parameters)] if parameters.get("ip_version") else [])


def _with_version(parameters: Mapping[str, Sequence[str]]) -> Clause:
    def build() -> ColumnElement[bool]:
        having = select(subnets.c.network_id).where(
            subnets.c.ip_version.in_(bindparam("having_versions", expanding=True))
        )
        return networks.c.id.in_(having)

    return Clause("versions", build, {"having_versions": versions_of(parameters)})


def of_networks(db: Db, ids: Sequence[str], versions: Sequence[int]) -> Mapping[str, list[Availability]]:
    """How many addresses the subnets of these networks have, by network."""
    found: dict[str, list[Availability]] = defaultdict(list)
    for start in range(0, len(ids), MANY):
        rows = db.all(OF_NETWORKS, ids=ids[start : start + MANY], versions=list(versions))
        for one in _counted(db, rows):
            found[one.subnet.network_id].append(one)
    return found


def _counted(db: Db, rows: Sequence[Subnet]) -> list[Availability]:
    totals: dict[str, int] = defaultdict(int)
    used: dict[str, int] = {}
    for start in range(0, len(rows), MANY):
        ids = [subnet.id for subnet in rows[start : start + MANY]]
        used.update((subnet_id, many) for subnet_id, many in db.tuples(USED, ids=ids))
        for pool in db.all(POOLS_OF, ids=ids):
            totals[pool.subnet_id] += int(ip_address(pool.last)) - int(ip_address(pool.first)) + 1
    return [
        Availability(subnet, totals.get(subnet.id) or ip_network(subnet.cidr).num_addresses, used.get(subnet.id, 0))
        for subnet in rows
    ]
