"""Telling a link's neighbours where an address now is: gratuitous ARP, and unsolicited neighbour advertisements."""

import heapq
import ipaddress
import itertools
import socket
import struct
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

from haneul.host.namespaces import Place, inside
from haneul.host.net.addresses import ensure_addresses, list_addresses
from haneul.host.net.links import find_link
from haneul.host.run import RunFailed

# One packet may be lost, and the port of a bridge that has just come may not forward yet.
REPEATS_AFTER_S = (1.0, 3.0)
ETHERTYPE_ARP = 0x0806
BROADCAST, NOBODY = b"\xff" * 6, b"\0" * 6
ETHERNET_IPV4 = struct.pack("!HHBB", 1, 0x0800, 6, 4)
REQUEST, REPLY = 1, 2
ALL_NODES = "ff02::1"
NEIGHBOR_ADVERTISEMENT, FROM_ROUTER, OVERRIDE, TARGET_LINK_ADDRESS = 136, 0x80000000, 0x20000000, 2
HOP_LIMIT = 255

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def announce(place: Place, link: str, addresses: Iterable[str]) -> None:
    """Announce these addresses (a prefix length is ignored) on a link of the namespace, at once and twice more later.

    The later ones are sent in the background; a link that has gone by then is no matter. RunFailed if there is no such
    link now, or it can't be sent on.
    """
    wanted = [ipaddress.ip_interface(address).ip for address in addresses]
    if wanted:
        _send(place, link, wanted)
        _repeats.add(place, link, wanted)


def ensure_announced_addresses(place: Place, link: str, addresses: Iterable[str]) -> set[str]:
    """Make the link's addresses exactly these (with prefix lengths) and announce the ones that are new; those."""
    had = list_addresses(link, place)
    ensure_addresses(link, addresses, place)
    new = list_addresses(link, place) - had
    announce(place, link, new)
    return new


def _send(place: Place, link: str, addresses: Sequence[Address]) -> None:
    with inside(place):
        found = find_link(link)
        if found is None:
            raise RunFailed(f"There is no network link {link} in {place}.")
        mac = bytes.fromhex(found.mac.replace(":", ""))
        try:
            _send_arp(link, mac, [one for one in addresses if isinstance(one, ipaddress.IPv4Address)])
            _send_advertisements(found.index, mac, [one for one in addresses if isinstance(one, ipaddress.IPv6Address)])
        except OSError as error:
            raise RunFailed(f"Addresses can't be announced on {link}: {error.strerror}.") from error


def _send_arp(link: str, mac: bytes, addresses: Sequence[ipaddress.IPv4Address]) -> None:
    if not addresses:
        return
    # One socket for all: to close one takes the kernel some ten milliseconds.
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as raw:
        raw.bind((link, ETHERTYPE_ARP))
        header = BROADCAST + mac + struct.pack("!H", ETHERTYPE_ARP) + ETHERNET_IPV4
        for address in addresses:
            # Some neighbours heed only requests, others only answers (RFC 5944, 4.6).
            for operation, target in ((REQUEST, NOBODY), (REPLY, mac)):
                raw.send(header + struct.pack("!H", operation) + mac + address.packed + target + address.packed)


def _send_advertisements(index: int, mac: bytes, addresses: Sequence[ipaddress.IPv6Address]) -> None:
    if not addresses:
        return
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as raw:
        raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, HOP_LIMIT)
        raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
        # The kernel fills in the checksum (RFC 4861, 4.4).
        header = struct.pack("!BBHI", NEIGHBOR_ADVERTISEMENT, 0, 0, FROM_ROUTER | OVERRIDE)
        for address in addresses:
            body = address.packed + struct.pack("!BB", TARGET_LINK_ADDRESS, 1) + mac
            raw.sendto(header + body, (ALL_NODES, 0, 0, index))


class _Repeats:
    """One thread for the announcements that are still to be repeated; it ends when there are none."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Place, str, list[Address]]] = []
        self._count = itertools.count()
        self._is_running = False

    def add(self, place: Place, link: str, addresses: list[Address]) -> None:
        now = time.monotonic()
        with self._changed:
            for delay_s in REPEATS_AFTER_S:
                heapq.heappush(self._due, (now + delay_s, next(self._count), place, link, addresses))
            self._changed.notify()
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="announcements", daemon=True).start()

    def _run(self) -> None:
        while due := self._next():
            _, _, place, link, addresses = due
            with suppress(RunFailed):
                _send(place, link, addresses)

    def _next(self) -> tuple[float, int, Place, str, list[Address]] | None:
        with self._changed:
            while self._due:
                wait_s = self._due[0][0] - time.monotonic()
                if wait_s <= 0:
                    return heapq.heappop(self._due)
                self._changed.wait(wait_s)
            self._is_running = False
            return None


_repeats = _Repeats()
