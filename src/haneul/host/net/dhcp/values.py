"""What a DHCP server is told. Values come from projects: none is made that dnsmasq could read as something else."""

import ipaddress
import re
from typing import Literal

from msgspec import Struct

from haneul.host.net.dhcp.option_names import NAMES_4, NAMES_6
from haneul.host.net.zones import refuse_zone

Ipv6Mode = Literal["slaac", "dhcpv6-stateful", "dhcpv6-stateless"]

MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
NAME = re.compile(rf"{LABEL}(\.{LABEL})*")
LONGEST_NAME = 253
LONGEST_VALUE = 255
# dnsmasq's own markup in files and on command lines; anything else that is printed can be quoted.
FORBIDDEN = re.compile(r'["\\]|[^\x20-\x7e]')
PLAIN_VALUE = re.compile(r"[A-Za-z0-9.:/_+@%=~\[\],;?&!*()'$-]*")
OPTION = re.compile(r"(tag:!?[A-Za-z0-9_-]{1,32},)?([A-Za-z0-9+-]{1,32})")
CLIENT_ID = "client-id"
CLIENT_ID_VALUE = re.compile(r"[A-Za-z0-9:._-]{1,64}")
NUMBERS = range(1, 255)
# These make up the protocol itself (RFC 2132 section 9, RFC 3046): the server alone may say them.
PROTOCOL_NUMBERS = frozenset({50, 52, 53, 54, 55, 56, 57, 61, 82})


class Route(Struct, frozen=True):
    """A route that clients are given (option 121); `via` 0.0.0.0: the network is on the same link."""

    to: str
    via: str

    def __post_init__(self) -> None:
        ipaddress.ip_network(refuse_zone(self.to))
        ipaddress.ip_address(refuse_zone(self.via))


class Subnet(Struct, frozen=True, kw_only=True):
    """A subnet that is served. `routes` are all that clients shall have beside the gateway's.

    `dns_servers`: none means this server itself, 0.0.0.0 (or ::) means that clients are told of none.
    `mode` counts for IPv6 only; of a SLAAC subnet only the names are served.
    """

    cidr: str
    gateway: str | None = None
    dns_servers: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    mode: Ipv6Mode | None = None

    def __post_init__(self) -> None:
        version = self.version
        for address in (self.gateway, *self.dns_servers):
            if address is not None and ipaddress.ip_address(refuse_zone(address)).version != version:
                raise ValueError(f"The address {address} is of another IP version than the subnet {self.cidr}.")

    @property
    def version(self) -> int:
        return ipaddress.ip_network(refuse_zone(self.cidr)).version


class DhcpOption(Struct, frozen=True, kw_only=True):
    """One extra option of a host. `name` is dnsmasq's name or a number, with `tag:ipxe,` before it where wanted."""

    name: str
    value: str
    version: Literal[4, 6] = 4

    def __post_init__(self) -> None:
        found = OPTION.fullmatch(self.name)
        if not found or not _is_option(found[2], self.version):
            raise ValueError(f"There is no DHCP option {self.name!r} for IPv{self.version}.")
        if len(self.value) > LONGEST_VALUE or FORBIDDEN.search(self.value):
            raise ValueError(f"The value of the DHCP option {self.name} has characters that it can't have.")
        if found[2] == CLIENT_ID and not CLIENT_ID_VALUE.fullmatch(self.value):
            raise ValueError("A DHCP client id has letters, digits and the characters : . _ - only.")

    @property
    def tag(self) -> str:
        return self.name.rpartition(",")[0]

    @property
    def option(self) -> str:
        return self.name.rpartition(",")[2]

    @property
    def written(self) -> str:
        """The value as dnsmasq reads it: lists as they are, anything that it might take apart in quotes."""
        if not PLAIN_VALUE.fullmatch(self.value):
            return f'"{self.value}"'
        if self.version == 4:
            return self.value
        return ",".join(_bracketed(part) for part in self.value.split(","))


class DhcpHost(Struct, frozen=True, kw_only=True):
    """Who is given what. Without a hostname each address gets one of its own: host-10-0-0-5."""

    mac: str
    addresses: tuple[str, ...]
    hostname: str = ""
    options: tuple[DhcpOption, ...] = ()

    def __post_init__(self) -> None:
        if not MAC.fullmatch(self.mac):
            raise ValueError(f"The MAC address {self.mac!r} is not one in lower case with colons.")
        for address in self.addresses:
            ipaddress.ip_address(refuse_zone(address))
        if self.hostname:
            refuse_bad_name(self.hostname)

    def name_of(self, address: str) -> str:
        """The name by which one of the host's addresses is known."""
        return self.hostname or "host-" + address.replace(".", "-").replace(":", "-")


class DhcpServer(Struct, frozen=True, kw_only=True):
    """The server of one network: its link with its addresses (10.0.0.2/24), and what it tells whom.

    `forwarders` answer the questions that are not about the network's own hosts; without any, nobody does.
    """

    id: str
    device: str
    addresses: tuple[str, ...]
    mtu: int
    subnets: tuple[Subnet, ...]
    hosts: tuple[DhcpHost, ...]
    domain: str = "openstacklocal"
    forwarders: tuple[str, ...] = ()
    lease_s: int = 86400

    def __post_init__(self) -> None:
        if self.domain:
            refuse_bad_name(self.domain)
        for address in self.forwarders:
            ipaddress.ip_address(refuse_zone(address))


def refuse_bad_name(name: str) -> None:
    """ValueError for what is no name in the DNS."""
    if len(name) > LONGEST_NAME or not NAME.fullmatch(name):
        raise ValueError(f"The name {name!r} is not one that the DNS could have.")


def _is_option(option: str, version: int) -> bool:
    if option.isdigit():
        return int(option) in NUMBERS and not (version == 4 and int(option) in PROTOCOL_NUMBERS)
    return option == CLIENT_ID or option in (NAMES_4 if version == 4 else NAMES_6)


def _bracketed(part: str) -> str:
    try:
        return f"[{ipaddress.IPv6Address(part)}]"
    except ValueError:
        return part
