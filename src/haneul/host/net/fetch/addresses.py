"""Addresses that are not of the public Internet, in whatever form they are written, and those of this machine."""

import ipaddress
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# The IANA special-purpose registries, and the address where one public cloud has its metadata.
SPECIAL_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
GLOBAL_6, NAT64, SIX_TO_FOUR = IPv6Network("2000::/3"), IPv6Network("64:ff9b::/96"), IPv6Network("2002::/16")
# Protocol assignments with Teredo among them, documentation.
SPECIAL_6 = tuple(IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "3fff::/20"))
ISATAP = (0x00005EFE, 0x02005EFE)
ANY_PORT = 9


def forms_of(text: str) -> tuple[Address, ...]:
    """The address in its plain form, and the IPv4 address to which a gateway would carry it, if it says one.

    ValueError for what isn't an address, or is one of a single link.
    """
    address = ipaddress.ip_address(text)
    if isinstance(address, IPv4Address):
        return (address,)
    if address.scope_id:
        raise ValueError(f"The address {text!r} has a zone.")
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    bits = int(address)
    if address in SIX_TO_FOUR:
        return (address, IPv4Address(bits >> 80 & 0xFFFFFFFF))
    if address in NAT64 or bits >> 32 & 0xFFFFFFFF in ISATAP:
        return (address, IPv4Address(bits & 0xFFFFFFFF))
    return (address,)


def is_special(address: Address) -> bool:
    """Whether the address is of no public network."""
    if isinstance(address, IPv4Address):
        return any(address in network for network in SPECIAL_4)
    if address in NAT64:
        return False
    return address not in GLOBAL_6 or any(address in network for network in SPECIAL_6)


def is_own(address: Address) -> bool:
    """Whether this machine has the address; nothing is sent to find out."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            # What goes to an address of one's own comes from that address.
            probe.connect((str(address), ANY_PORT))
            return ipaddress.ip_address(probe.getsockname()[0]) == address
    except OSError:
        return False
