"""The tables that a cloud has in a namespace, before any port: names, marks, maps, hooks and shared chains."""

from collections.abc import Iterable, Iterator

from haneul.host.net.firewall.values import Version

# A packet's mark, while a bridge has it: flags, a tag that tells our marks from others', and its port's profile.
OWN = 0x80000000
ADVERTISES_ITS_OWN = 0x40000000
STATELESS = 0x20000000
TAG, TAG_MASK = 0x05A50000, 0x0FFF0000
PROFILE_MASK = 0x0FFFFFFF
PROFILES = range(1, 0x10000)

# A connection's mark: the generations that allowed it, of the port that began it and of the one that it reached.
INITIATOR_MASK, RESPONDER_MASK = 0x0000FFFF, 0xFFFF0000
RESPONDER_SHIFT = 16
GENERATIONS = range(1, 0x10000)

GROUP_MAC = "01:00:00:00:00:00"

FROM_GUESTS = -300
# Marks of the sender go before any table gives one of the receiver, be it ours or that of another cloud.
UNMARK, TO_GUESTS = -210, -200
# Fragments are put together at -400, by zone: those of two tenants must never meet.
ZONES = -450
AFTER_CONNTRACK = -150
FILTER = 0

ADDRESS_TYPE: dict[Version, str] = {4: "ipv4_addr", 6: "ipv6_addr"}

# Zones of ports stand there only to be read back: rules take nft a hundred times longer to read than elements.
BRIDGE_MAPS = """\
add map bridge {table} profiles {{ type ifname : mark; }}
add map bridge {table} from {{ type ifname : verdict; }}
add map bridge {table} zones {{ type ifname : mark; }}
add set bridge {table} fixed4 {{ type ifname . ether_addr . ipv4_addr; }}
add set bridge {table} fixed6 {{ type ifname . ether_addr . ipv6_addr; }}
add set bridge {table} macs {{ type ifname . ether_addr; }}
"""
INET_MAPS = """\
add map inet {table} zones {{ typeof iifname : ct zone; }}
add set inet {table} bridges {{ type ifname; }}
add map inet {table} initiators {{ type mark : verdict; }}
add map inet {table} responders {{ type mark : verdict; }}
"""

_IS_OURS = f"meta mark & {TAG_MASK:#x} == {TAG:#x}"
_IS_OWN = f"meta mark & {OWN:#x} == {OWN:#x}"
_MARK_OWN = f"meta mark set meta mark or {OWN:#x}"
_IS_STATELESS = f"meta mark & {STATELESS:#x} == {STATELESS:#x}"
_PROFILE = f"meta mark & {PROFILE_MASK:#x}"
_ICMP_ERROR = "ct state related meta l4proto { icmp, icmpv6 } accept"

BRIDGE_HOOKS = {
    "prerouting": f"hook prerouting priority {FROM_GUESTS}",
    "unmark": f"hook forward priority {UNMARK}",
    "forward": f"hook forward priority {TO_GUESTS}",
    "input": f"hook input priority {TO_GUESTS}",
}
INET_HOOKS = {
    "zones": f"hook prerouting priority {ZONES}",
    "prerouting": f"hook prerouting priority {AFTER_CONNTRACK}",
    "forward": f"hook forward priority {FILTER}",
}
BRIDGE_RULES: dict[str, tuple[str, ...]] = {
    "prerouting": ("iifname vmap @from",),
    "unmark": (f"{_IS_OURS} meta mark set 0",),
    "forward": ("meta mark set oifname map @profiles goto to-guest",),
    "input": (f"{_IS_OURS} meta mark set 0",),
    "to-guest": (
        f"ether type ip oifname . ether daddr . ip daddr @fixed4 {_MARK_OWN} accept",
        f"ether type ip6 oifname . ether daddr . ip6 daddr @fixed6 {_MARK_OWN} accept",
        # What br_netfilter would not show to the inet family (a tagged frame, say) can't be filtered, so it has to go.
        "ether type != { ip, ip6, arp } drop",
        "oifname . ether daddr @macs accept",
        f"ether daddr & {GROUP_MAC} == {GROUP_MAC} accept",
        "drop",
    ),
    "plain-arp": (
        "arp htype != 1 drop",
        "arp ptype != ip drop",
        "arp hlen != 6 drop",
        "arp plen != 4 drop",
    ),
    # Who has no address yet may ask for one, and whether it is free.
    "unaddressed": (
        "ether type ip ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept",
        "ether type ip6 ip6 saddr :: icmpv6 type { 131, 133, 135, 143 } accept",
    ),
}
INET_RULES: dict[str, tuple[str, ...]] = {
    "zones": ("ct zone set iifname map @zones",),
    "prerouting": (f"iifname @bridges {_IS_OURS} goto leaving",),
    "forward": (f"oifname @bridges {_IS_OURS} goto entering",),
    "leaving": (
        f"{_IS_OWN} ct direction vmap {{ original : jump known-initiator, reply : jump known-responder }}",
        "jump always-leaving",
        f"{_IS_STATELESS} {_PROFILE} vmap @initiators",
        "ct state invalid drop",
        f"ct direction reply {_PROFILE} vmap @responders",
        f"{_PROFILE} vmap @initiators",
        "drop",
    ),
    "entering": (
        f"{_IS_OWN} ct direction vmap {{ original : jump known-responder, reply : jump known-initiator }}",
        "jump always-entering",
        f"{_IS_STATELESS} {_PROFILE} vmap @responders",
        "ct state invalid drop",
        f"ct direction reply {_PROFILE} vmap @initiators",
        f"{_PROFILE} vmap @responders",
        "drop",
    ),
    # A guest is no DHCP server and no router, and speaks for no neighbour. Here fragments are whole again.
    "always-leaving": (
        "meta nfproto ipv4 udp dport 68 drop",
        "meta nfproto ipv6 udp dport 546 drop",
        "icmpv6 type nd-router-advert drop",
        f"icmpv6 type nd-neighbor-advert meta mark & {ADVERTISES_ITS_OWN:#x} == 0 drop",
        "meta nfproto ipv4 udp sport 68 udp dport 67 accept",
        "meta nfproto ipv6 udp sport 546 udp dport 547 accept",
        "icmpv6 type { 131, 132, 133, 135, 136, 143 } accept",
        _ICMP_ERROR,
    ),
    "always-entering": (
        "meta nfproto ipv4 udp sport 67 udp dport 68 accept",
        "meta nfproto ipv6 udp sport 547 udp dport 546 accept",
        "icmpv6 type { 130, 131, 132, 134, 135, 136 } accept",
        _ICMP_ERROR,
    ),
    # A connection that was refused is forgotten, lest its old generation come round again.
    "refused-initiator": (f"{_IS_OWN} ct mark set ct mark & {RESPONDER_MASK:#x}", "drop"),
    "refused-responder": (f"{_IS_OWN} ct mark set ct mark & {INITIATOR_MASK:#x}", "drop"),
}
GENERATION_CHAINS = ("known-initiator", "known-responder", "granted-initiator", "granted-responder")


def skeleton(table: str, generation: int) -> Iterator[str]:
    """The tables with all that is the same for every cloud; repeatable, and no packet passes in between."""
    yield f"add table bridge {table}"
    yield f"add table inet {table}"
    yield BRIDGE_MAPS.format(table=table) + INET_MAPS.format(table=table)
    yield from _chains("bridge", table, BRIDGE_RULES, BRIDGE_HOOKS)
    yield from (f"add chain inet {table} {chain}" for chain in GENERATION_CHAINS)
    yield from generation_rules(table, generation)
    yield from _chains("inet", table, INET_RULES, INET_HOOKS)


def generation_rules(table: str, generation: int) -> Iterator[str]:
    """Begin a generation: what an earlier one has allowed is asked about again."""
    shifted = generation << RESPONDER_SHIFT
    granted = f"{_IS_OWN} ct mark set ct mark &"
    yield from replaced("inet", table, "known-initiator", [f"ct mark & {INITIATOR_MASK:#x} == {generation:#x} accept"])
    yield from replaced("inet", table, "known-responder", [f"ct mark & {RESPONDER_MASK:#x} == {shifted:#x} accept"])
    for role, other, mark in (("initiator", RESPONDER_MASK, generation), ("responder", INITIATOR_MASK, shifted)):
        yield from replaced("inet", table, f"granted-{role}", [f"{granted} {other:#x} | {mark:#x}", "accept"])


def replaced(family: str, table: str, chain: str, rules: Iterable[str]) -> Iterator[str]:
    """What gives a chain these rules in place of its old ones."""
    yield f"flush chain {family} {table} {chain}"
    yield from filled(family, table, chain, rules)


def filled(family: str, table: str, chain: str, rules: Iterable[str]) -> Iterator[str]:
    """What adds rules at a chain's end."""
    return (f"add rule {family} {table} {chain} {rule}" for rule in rules)


def _chains(family: str, table: str, chains: dict[str, tuple[str, ...]], hooks: dict[str, str]) -> Iterator[str]:
    # All chains come before any rule, since rules jump to them.
    for chain in chains:
        hook = f" {{ type filter {hooks[chain]}; policy accept; }}" if chain in hooks else ""
        yield f"add chain {family} {table} {chain}{hook}"
    for chain, rules in chains.items():
        yield from replaced(family, table, chain, rules)
