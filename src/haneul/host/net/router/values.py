"""What a router is to translate, as its owner says it and as the maps in the kernel hold it."""

import ipaddress
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from haneul.host.net.links import refuse_bad_name

Protocol = Literal["tcp", "udp", "sctp", "dccp"]
PROTOCOLS: tuple[Protocol, ...] = ("tcp", "udp", "sctp", "dccp")
LAST_PORT = 65535
# As a port that a connection is sent to: the one that it came for.
SAME_PORT = 0


class Forwarding(Struct, frozen=True, kw_only=True):
    """Ports of a floating address that lead to ports of a fixed one: as many, in the same order, or one for all."""

    floating: str
    protocol: Protocol
    ports: tuple[int, int]
    fixed: str
    fixed_ports: tuple[int, int]


class RouterNat(Struct, frozen=True, kw_only=True):
    """What a router translates; addresses are IPv4, since IPv6 is forwarded as it is.

    `outside` is the link to the external network ("" without a gateway), `snat_address` what the others speak as
    ("" without SNAT), `floating_ips` pairs of a floating and a fixed address, `metadata_port` where the namespace's
    metadata proxy listens.
    """

    outside: str = ""
    inside: tuple[str, ...] = ()
    snat_address: str = ""
    floating_ips: tuple[tuple[str, str], ...] = ()
    forwardings: tuple[Forwarding, ...] = ()
    metadata_port: int | None = None


class Forwarded(Struct, frozen=True):
    """One element of the kernel's maps: a range of ports that leads to one address."""

    floating: str
    protocol: str
    first_port: int
    last_port: int
    fixed: str
    fixed_port: int = SAME_PORT


def elements(forwarding: Forwarding) -> Iterator[Forwarded]:
    """A forwarding as elements of maps: one if the ports stay or become one, else one for each port."""
    (first, last), (to_first, to_last) = forwarding.ports, forwarding.fixed_ports
    one = (forwarding.floating, forwarding.protocol)
    if to_first == to_last:
        yield Forwarded(*one, first, last, forwarding.fixed, to_first)
    elif (first, last) == (to_first, to_last):
        yield Forwarded(*one, first, last, forwarding.fixed)
    else:
        # The kernel's maps can't count along a range.
        for offset in range(last - first + 1):
            yield Forwarded(*one, first + offset, first + offset, forwarding.fixed, to_first + offset)


def refuse_malformed(nat: RouterNat) -> None:
    """ValueError for values that could become something else in a script of rules."""
    for name in (*nat.inside, *filter(None, [nat.outside])):
        refuse_bad_name(name)
    addresses = [address for pair in nat.floating_ips for address in pair]
    addresses += [address for one in nat.forwardings for address in (one.floating, one.fixed)]
    for address in (*addresses, *filter(None, [nat.snat_address])):
        ipaddress.IPv4Address(address)
    for forwarding in nat.forwardings:
        _refuse_malformed_forwarding(forwarding)
    if nat.metadata_port is not None:
        _refuse_bad_range((nat.metadata_port, nat.metadata_port))


def _refuse_malformed_forwarding(forwarding: Forwarding) -> None:
    if forwarding.protocol not in PROTOCOLS:
        raise ValueError(f"Ports of the protocol {forwarding.protocol!r} can't be forwarded.")
    (first, last), (to_first, to_last) = forwarding.ports, forwarding.fixed_ports
    for ports in (forwarding.ports, forwarding.fixed_ports):
        _refuse_bad_range(ports)
    if to_first != to_last and to_last - to_first != last - first:
        raise ValueError(f"Ports {first} to {last} can't be forwarded to ports {to_first} to {to_last}.")


def _refuse_bad_range(ports: tuple[int, int]) -> None:
    if not 1 <= ports[0] <= ports[1] <= LAST_PORT:
        raise ValueError(f"{ports[0]} to {ports[1]} is no range of ports.")
