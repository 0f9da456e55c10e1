"""Follows a packet from its beginning to its end, or to the first place that drops it."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from haneul.cli.trace import ends, on_network, outside, ports, routers, rows
from haneul.cli.trace.on_host import OnHost
from haneul.cli.trace.places import AtGuest, AtRouter, Place
from haneul.cli.trace.values import Dropped, Hop, Packet
from haneul.cli.trace.walk import Walk
from haneul.kernel.db import Db

SOMEBODY = "198.51.100.1"
"""An address of the outside, for a packet of which nobody says whose it is."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be followed, as it was asked for."""

    source: str
    destination: str
    protocol: Literal["tcp", "udp", "icmp"]
    port: int | None = None
    speaks_as: str = ""


class Followed(Struct, frozen=True, kw_only=True):
    """The packet as it began, and all its hops."""

    packet: Packet
    hops: Sequence[Hop]

    @property
    def drop(self) -> Hop | None:
        """The first place that drops it."""
        return next((hop for hop in self.hops if hop.verdict == "DROP"), None)


def follow(db: Db, here: OnHost | None, wanted: Wanted) -> Followed:
    """The packet's way in the rows and, where `here` is given, on this host; Failure for ends that are not known."""
    is_from_outside = wanted.source == ends.OUTSIDE
    address = ends.destination(db, wanted.destination, is_from_outside)
    begins = ends.source(db, wanted.source, address)
    own = begins.fixed.address if begins is not None else _of_outside(db, address)
    packet = Packet(source=wanted.speaks_as or own, destination=address, protocol=wanted.protocol, port=wanted.port)
    walk = Walk(db, here, packet)
    try:
        at: Place | None = outside.enters(walk) if begins is None else ports.leaves(walk, begins.port, begins.fixed)
        while at is not None:
            at = _next(walk, at)
    except Dropped:
        pass
    return Followed(packet=packet, hops=walk.hops)


def _next(walk: Walk, at: Place) -> Place | None:
    if isinstance(at, AtGuest):
        ports.arrives(walk, at)
        return None
    if isinstance(at, AtRouter):
        return routers.passes(walk, at)
    return on_network.crosses(walk, at)


def _of_outside(db: Db, destination: str) -> str:
    """Who sends it from outside: the external network's gateway, which on one machine is the machine itself."""
    subnet = rows.subnet_with(db.all(rows.EXTERNAL_SUBNETS), destination)
    return subnet.gateway_ip if subnet is not None and subnet.gateway_ip else SOMEBODY
