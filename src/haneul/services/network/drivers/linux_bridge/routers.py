"""Routers: a namespace each, with a leg on every network, translation, advertisements and the metadata proxy."""

from collections.abc import Collection, Iterable
from ipaddress import ip_interface
from pathlib import Path

import msgspec

from haneul.host.namespaces import ensure_namespace, list_namespaces, remove_namespace
from haneul.host.net import advertisements
from haneul.host.net.daemons import Home
from haneul.host.net.links import attach, ensure_bridge, list_links, remove_link
from haneul.host.net.metadata_proxy import ProxyPlan, ensure_proxy, remove_proxy, router_listens
from haneul.host.net.router import (
    Forwarding,
    Forwards,
    RouterNat,
    ensure_announced_addresses,
    ensure_forwarding,
    ensure_router_rules,
)
from haneul.host.net.routes import Route, ensure_routes
from haneul.host.net.veths import Veth, ensure_veth
from haneul.services.network.drivers.base import (
    Advertisement,
    ForwardingPlan,
    RouterGateway,
    RouterLeg,
    RouterPlan,
    bridge_of,
    inside_device_of,
    outside_device_of,
    router_namespace_of,
)
from haneul.services.network.drivers.linux_bridge.place import PROXY, Ground

METADATA_PORT = 9697
OWN_DEVICES = ("qr-", "qg-")


def ensure(plan: RouterPlan, ground: Ground) -> None:
    """Make the namespace with its legs, then what passes through it."""
    # A leg that is administratively down is as good as not there.
    plan = msgspec.structs.replace(plan, legs=tuple(leg for leg in plan.legs if leg.is_up))
    place = router_namespace_of(plan.id)
    ensure_namespace(place, ground.mark("router", plan.id).text)
    ground.reached("router-namespace-made")
    _forget_legs(place, {inside_device_of(leg.port_id) for leg in plan.legs} | {_outside(plan)})
    ensure_forwarding(place, Forwards(is_up=plan.is_up, outside=_outside(plan)))
    # The rules come before the legs through which something could pass untranslated.
    ensure_router_rules(place, _nat(plan))
    ground.reached("router-rules-made")
    for leg in plan.legs:
        _leg(plan, leg, inside_device_of(leg.port_id), leg.addresses, ground)
    if plan.gateway is not None:
        _leg(plan, plan.gateway, outside_device_of(plan.gateway.port_id), _outside_addresses(plan), ground)
    ensure_forwarding(place, Forwards(is_up=plan.is_up, outside=_outside(plan)))
    ensure_routes(_routes(plan), place)
    ground.reached("router-joined")
    advertisements.ensure_advertisements([*_advertised(plan)] if plan.is_up else [], _home(plan.id, ground))
    ensure_proxy(_proxy(plan.id, place, ground))
    ground.reached("router-served")


def _outside(plan: RouterPlan) -> str:
    return outside_device_of(plan.gateway.port_id) if plan.gateway is not None else ""


def _leg(
    plan: RouterPlan, leg: RouterLeg | RouterGateway, device: str, addresses: Iterable[str], ground: Ground
) -> None:
    place, bridge = router_namespace_of(plan.id), bridge_of(leg.network_id)
    ensure_bridge(bridge, leg.mtu, ground.mark("bridge", leg.network_id))
    near = f"tap{leg.port_id[:11]}"
    mark = ground.mark("router", plan.id)
    ensure_veth(Veth(name=near, peer=device, peer_place=place, peer_mac=leg.mac, mtu=leg.mtu, mark=mark))
    attach(near, bridge)
    ensure_announced_addresses(place, device, addresses)


def _outside_addresses(plan: RouterPlan) -> list[str]:
    """The gateway's own addresses, and each floating one as a host of its own."""
    assert plan.gateway is not None
    floating = {one.floating for one in plan.floating_ips} | {one.floating for one in plan.forwardings}
    own = {str(ip_interface(address).ip) for address in plan.gateway.addresses}
    return [*plan.gateway.addresses, *(f"{address}/32" for address in sorted(floating - own))]


def _forget_legs(place: str, kept: Collection[str]) -> None:
    for link in list_links(place):
        if link.name.startswith(OWN_DEVICES) and link.name not in kept:
            remove_link(link.name, place)


def _nat(plan: RouterPlan) -> RouterNat:
    gateway = plan.gateway
    return RouterNat(
        outside=_outside(plan),
        inside=tuple(inside_device_of(leg.port_id) for leg in plan.legs),
        snat_address=_snat_address(gateway) if gateway is not None and gateway.snat else "",
        floating_ips=tuple((one.floating, one.fixed) for one in plan.floating_ips if gateway is not None),
        forwardings=tuple(_forwarding(one) for one in plan.forwardings if gateway is not None),
        metadata_port=METADATA_PORT,
    )


def _snat_address(gateway: RouterGateway) -> str:
    fours = [address.partition("/")[0] for address in gateway.addresses if ":" not in address]
    return fours[0] if fours else ""


def _forwarding(one: ForwardingPlan) -> Forwarding:
    return Forwarding(
        floating=one.floating,
        protocol=one.protocol,  # type: ignore[arg-type]
        ports=(one.outside_first, one.outside_last),
        fixed=one.fixed,
        fixed_ports=(one.inside_first, one.inside_last),
    )


def _routes(plan: RouterPlan) -> Iterable[Route]:
    if plan.gateway is not None:
        for via in plan.gateway.via:
            yield Route(to="::/0" if ":" in via else "0.0.0.0/0", via=via, link=_outside(plan))
    for route in plan.routes:
        yield Route(to=route.destination, via=route.via)


def _advertised(plan: RouterPlan) -> Iterable[advertisements.Advertisement]:
    for leg in plan.legs:
        if leg.advertised:
            modes = {one.mode for one in leg.advertised}
            yield advertisements.Advertisement(
                device=inside_device_of(leg.port_id),
                prefixes=tuple(
                    advertisements.Prefix(one.prefix, autonomous=one.mode != "dhcpv6-stateful")
                    for one in leg.advertised
                ),
                mtu=leg.mtu,
                managed="dhcpv6-stateful" in modes,
                other="dhcpv6-stateless" in modes,
                dns_servers=tuple(dict.fromkeys(dns for one in leg.advertised for dns in one.dns)),
            )


def _prefix(one: Advertisement) -> advertisements.Prefix:
    return advertisements.Prefix(one.prefix, autonomous=one.mode != "dhcpv6-stateful")


def _proxy(router_id: str, place: str, ground: Ground) -> ProxyPlan:
    return ProxyPlan(
        folder=_proxy_folder(router_id, ground),
        namespace=place,
        socket=ground.socket,
        listens=router_listens(METADATA_PORT, has_ipv6=False),
        uid=PROXY.uid,
        gid=PROXY.gid,
        router_id=router_id,
    )


def _home(router_id: str, ground: Ground) -> Home:
    return Home(folder=ground.folder / "advertisements" / router_id, place=router_namespace_of(router_id))


def _proxy_folder(router_id: str, ground: Ground) -> Path:
    return ground.folder / "proxies" / router_id


def remove(router_id: str, ground: Ground) -> None:
    """End the programs, then remove the legs and their namespace."""
    place = router_namespace_of(router_id)
    remove_proxy(_proxy_folder(router_id, ground))
    advertisements.remove_advertisements(_home(router_id, ground))
    if place in list_namespaces():
        # The kernel would take them only some time after the namespace.
        _forget_legs(place, ())
    remove_namespace(place)
