"""A port's chain in nft's words: what it may speak as."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network

from msgspec import Struct

from haneul.host.net.firewall.layout import ADVERTISES_ITS_OWN, OWN
from haneul.host.net.firewall.values import FilteredPort, Network

LINK_LOCAL = 0xFE80 << 112
UNIVERSAL_BIT = 0x02
ANY_LENGTH = 0
ADDRESS_BITS = 128
_NOTED_ADVERT = f"meta mark set {ADVERTISES_ITS_OWN:#x}"


class _Source(Struct, frozen=True):
    """A MAC and a network that a port may speak as; its own if no other port of its bridge has that address."""

    mac: str
    network: Network
    is_own: bool


def leaving(port: FilteredPort, mark: int) -> Iterator[str]:
    """The rules of `from-<port>`: by MAC and address, with the beginnings of those that have no address yet.

    Only plain frames match: a tagged one has another type, and ends with all that is none of these.
    """
    sources = _sources(port)
    ipv4 = [source for source in sources if isinstance(source.network, IPv4Network)]
    ipv6 = [source for source in sources if isinstance(source.network, IPv6Network)]
    for source in ipv4:
        noted = f"meta mark set {_mark_of(port, source, mark):#x}"
        yield f"{_by(source.mac, 'ip')} {_at('ip saddr', source.network)}{noted} accept"
    yield from (f"icmpv6 type nd-neighbor-advert {_targets(source.network)}{_NOTED_ADVERT}" for source in ipv6)
    for source in ipv6:
        noted = f"meta mark set meta mark or {_mark_of(port, source, mark):#x}"
        yield f"{_by(source.mac, 'ip6')} {_at('ip6 saddr', source.network)}{noted} accept"
    yield "ether type arp jump plain-arp"
    for source in ipv4:
        yield f"{_by(source.mac, 'arp')} arp saddr ether {source.mac} {_at('arp saddr ip', source.network)}accept"
    for mac in macs(port):
        yield f"{_by(mac, 'arp')} arp saddr ether {mac} arp operation request arp saddr ip 0.0.0.0 accept"
        yield f"ether saddr {mac} meta mark set {mark:#x} jump unaddressed"
    yield "drop"


def macs(port: FilteredPort) -> list[str]:
    """The port's own MAC, and then those of its pairs."""
    return list(dict.fromkeys([port.mac, *(pair.mac for pair in port.pairs)]))


def _sources(port: FilteredPort) -> list[_Source]:
    own = [_Source(port.mac, ip_network(address), is_own=True) for address in port.addresses]
    link_local = [_Source(mac, _link_local(mac), is_own=mac == port.mac) for mac in macs(port)]
    # Two groups of one port may give it the same pair in different spellings.
    pairs = dict.fromkeys(_Source(pair.mac, ip_network(pair.network), is_own=False) for pair in port.pairs)
    return [*own, *link_local, *pairs]


def _link_local(mac: str) -> IPv6Network:
    """The address that a guest without privacy extensions makes of its MAC (RFC 4291, appendix A)."""
    octets = bytearray.fromhex(mac.replace(":", ""))
    octets[0] ^= UNIVERSAL_BIT
    return IPv6Network(LINK_LOCAL | int.from_bytes(octets[:3] + b"\xff\xfe" + octets[3:]))


def _by(mac: str, kind: str) -> str:
    return f"ether saddr {mac} ether type {kind}"


def _at(field: str, network: Network) -> str:
    return "" if network.prefixlen == ANY_LENGTH else f"{field} {_written(network)} "


def _written(network: Network) -> str:
    is_one = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if is_one else str(network)


def _targets(network: Network) -> str:
    # The target of an advertisement follows eight octets of header; this nft has no name for it.
    if network.prefixlen == ANY_LENGTH:
        return ""
    value = int(network.network_address) >> (ADDRESS_BITS - network.prefixlen)
    return f"@th,64,{network.prefixlen} {value:#x} "


def _mark_of(port: FilteredPort, source: _Source, mark: int) -> int:
    return mark | OWN if source.is_own and port.stateful else mark
