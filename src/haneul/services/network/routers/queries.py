"""Reading routers, and what stands around them."""

from collections.abc import Sequence

from sqlalchemy import bindparam, literal, select

from haneul.kernel.db import Db, Query, by, columns_of
from haneul.kernel.db.listing import Listing
from haneul.services.network.ports.models import ROUTER_GATEWAY, ROUTER_INTERFACE, fixed_ips, ports
from haneul.services.network.routers.models import Leg, Router, routers
from haneul.services.network.subnets.models import Subnet, subnets

BY_ID = by(Router, routers, "id")
OF_IDS = Query(Router, columns_of(Router, routers).where(routers.c.id.in_(bindparam("ids", expanding=True))))
SUBNET = by(Subnet, subnets, "id")
SUBNETS = Query(Subnet, columns_of(Subnet, subnets).where(subnets.c.id.in_(bindparam("ids", expanding=True))))
LEGS = Query(
    Leg,
    select(
        fixed_ips.c.port_id,
        ports.c.device_owner,
        ports.c.network_id,
        fixed_ips.c.address,
        fixed_ips.c.subnet_id,
        subnets.c.cidr,
    )
    .join(fixed_ips, fixed_ips.c.port_id == ports.c.id)
    .join(subnets, subnets.c.id == fixed_ips.c.subnet_id)
    .where(ports.c.device_id == bindparam("router_id"), ports.c.device_owner.in_((ROUTER_INTERFACE, ROUTER_GATEWAY)))
    .order_by(ports.c.created_at, ports.c.id, fixed_ips.c.number),
)
OF_NETWORK = Query(
    Subnet,
    columns_of(Subnet, subnets).where(subnets.c.network_id == bindparam("network_id")).order_by(subnets.c.created_at),
)
COLUMNS = ("id", "project_id", "name", "description", "admin_state_up", "revision_number")
LISTING = Listing(
    Router,
    routers,
    filters={
        **{name: routers.c[name] for name in COLUMNS},
        # Every router is active, and none is distributed or highly available.
        "status": literal("ACTIVE"),
    },
    sorts={name: routers.c[name] for name in (*COLUMNS, "created_at", "updated_at") if name != "description"},
    default_sort=(("id", "asc"),),
)


def legs(db: Db, router_id: str) -> list[Leg]:
    """The addresses of a router's ports, the oldest port's first."""
    return db.all(LEGS, router_id=router_id)


def reached(db: Db, router: Router, mine: Sequence[Leg]) -> list[tuple[str, str]]:
    """The subnets that a router is joined to, with their CIDRs: of an external network all, even without an address."""
    found = {leg.subnet_id: leg.cidr for leg in mine}
    if router.gateway_network_id:
        found |= {subnet.id: subnet.cidr for subnet in db.all(OF_NETWORK, network_id=router.gateway_network_id)}
    return list(found.items())


def subnets_of(db: Db, ids: Sequence[str]) -> list[Subnet]:
    """The subnets with these ids, in their order."""
    found = {subnet.id: subnet for subnet in db.all(SUBNETS, ids=list(ids))} if ids else {}
    return [found[subnet_id] for subnet_id in dict.fromkeys(ids) if subnet_id in found]
