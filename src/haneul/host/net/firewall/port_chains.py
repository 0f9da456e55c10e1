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


class _Source(Struct, frozen=True):
    """A MAC and a network that a port may speak as; its own if no other port of its bridge has that address."""

    mac: str
    network: Network
    is_own: bool


def leaving(port: FilteredPort) -> Iterator[str]:
    """The rules of `from-<port>`: by MAC and address, with the beginnings of those that have no address yet."""
    sources = _sources(port)
    yield "jump plain"
    for source in sources:
        if isinstance(source.network, IPv4Network):
            yield f"{_speaks_as(source, 'ip')} {_noted(port, source)}accept"
    for source in sources:
        if isinstance(source.network, IPv4Network):
            yield f"ether saddr {source.mac} arp saddr ether {source.mac} {_at('arp saddr ip', source.network)}accept"
    for source in sources:
        if isinstance(source.network, IPv6Network):
            noted = f"meta mark set meta mark or {ADVERTISES_ITS_OWN:#x}"
            yield f"icmpv6 type nd-neighbor-advert {_targets(source.network)}{noted}"
    for source in sources:
        if isinstance(source.network, IPv6Network):
            yield f"{_speaks_as(source, 'ip6')} {_noted(port, source)}accept"
    for mac in macs(port):
        yield f"ether saddr {mac} arp saddr ether {mac} arp operation request arp saddr ip 0.0.0.0 accept"
        yield f"ether saddr {mac} jump unaddressed"
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


def _speaks_as(source: _Source, family: str) -> str:
    return f"ether saddr {source.mac} meta protocol {family} {_at(f'{family} saddr', source.network)}".strip()


def _at(field: str, network: Network) -> str:
    return "" if network.prefixlen == ANY_LENGTH else f"{field} {_written(network)} "


def _written(network: Network) -> str:
    is_one = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if is_one else str(network)


def _targets(network: IPv6Network) -> str:
    # The target of an advertisement follows eight octets of header; this nft has no name for it.
    if network.prefixlen == ANY_LENGTH:
        return ""
    value = int(network.network_address) >> (ADDRESS_BITS - network.prefixlen)
    return f"@th,64,{network.prefixlen} {value:#x} "


def _noted(port: FilteredPort, source: _Source) -> str:
    return f"meta mark set meta mark or {OWN:#x} " if source.is_own and port.stateful else ""
