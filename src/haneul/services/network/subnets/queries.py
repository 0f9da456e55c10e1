"""Reading subnets, and what stands around them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, bindparam, or_, select

from haneul.kernel.db import Db, Query, by, columns_of
from haneul.kernel.db.listing import Clause, Listing
from haneul.services.network.lists import boolean
from haneul.services.network.networks.models import networks
from haneul.services.network.ports.models import ROUTER_GATEWAY, ROUTER_INTERFACE, fixed_ips, ports
from haneul.services.network.rbac.models import rbac_policies
from haneul.services.network.rbac.sharing import EVERYONE, SHARED
from haneul.services.network.subnets.models import AllocationPool, Subnet, allocation_pools, subnets
from haneul.services.network.tags import logic as tags

BY_ID = by(Subnet, subnets, "id")
OF_POOL = by(Subnet, subnets, "subnetpool_id")
OF_NETWORK = Query(
    Subnet,
    columns_of(Subnet, subnets)
    .where(subnets.c.network_id == bindparam("network_id"))
    .order_by(subnets.c.created_at, subnets.c.id),
)
POOLS_OF = Query(
    AllocationPool,
    columns_of(AllocationPool, allocation_pools)
    .where(allocation_pools.c.subnet_id.in_(bindparam("ids", expanding=True)))
    .order_by(allocation_pools.c.subnet_id, allocation_pools.c.number),
)
EXTERNAL = select(networks.c.id).where(
    networks.c.id.in_(bindparam("ids", expanding=True)), networks.c.is_external.is_(True)
)
ROUTERS_ON = (
    select(ports.c.device_id)
    .join(fixed_ips, fixed_ips.c.port_id == ports.c.id)
    .where(fixed_ips.c.subnet_id == bindparam("subnet_id"))
    .where(ports.c.device_owner.in_((ROUTER_INTERFACE, ROUTER_GATEWAY)))
    .distinct()
)
MANY = 500
FILTERS = (
    "id",
    "project_id",
    "name",
    "description",
    "network_id",
    "ip_version",
    "cidr",
    "gateway_ip",
    "enable_dhcp",
    "ipv6_ra_mode",
    "ipv6_address_mode",
    "subnetpool_id",
    "segment_id",
    "revision_number",
)
LISTING = Listing(
    Subnet,
    subnets,
    filters={name: subnets.c[name] for name in FILTERS},
    sorts={
        name: subnets.c[name] for name in (*FILTERS, "created_at", "updated_at") if name not in ("description", "tags")
    },
    default_sort=(("id", "asc"),),
)


class Around(Struct, frozen=True):
    """What other rows say of subnets: tags and pools by their ids, and which networks are external."""

    tags: Mapping[str, list[str]]
    pools: Mapping[str, list[AllocationPool]]
    external: Collection[str]


def around(db: Db, found: Sequence[Subnet]) -> Around:
    """What other rows say of these subnets, in a few queries."""
    pools: dict[str, list[AllocationPool]] = defaultdict(list)
    external: set[str] = set()
    for start in range(0, len(found), MANY):
        part = found[start : start + MANY]
        for pool in db.all(POOLS_OF, ids=[subnet.id for subnet in part]):
            pools[pool.subnet_id].append(pool)
        network_ids = list({subnet.network_id for subnet in part})
        external.update(network_id for (network_id,) in db.tuples(EXTERNAL, ids=network_ids))
    return Around(tags.of_many(db, "subnets", [subnet.id for subnet in found]), pools, external)


def visible(project_id: str) -> Clause:
    """The condition of subnets that are a project's, or on networks that it owns or may use."""

    def build() -> ColumnElement[bool]:
        mine = select(networks.c.id).where(networks.c.project_id == bindparam("subnet_viewer"))
        return or_(
            subnets.c.project_id == bindparam("subnet_viewer"),
            subnets.c.network_id.in_(mine),
            subnets.c.network_id.in_(_let()),
        )

    return Clause(
        "visible", build, {"subnet_viewer": project_id, "subnet_targets": [EVERYONE, project_id]}, is_bound=True
    )


def _let() -> Select[tuple[str]]:
    return select(rbac_policies.c.object_id).where(
        rbac_policies.c.object_type == "network",
        rbac_policies.c.target_project.in_(bindparam("subnet_targets", expanding=True)),
    )


def clauses(parameters: Mapping[str, Sequence[str]], project_id: str) -> list[Clause]:
    """The conditions of a list's query that are no columns: tags, and what the network says."""
    found = tags.clauses(parameters, "subnets", subnets)
    for value in parameters.get("router:external", ())[-1:]:
        found.append(_on_external(boolean("router:external", value)))
    for value in parameters.get("shared", ())[-1:]:
        found.append(_on_shared(project_id, wanted=boolean("shared", value)))
    return found


def _on_external(wanted: bool) -> Clause:
    def build() -> ColumnElement[bool]:
        return subnets.c.network_id.in_(select(networks.c.id).where(networks.c.is_external.is_(wanted)))

    return Clause(f"external {wanted}", build, {})


def _on_shared(project_id: str, *, wanted: bool) -> Clause:
    def build() -> ColumnElement[bool]:
        let = select(rbac_policies.c.object_id).where(
            rbac_policies.c.object_type == "network",
            rbac_policies.c.action == SHARED,
            rbac_policies.c.target_project.in_(bindparam("subnet_shared", expanding=True)),
        )
        return subnets.c.network_id.in_(let) if wanted else subnets.c.network_id.not_in(let)

    return Clause(f"shared {wanted}", build, {"subnet_shared": [EVERYONE, project_id]})


def routers_on(db: Db, subnet_id: str) -> list[str]:
    """The routers that have an address of a subnet."""
    return [router_id for (router_id,) in db.tuples(ROUTERS_ON, subnet_id=subnet_id)]
