"""Changing subnets."""

from ipaddress import ip_address, ip_network

from msgspec import UNSET
from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, fields
from haneul.kernel.errors import Conflict
from haneul.services.network.networks import logic as networks
from haneul.services.network.networks.models import Network
from haneul.services.network.ports.models import ROUTER_INTERFACE, fixed_ips, ports
from haneul.services.network.subnets import checks, consequences, logic, queries, ranges
from haneul.services.network.subnets.cidrs import Address, address_of, wrong
from haneul.services.network.subnets.models import Subnet
from haneul.services.network.subnets.schemas import SubnetUpdate

AT_GATEWAY = (
    select(ports.c.id)
    .join(fixed_ips, fixed_ips.c.port_id == ports.c.id)
    .where(fixed_ips.c.subnet_id == bindparam("subnet_id"), fixed_ips.c.address == bindparam("address"))
    .where(ports.c.device_owner == ROUTER_INTERFACE)
)
SAID_ONLY = {"name", "description", "dns_publish_fixed_ip"}
PLAIN = {*SAID_ONLY, "enable_dhcp"}


def update(db: Db, network: Network, subnet: Subnet, wanted: SubnetUpdate, servers: int) -> Subnet:
    """Change a subnet; what serves it and routes for it follows. Its prefix stays what it is."""
    networks.CHANGES.bump(db, network.id)
    subnet = logic.get(db, subnet.id)
    changes = {name: value for name, value in fields(wanted).items() if name in PLAIN}
    changes |= logic.lists(wanted, subnet.ip_version, subnet.id)
    if wanted.enable_dhcp is not UNSET:
        _refuse_switch(subnet, wanted.enable_dhcp)
    gateway = logic.gateway_of(subnet)
    if wanted.gateway_ip is not UNSET:
        gateway = _next_gateway(db, subnet, wanted.gateway_ip)
        changes["gateway_ip"] = str(gateway or "")
    _change_pools(db, subnet, wanted, gateway)
    logic.CHANGES.bump(db, subnet.id, **changes)
    changed = logic.get(db, subnet.id)
    if changes.keys() - SAID_ONLY or wanted.allocation_pools is not UNSET:
        consequences.of_changed(db, network, changed, servers)
    return changed


def _refuse_switch(subnet: Subnet, is_on: bool) -> None:
    """BadRequest for DHCP where there can be none, or for none where the subnet's IPv6 modes need it."""
    if is_on and not subnet.enable_dhcp:
        checks.refuse_dhcp(ip_network(subnet.cidr))
    if not is_on and (subnet.ipv6_ra_mode or subnet.ipv6_address_mode):
        raise wrong("Cannot disable enable_dhcp with ipv6 attributes set")


def _next_gateway(db: Db, subnet: Subnet, text: str | None) -> Address | None:
    """The gateway that a change names; Conflict while a router has the address of the present one."""
    gateway = address_of(text, "gateway_ip") if text is not None else None
    if gateway is not None:
        checks.refuse_gateway(ip_network(subnet.cidr), gateway)
    if subnet.gateway_ip and gateway != logic.gateway_of(subnet):
        port_id = db.value(AT_GATEWAY, subnet_id=subnet.id, address=subnet.gateway_ip)
        if port_id is not None:
            raise Conflict(
                "Current gateway ip {gateway} already in use by port {port_id}. Unable to update.",
                kind="GatewayIpInUse",
                gateway=subnet.gateway_ip,
                port_id=port_id,
            )
    return gateway


def _change_pools(db: Db, subnet: Subnet, wanted: SubnetUpdate, gateway: Address | None) -> None:
    """Write the pools that a change names; Conflict where the gateway would be in those that there are then."""
    if wanted.allocation_pools is not UNSET:
        pools = ranges.pools_of([(pool.start, pool.end) for pool in wanted.allocation_pools], ip_network(subnet.cidr))
        logic.write_pools(db, subnet.id, pools)
    elif gateway != logic.gateway_of(subnet):
        rows = db.all(queries.POOLS_OF, ids=[subnet.id])
        pools = [ranges.Range(ip_address(row.first), ip_address(row.last)) for row in rows]
    else:
        return
    ranges.refuse_gateway_in(pools, gateway)
