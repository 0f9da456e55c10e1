"""The IP protocols that rules name.

Source: neutron-lib's `IP_PROTOCOL_MAP`; the numbers are IANA's.
"""

from collections.abc import Mapping
from types import MappingProxyType

from haneul.kernel.errors import BadRequest

NUMBERS: Mapping[str, int] = MappingProxyType(
    {
        "ah": 51,
        "dccp": 33,
        "egp": 8,
        "esp": 50,
        "gre": 47,
        "hopopt": 0,
        "icmp": 1,
        "igmp": 2,
        "ip": 0,
        "ipip": 4,
        "ipv6-encap": 41,
        "ipv6-frag": 44,
        "ipv6-icmp": 58,
        "icmpv6": 58,
        "ipv6-nonxt": 59,
        "ipv6-opts": 60,
        "ipv6-route": 43,
        "ospf": 89,
        "pgm": 113,
        "rsvp": 46,
        "sctp": 132,
        "tcp": 6,
        "udp": 17,
        "udplite": 136,
        "vrrp": 112,
    }
)
ANY = "any"
WITH_PORTS = ("dccp", "sctp", "tcp", "udp", "udplite")
NUMBERS_WITH_PORTS = frozenset(NUMBERS[name] for name in WITH_PORTS)
ICMP, ICMP_OF_6 = 1, 58
OF_6_ALONE = frozenset((41, 43, 44, 58, 59, 60))
"""Protocols that no IPv4 packet has, as Neutron sees it."""
IN_6: Mapping[str, str] = MappingProxyType({"icmp": "ipv6-icmp", "icmpv6": "ipv6-icmp", "1": "58"})
"""ICMP by names and numbers of IPv4 that clients give for IPv6."""


def canonical(given: str | int | None, ethertype: str) -> str:
    """A protocol's name or number as a rule keeps it, empty for any; BadRequest for what is none."""
    if given in (None, ANY, ""):
        return ""
    text = str(given).lower()
    if text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) <= 255:
        text = str(int(text))
    elif text not in NUMBERS:
        raise BadRequest(
            "Security group rule protocol {protocol} not supported. Only protocol values {values} and integer "
            "representations [0 to 255] are supported.",
            kind="SecurityGroupRuleInvalidProtocol",
            protocol=str(given)[:255],
            values=", ".join((ANY, *NUMBERS)),
        )
    return _of_family(text, ethertype)


def _of_family(text: str, ethertype: str) -> str:
    if ethertype == "IPv6":
        return IN_6.get(text, text)
    if number(text) in OF_6_ALONE:
        raise BadRequest(
            "Invalid ethertype {ethertype} for protocol {protocol}.",
            kind="SecurityGroupEthertypeConflictWithProtocol",
            ethertype=ethertype,
            protocol=text,
        )
    return text


def number(protocol: str) -> int | None:
    """The number of a canonical protocol; None for any."""
    if not protocol:
        return None
    return NUMBERS[protocol] if protocol in NUMBERS else int(protocol)
