"""What the firewall is told: ports, security groups and rules. None can be made that would not be safe to write down.

Ids, names and addresses end up in nft's language, so each is checked here, at its making: ValueError says what is odd.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal

from msgspec import Struct

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DEVICE = re.compile(r"[A-Za-z0-9_.:-]{1,15}")
MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
MULTICAST_BIT = 0x01
# An IPv6 address may end in a scope, which for Python is any text whatever.
SCOPE = "%"

ICMP, TCP, UDP, DCCP, ICMPV6, SCTP, UDPLITE = 1, 6, 17, 33, 58, 132, 136
WITH_PORTS = frozenset({TCP, UDP, DCCP, SCTP, UDPLITE})
ICMP_OF = {4: ICMP, 6: ICMPV6}
PROTOCOLS, PORTS, TYPES = range(256), range(65536), range(256)

Version = Literal[4, 6]
Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


class Rule(Struct, frozen=True, kw_only=True):
    """What one rule of a group allows: connections that a port begins (`egress`) or that reach it (`ingress`).

    `protocol` is an IP protocol number, None any; `ports` the first and last port of the destination; `icmp` the type
    and the code (None: any) of ICMP or ICMPv6. The other end is that in the network `remote`, or is a member of the
    group `remote_group`, or is anybody.
    """

    direction: Literal["ingress", "egress"]
    version: Version
    protocol: int | None = None
    ports: tuple[int, int] | None = None
    icmp: tuple[int, int | None] | None = None
    remote: str | None = None
    remote_group: str | None = None

    def __post_init__(self) -> None:
        _expect(self.direction in ("ingress", "egress") and self.version in (4, 6), "direction or version", self)
        _expect(self.protocol is None or self.protocol in PROTOCOLS, "protocol", self.protocol)
        self._check_ports()
        self._check_icmp()
        _expect(self.remote is None or self.remote_group is None, "remote, since there are two,", self)
        if self.remote is not None:
            _expect(_network(self.remote).version == self.version, "remote network", self.remote)
        if self.remote_group is not None:
            expect_id(self.remote_group)

    def _check_ports(self) -> None:
        if self.ports is not None:
            first, last = self.ports
            _expect(self.protocol in WITH_PORTS, "protocol for ports", self.protocol)
            _expect(first in PORTS and last in PORTS and first <= last, "range of ports", self.ports)

    def _check_icmp(self) -> None:
        if self.icmp is not None:
            type_, code = self.icmp
            _expect(self.protocol == ICMP_OF[self.version], "protocol for an ICMP type", self.protocol)
            _expect(type_ in TYPES and (code is None or code in TYPES), "ICMP type or code", self.icmp)


class Group(Struct, frozen=True, kw_only=True):
    """A security group, or an address group (which has members but no rules).

    `members` are the addresses and networks that rules with this `remote_group` mean. A group that isn't `stateful`
    lets through what its rules name and no answers to it.
    """

    id: str
    rules: tuple[Rule, ...] = ()
    members: tuple[str, ...] = ()
    stateful: bool = True

    def __post_init__(self) -> None:
        expect_id(self.id)
        for member in self.members:
            _network(member)


class AddressPair(Struct, frozen=True, kw_only=True):
    """A MAC and a network (or one address) that a port may use besides its own."""

    mac: str
    network: str

    def __post_init__(self) -> None:
        _expect_mac(self.mac)
        _network(self.network)


class FilteredPort(Struct, frozen=True, kw_only=True):
    """A port with port security: the device of its guest on this host, and whom and what it may speak as.

    `addresses` are its fixed addresses, which no other port of the bridge has. `stateful` is whether its groups are:
    the groups of one port are either all stateful or none is.
    """

    id: str
    device: str
    bridge: str
    mac: str
    addresses: tuple[str, ...] = ()
    pairs: tuple[AddressPair, ...] = ()
    groups: tuple[str, ...] = ()
    stateful: bool = True

    def __post_init__(self) -> None:
        expect_id(self.id)
        expect_device(self.device)
        expect_device(self.bridge)
        _expect_mac(self.mac)
        for address in self.addresses:
            _expect(SCOPE not in address, "address", address)
            ip_address(address)
        for group_id in self.groups:
            expect_id(group_id)


def expect_id(text: str) -> None:
    """ValueError if this isn't a UUID in its usual form."""
    _expect(UUID.fullmatch(text) is not None, "id", text)


def expect_device(text: str) -> None:
    """ValueError if this isn't a plain name for a device."""
    _expect(DEVICE.fullmatch(text) is not None, "name of a device", text)


def _network(text: str) -> Network:
    _expect(SCOPE not in text, "network", text)
    return ip_network(text)


def _expect_mac(text: str) -> None:
    _expect(MAC.fullmatch(text) is not None and not int(text[:2], 16) & MULTICAST_BIT, "MAC address of a port", text)


def _expect(is_fine: bool, what: str, value: object) -> None:
    if not is_fine:
        raise ValueError(f"This is no {what} that the firewall can take: {value!r}.")
