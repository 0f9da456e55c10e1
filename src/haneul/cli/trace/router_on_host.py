"""What this host has of a router: its namespace, its legs, its routes, what it translates, whom it reaches."""

import socket
from collections.abc import Collection

from haneul.cli.trace.on_host import FORWARDING, OnHost
from haneul.cli.trace.values import Packet, Seen, absent
from haneul.host.namespaces import inside, list_namespaces
from haneul.host.net.addresses import list_addresses
from haneul.host.net.links import find_link
from haneul.host.net.netlink import netlink
from haneul.host.net.router import SeenRouter, Translation, read_router, translated_destination, translated_source
from haneul.host.net.routes import list_routes
from haneul.host.net.sysctls import read_sysctl
from haneul.services.network.drivers.base import bridge_of, router_namespace_of, tap_of

NOBODY_ANSWERED = 0x20
"""The kernel's NUD_FAILED: the neighbour was asked for, and is silent."""


def forwards(router_id: str, version: int) -> Seen:
    """The namespace, and that packets pass through it."""
    place = router_namespace_of(router_id)
    if place not in list_namespaces():
        return absent(f"no namespace {place}")
    if read_sysctl(FORWARDING[version], place) != "1":
        return absent(f"{place}, which forwards nothing")
    return Seen(text=place)


def leg(here: OnHost, router_id: str, named: tuple[str, str, str], addresses: Collection[str]) -> Seen:
    """A device of the router (`named`: it, its port and its network), with its addresses, in the network's bridge."""
    device, port_id, network_id = named
    place = router_namespace_of(router_id)
    if place not in list_namespaces():
        return absent(f"no namespace {place}")
    with inside(place):
        link = find_link(device)
        if link is None:
            return absent(f"no device {device} in {place}")
        if not link.is_up:
            return absent(f"the device {device} down in {place}")
        has = {address.partition("/")[0] for address in list_addresses(device)}
    if missing := sorted(set(addresses) - has):
        return absent(f"{device} without {', '.join(missing)}")
    near = here.within(lambda: (find_link(tap_of(port_id)), find_link(bridge_of(network_id))))
    if near[0] is None or near[1] is None or near[0].master_index != near[1].index:
        return absent(f"{device}, whose other end is not in {bridge_of(network_id)}")
    return Seen(text=f"{device} in {place}")


def route(router_id: str, to: str, via: str) -> Seen:
    """A route that the rows want."""
    known = {(one.to, one.via) for one in list_routes(router_namespace_of(router_id))}
    return Seen(text=f"the route to {to}") if (to, via) in known else absent(f"no route to {to} via {via}")


def destination(router_id: str, packet: Packet, wanted: Packet, arrives_by: str) -> Seen:
    """Whether the kernel sends the packet to where the rows want it to go."""
    seen = read_router(router_namespace_of(router_id))
    made = _as_destination(seen, packet, arrives_by)
    became = packet.readdressed(destination=made.address, port=made.port) if made else packet
    if (became.destination, became.port) != (wanted.destination, wanted.port):
        return absent(f"it sent to {became.destination}" if made else "no translation of it")
    return Seen(text=made.rule if made else "no translation of it")


def _as_destination(seen: SeenRouter | None, packet: Packet, arrives_by: str) -> Translation | None:
    if seen is None:
        return None
    return translated_destination(seen, packet.destination, packet.protocol, packet.port, arrives_by=arrives_by)


def source(router_id: str, packet: Packet, wanted: str, leaves_by: tuple[str, bool]) -> Seen:
    """Whether the kernel lets the packet speak as the rows want.

    `leaves_by` is a device, and whether the packet was turned back inside by a floating IP.
    """
    seen = read_router(router_namespace_of(router_id))
    device, is_translated = leaves_by
    made = translated_source(seen, packet.source, leaves_by=device, translated=is_translated) if seen else None
    # A masquerade has the address of its device, which the rows know.
    became = (made.address or wanted) if made else packet.source
    if became != wanted:
        return absent(f"it speaking as {became}")
    return Seen(text=made.rule if made else "no translation of it")


def neighbour(router_id: str, device: str, address: str) -> str:
    """The MAC that the router last learnt for an address; `nobody` for one that did not answer, empty if not known."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with inside(router_namespace_of(router_id)):
        link = find_link(device)
        if link is None:
            return ""
        with netlink() as kernel:
            for found in kernel.get_neighbours(family=family, ifindex=link.index):
                if found["ifindex"] == link.index and found.get_attr("NDA_DST") == address:
                    return "nobody" if found["state"] & NOBODY_ANSWERED else found.get_attr("NDA_LLADDR") or ""
    return ""
