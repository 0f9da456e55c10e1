"""Reading floating IPs, and what stands around them."""

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Outrun, Query, by, columns_of
from haneul.kernel.db.listing import Listing
from haneul.services.network.floating_ips.models import FloatingIp, floating_ips
from haneul.services.network.networks.models import networks
from haneul.services.network.port_forwardings.models import PortForwarding, port_forwardings
from haneul.services.network.ports.models import ROUTER_INTERFACE, fixed_ips, ports
from haneul.services.network.routers.models import routers
from haneul.services.network.subnets.models import Subnet, subnets

BY_ID = by(FloatingIp, floating_ips, "id")
OF_ADDRESS = by(FloatingIp, floating_ips, "floating_network_id", "fixed_port_id", "fixed_ip_address")
FORWARDINGS = Query(
    PortForwarding,
    columns_of(PortForwarding, port_forwardings)
    .where(port_forwardings.c.floating_ip_id.in_(bindparam("ids", expanding=True)))
    .order_by(port_forwardings.c.floating_ip_id, port_forwardings.c.id),
)
SUBNET = by(Subnet, subnets, "id")
HAS_IPV4 = (
    select(subnets.c.id).where(subnets.c.network_id == bindparam("network_id"), subnets.c.ip_version == 4).limit(1)
)
_ON_SUBNET = (
    select(routers.c.id)
    .join(ports, ports.c.device_id == routers.c.id)
    .join(fixed_ips, fixed_ips.c.port_id == ports.c.id)
    .where(
        fixed_ips.c.subnet_id == bindparam("subnet_id"),
        ports.c.device_owner == ROUTER_INTERFACE,
        routers.c.gateway_network_id == bindparam("network_id"),
    )
)
AT_GATEWAY = _ON_SUBNET.where(fixed_ips.c.address == bindparam("address"))
ANYWHERE = _ON_SUBNET.order_by(routers.c.id).limit(1)
HELD = select(routers.c.id).where(routers.c.id == bindparam("router_id")).with_for_update()
POOLS = Query(
    Subnet,
    columns_of(Subnet, subnets)
    .join(networks, networks.c.id == subnets.c.network_id)
    .where(networks.c.is_external.is_(True), subnets.c.ip_version == 4)
    .order_by(subnets.c.id),
)
COLUMNS = (
    "id",
    "project_id",
    "description",
    "floating_network_id",
    "floating_ip_address",
    "fixed_ip_address",
    "router_id",
    "status",
    "revision_number",
)
LISTING = Listing(
    FloatingIp,
    floating_ips,
    filters={**{name: floating_ips.c[name] for name in COLUMNS}, "port_id": floating_ips.c.fixed_port_id},
    sorts={
        name: floating_ips.c[name]
        for name in (*COLUMNS, "created_at", "updated_at")
        if name not in ("description", "fixed_ip_address")
    },
    default_sort=(("id", "asc"),),
)


def held_router_between(db: Db, subnet: Subnet, network_id: str) -> str:
    """The same, of which nobody can take the leg or the gateway away until this transaction ends."""
    router_id = router_between(db, subnet, network_id)
    if router_id:
        db.value(HELD, router_id=router_id)
        if router_between(db, subnet, network_id) != router_id:
            raise Outrun
    return router_id


def router_between(db: Db, subnet: Subnet, network_id: str) -> str:
    """The router that leads from an external network to a subnet, if possible at its gateway; nothing if none does."""
    named = {"subnet_id": subnet.id, "network_id": network_id}
    return str(db.value(AT_GATEWAY, **named, address=subnet.gateway_ip) or db.value(ANYWHERE, **named) or "")
