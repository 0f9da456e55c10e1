"""A router's table as a script for nft, which the kernel takes whole or not at all.

What grows with the number of addresses are maps: a packet costs the same with one floating address or ten thousand.
"""

from collections.abc import Iterable, Iterator

from haneul.host.net.router.cuts import Cut
from haneul.host.net.router.values import SAME_PORT, Forwarded, RouterNat, elements

FAMILY, TABLE = "inet", "haneul"
METADATA_ADDRESS, METADATA_ADDRESS_6 = "169.254.169.254", "fe80::a9fe:a9fe"
METADATA_PORT = 80
# Between connection tracking's own work and the filters; the names of these priorities are not known to every hook.
BEFORE_ROUTING, AFTER_ROUTING, FILTER = -100, 100, 0

# One port each; ranges that lead to one port; ranges whose ports stay. Only the first has room for very many: the
# kernel finds a range in a structure that it copies with every change.
FORWARDED = ("forwarded", "forwarded_to_port", "forwarded_in_place")
PORT_KEY = "type ipv4_addr . inet_proto . inet_service"
BY_PORT = "meta l4proto { tcp, udp, sctp, dccp } dnat ip to ip daddr . meta l4proto . th dport map"


def replacing_script(nat: RouterNat, cuts: Iterable[Cut]) -> str:
    """Everything of the table in one transaction; `cuts` are kept in it until those connections are gone."""
    floating = sorted(nat.floating_ips)
    forwarded = [element for one in nat.forwardings for element in elements(one)]
    lines = [
        # Deleting needs something that is there.
        f"add table {FAMILY} {TABLE}",
        f"delete table {FAMILY} {TABLE}",
        f"table {FAMILY} {TABLE} {{",
        _set("set outside", "type ifname", [f'"{nat.outside}"'] if nat.outside else []),
        _set("set inside", "type ifname", [f'"{name}"' for name in nat.inside]),
        _set("set speaks_as", "type ipv4_addr", [nat.snat_address] if nat.snat_address else []),
        _set("map fixed", "type ipv4_addr : ipv4_addr", [f"{one} : {other}" for one, other in floating]),
        _set("map floating", "type ipv4_addr : ipv4_addr", [f"{other} : {one}" for one, other in floating]),
        *_forwarded_sets(forwarded),
        _set(
            "set cuts",
            "type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags interval",
            [f"{cut.address} . {cut.other} . {cut.protocol} . {_range(cut.ports)}" for cut in cuts],
        ),
        *_destinations(nat),
        *_sources(nat),
        *_guard(nat),
        "}",
    ]
    return "\n".join(lines) + "\n"


def settling_script() -> str:
    """Forget the cuts that were made."""
    return f"flush set {FAMILY} {TABLE} cuts\n"


def _forwarded_sets(forwarded: Iterable[Forwarded]) -> Iterator[str]:
    held: dict[str, list[str]] = {name: [] for name in FORWARDED}
    for one in forwarded:
        if one.first_port == one.last_port:
            held["forwarded"].append(f"{_key(one)} : {one.fixed} . {one.fixed_port}")
        elif one.fixed_port == SAME_PORT:
            held["forwarded_in_place"].append(f"{_key(one)} : {one.fixed}")
        else:
            held["forwarded_to_port"].append(f"{_key(one)} : {one.fixed} . {one.fixed_port}")
    yield _set("map forwarded", f"{PORT_KEY} : ipv4_addr . inet_service", held["forwarded"])
    described = f"{PORT_KEY} : ipv4_addr . inet_service; flags interval"
    yield _set("map forwarded_to_port", described, held["forwarded_to_port"])
    yield _set("map forwarded_in_place", f"{PORT_KEY} : ipv4_addr; flags interval", held["forwarded_in_place"])


def _destinations(nat: RouterNat) -> list[str]:
    return [
        "chain destination {",
        *(f"{BY_PORT} @{name}" for name in FORWARDED),
        "dnat ip to ip daddr map @fixed",
        "}",
        f"chain prerouting {{ type nat hook prerouting priority {BEFORE_ROUTING}; policy accept;",
        *_redirects(nat),
        "jump destination",
        "}",
        f"chain output {{ type nat hook output priority {BEFORE_ROUTING}; policy accept;",
        "jump destination",
        "}",
    ]


def _redirects(nat: RouterNat) -> list[str]:
    if nat.metadata_port is None:
        return []
    to = f"tcp dport {METADATA_PORT} redirect to :{nat.metadata_port}"
    return [
        f"iifname @inside ip daddr {METADATA_ADDRESS} {to}",
        f"iifname @inside ip6 daddr {METADATA_ADDRESS_6} {to}",
    ]


def _sources(nat: RouterNat) -> list[str]:
    speaks = [f"meta nfproto ipv4 snat ip to {nat.snat_address} fully-random"] if nat.snat_address else []
    return [
        "chain source {",
        "snat ip to ip saddr map @floating",
        *speaks,
        "}",
        f"chain postrouting {{ type nat hook postrouting priority {AFTER_ROUTING}; policy accept;",
        # Guests that meet by floating addresses: the answer has to come back through here to be translated.
        "iifname @inside oifname @inside ct status dnat jump source",
        "iifname @inside oifname @inside ct status dnat meta nfproto ipv4 masquerade",
        "oifname @outside jump source",
        "}",
    ]


def _guard(nat: RouterNat) -> list[str]:
    """The proxy believes a connection's source address, so only what came for the metadata from inside gets to it."""
    if nat.metadata_port is None:
        return []
    to = f"tcp dport {nat.metadata_port}"
    return [
        f"chain input {{ type filter hook input priority {FILTER}; policy accept;",
        f"iifname @inside {to} ct original ip daddr {METADATA_ADDRESS} accept",
        f"iifname @inside {to} ct original ip6 daddr {METADATA_ADDRESS_6} accept",
        f"{to} drop",
        "}",
    ]


def _set(name: str, described: str, held: list[str]) -> str:
    filled = f" elements = {{ {', '.join(held)} }};" if held else ""
    return f"{name} {{ {described};{filled} }}"


def _key(one: Forwarded) -> str:
    return f"{one.floating} . {one.protocol} . {_range((one.first_port, one.last_port))}"


def _range(ports: tuple[int, int]) -> str:
    first, last = ports
    return str(first) if first == last else f"{first}-{last}"
