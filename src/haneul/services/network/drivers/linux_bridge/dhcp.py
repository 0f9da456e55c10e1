"""Networks' DHCP servers: a namespace each, joined to the bridge by the server's own port."""

import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec

from haneul.host.namespaces import ensure_namespace, remove_namespace
from haneul.host.net.daemons import Home
from haneul.host.net.dhcp import server, values
from haneul.host.net.links import attach, detach, ensure_bridge, remove_link
from haneul.host.net.metadata_proxy import ProxyPlan, dhcp_listens, ensure_proxy, remove_proxy
from haneul.host.net.veths import Veth, ensure_veth
from haneul.services.network.drivers.base import (
    DhcpHost,
    DhcpPlan,
    DhcpSubnet,
    bridge_of,
    dhcp_namespace_of,
    tap_of,
)
from haneul.services.network.drivers.linux_bridge.place import PROXY, Ground

log = logging.getLogger("haneul.network.drivers.linux_bridge")
METADATA_ADDRESS = "169.254.169.254/32"


def ensure(plan: DhcpPlan, ground: Ground) -> None:
    """Make the namespace with the server's port and program, and where no router does it, the metadata proxy."""
    place, device, bridge = dhcp_namespace_of(plan.id), tap_of(plan.port_id), bridge_of(plan.id)
    mark = ground.mark("dhcp", plan.id)
    ensure_namespace(place, mark.text)
    ensure_bridge(bridge, plan.mtu, ground.mark("bridge", plan.id))
    ground.reached("dhcp-namespace-made")
    near = _near(plan.id)
    ensure_veth(Veth(name=near, peer=device, peer_place=place, peer_mac=plan.mac, mtu=plan.mtu, mark=mark))
    if plan.is_up:
        attach(near, bridge)
    else:
        detach(near)
    ground.reached("dhcp-joined")
    server.ensure_dhcp(_server(plan, device), _home(plan.id, ground))
    ground.reached("dhcp-served")
    if plan.metadata and any(":" not in address for address in plan.addresses):
        ensure_proxy(_proxy(plan, device, place, ground))
    else:
        remove_proxy(_proxy_folder(plan.id, ground))
    ground.reached("dhcp-metadata")


def _server(plan: DhcpPlan, device: str) -> values.DhcpServer:
    own = (METADATA_ADDRESS,) if plan.metadata else ()
    return values.DhcpServer(
        id=plan.id,
        device=device,
        addresses=(*plan.addresses, *own),
        mtu=plan.mtu,
        subnets=tuple(map(_subnet, plan.subnets)),
        hosts=tuple(_hosts(plan)),
        domain=plan.domain,
        lease_s=plan.lease_s,
    )


def _subnet(subnet: DhcpSubnet) -> values.Subnet:
    return values.Subnet(
        cidr=subnet.cidr,
        gateway=subnet.gateway or None,
        dns_servers=subnet.dns,
        routes=tuple(values.Route(route.destination, route.via) for route in subnet.routes),
        mode=subnet.mode or None,
    )


def _hosts(plan: DhcpPlan) -> Iterator[values.DhcpHost]:
    """The hosts that are served. Whatever one port's owner has written there, the others keep their server."""
    for host in plan.hosts:
        try:
            yield _host(host, host.hostname)
        except ValueError as error:
            log.warning("Port %s is served without its name and options: %s", host.port_id, error)
            yield _host(msgspec.structs.replace(host, options=()), "")


def _host(host: DhcpHost, hostname: str) -> values.DhcpHost:
    return values.DhcpHost(
        mac=host.mac,
        addresses=host.addresses,
        hostname=hostname,
        options=tuple(
            values.DhcpOption(name=option.name, value=option.value, version=option.version) for option in host.options
        ),
    )


def _proxy(plan: DhcpPlan, device: str, place: str, ground: Ground) -> ProxyPlan:
    return ProxyPlan(
        folder=_proxy_folder(plan.id, ground),
        namespace=place,
        socket=ground.socket,
        listens=dhcp_listens(device, has_ipv6=False),
        uid=PROXY.uid,
        gid=PROXY.gid,
        network_id=plan.id,
    )


def _home(network_id: str, ground: Ground) -> Home:
    return Home(folder=ground.folder / "dhcp" / network_id, place=dhcp_namespace_of(network_id))


def _proxy_folder(network_id: str, ground: Ground) -> Path:
    return ground.folder / "proxies" / network_id


def _near(network_id: str) -> str:
    """The bridge's end of the server's veth."""
    return f"dhcp{network_id[:11]}"


def remove(network_id: str, ground: Ground) -> None:
    """End the programs, then remove the namespace, with which the port goes."""
    remove_proxy(_proxy_folder(network_id, ground))
    server.remove_dhcp(_home(network_id, ground))
    remove_link(_near(network_id))
    remove_namespace(dhcp_namespace_of(network_id))
