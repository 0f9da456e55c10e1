"""IP addresses and networks as clients write them.

Python's `ipaddress` takes IPv6 addresses with a zone, which is any text: `fe80::1%eth0; anything`. A zone means
something on one machine alone, so that nobody's addresses here have any.
"""

from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)


def address_in(text: str) -> IPv4Address | IPv6Address:
    """The address that a text names; ValueError for what names none."""
    return ip_address(_zoneless(text))


def network_in(text: str, *, strict: bool = True) -> IPv4Network | IPv6Network:
    """The network that a text names; ValueError for what names none, and if it is strict for bits of a host."""
    return ip_network(_zoneless(text), strict=strict)


def interface_in(text: str) -> IPv4Interface | IPv6Interface:
    """The address with its network that a text names; ValueError for what names none."""
    return ip_interface(_zoneless(text))


def _zoneless(text: str) -> str:
    if "%" in text:
        raise ValueError("An address can't have a zone.")
    return text
