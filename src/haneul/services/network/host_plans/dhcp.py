"""What hosts make of networks' DHCP servers."""

from collections.abc import Iterable, Sequence
from ipaddress import ip_network
from typing import Any

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db
from haneul.kernel.reconcile import Observation
from haneul.kernel.reconcile.plans import PlanSource
from haneul.services.network.dhcp.logic import port_on, served
from haneul.services.network.drivers.base import DhcpHost, DhcpOption, DhcpPlan, DhcpSubnet, Route
from haneul.services.network.networks.logic import BY_ID
from haneul.services.network.networks.models import Network
from haneul.services.network.placements import logic as placements
from haneul.services.network.placements.models import Placement
from haneul.services.network.ports import queries
from haneul.services.network.ports.logic import set_status
from haneul.services.network.ports.models import ROUTER_INTERFACE, FixedIp, Port, ports
from haneul.services.network.subnets.models import Subnet

LEASE_S = 86_400
METADATA = "169.254.169.254/32"
ROUTED = select(ports.c.id).where(
    ports.c.network_id == bindparam("network_id"), ports.c.device_owner == ROUTER_INTERFACE
)


def plans_with(domain: str) -> PlanSource:
    """DHCP plans whose hosts have names in this domain, unless their network has one of its own."""

    def wanted_on(db: Db, host: str, ids: Sequence[str]) -> Iterable[DhcpPlan]:
        for placed in placements.on_host(db, "dhcp", host, ids):
            network = db.one(BY_ID, id=placed.id)
            own = port_on(db, placed.id, host)
            if network is not None and own is not None:
                yield _plan(db, placed, network, own, domain)

    return PlanSource("dhcp", wanted_on, placements.heard_by("dhcp", _followed))


def _plan(db: Db, placed: Placement, network: Network, own: Port, domain: str) -> DhcpPlan:
    known = {subnet.id: subnet for subnet in served(db, network.id)}
    neighbours = [port for port in db.all(queries.OF_NETWORK, network_id=network.id) if not port.is_internal]
    held = queries.addresses_of(db, [own.id, *(port.id for port in neighbours)])
    mine = [fixed for fixed in held[own.id] if fixed.subnet_id in known]
    is_routed = db.value(ROUTED, network_id=network.id) is not None
    return DhcpPlan(
        id=network.id,
        generation=placed.generation,
        port_id=own.id,
        mac=own.mac_address,
        mtu=network.mtu,
        addresses=tuple(f"{fixed.address}/{_length(known[fixed.subnet_id])}" for fixed in mine),
        domain=(network.dns_domain or domain).rstrip("."),
        lease_s=LEASE_S,
        subnets=tuple(_subnet(subnet, mine, _beside(subnet, known.values()), is_routed) for subnet in known.values()),
        hosts=tuple(
            host for port in neighbours if (host := _host(port, [ip for ip in held[port.id] if ip.subnet_id in known]))
        ),
        metadata=not is_routed,
        is_up=own.admin_state_up,
        request_id=placed.request_id,
    )


def _length(subnet: Subnet) -> int:
    return ip_network(subnet.cidr).prefixlen


def _beside(subnet: Subnet, known: Iterable[Subnet]) -> list[Route]:
    """The network's other IPv4 subnets, which are on the same link."""
    others = (one for one in known if one.ip_version == subnet.ip_version == 4 and one.id != subnet.id)
    return [Route(one.cidr, "0.0.0.0") for one in others]


def _subnet(subnet: Subnet, mine: Sequence[FixedIp], beside: Sequence[Route], is_routed: bool) -> DhcpSubnet:
    own = next((fixed.address for fixed in mine if fixed.subnet_id == subnet.id), "")
    routes = [*(Route(route["destination"], route["nexthop"]) for route in subnet.host_routes), *beside]
    if subnet.ip_version == 4:
        via = subnet.gateway_ip if is_routed and subnet.gateway_ip else own
        if via and not any(route.destination == METADATA for route in routes):
            routes.append(Route(METADATA, via))
    return DhcpSubnet(
        id=subnet.id,
        cidr=subnet.cidr,
        gateway=subnet.gateway_ip,
        # Guests ask the server itself, which knows their names, where nobody names another.
        dns=tuple(subnet.dns_nameservers) or ((own,) if own else ()),
        routes=tuple(routes),
        mode=subnet.ipv6_address_mode,  # type: ignore[arg-type]
    )


def _host(port: Port, held: Sequence[FixedIp]) -> DhcpHost | None:
    if not held:
        return None
    hostname = port.dns_name or "host-" + held[0].address.replace(".", "-").replace(":", "-")
    return DhcpHost(
        port_id=port.id,
        mac=port.mac_address,
        addresses=tuple(fixed.address for fixed in held),
        hostname=hostname,
        options=tuple(_option(option) for option in port.extra_dhcp_opts),
    )


def _option(option: dict[str, Any]) -> DhcpOption:
    return DhcpOption(option["opt_name"], option["opt_value"], option.get("ip_version", 4))


def _followed(db: Db, placed: Placement, seen: Observation) -> None:
    own = port_on(db, placed.id, placed.host)
    if own is not None and not seen.error and seen.generation == placed.generation:
        set_status(db, own, "ACTIVE" if own.admin_state_up else "DOWN")
