"""A group's rules in nft's words."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Literal

from haneul.host.net.firewall.layout import ADDRESS_TYPE, replaced
from haneul.host.net.firewall.values import DCCP, ICMPV6, UDPLITE, Group, Network, Rule, Version

VERSIONS: tuple[Version, ...] = (4, 6)
DIRECTIONS: tuple[Literal["egress", "ingress"], ...] = ("egress", "ingress")
# Who allows a connection by a rule of this direction: the port that begins it, or the one that it reaches.
ROLE = {"egress": "initiator", "ingress": "responder"}
REMOTE_END = {"egress": "daddr", "ingress": "saddr"}
# Conntrack leaves neighbour discovery and multicast listeners alone, so there is no connection to ask about.
UNTRACKED_TYPES = frozenset({*range(130, 138), 143})
# Not every kernel tracks the ports of these.
MAYBE_UNTRACKED_PORTS = frozenset({DCCP, UDPLITE})


def members_set(group_id: str, version: Version) -> str:
    """The set of a group's single addresses."""
    return f"members{version}-{group_id}"


def ranges_set(group_id: str, version: Version) -> str:
    """The set of a group's networks."""
    return f"ranges{version}-{group_id}"


def sets_declared(table: str, group_id: str) -> Iterator[str]:
    """What makes the sets of a group, empty if they aren't there."""
    for version in VERSIONS:
        kind = ADDRESS_TYPE[version]
        yield f"add set inet {table} {members_set(group_id, version)} {{ type {kind}; }}"
        # The second part is always the same: nft reads back all that stands in plain sets of ranges at every call, but
        # not in those of several parts.
        yield f"add set inet {table} {ranges_set(group_id, version)} {{ type {kind} . nf_proto; flags interval; }}"


def chains_declared(table: str, group_id: str) -> Iterator[str]:
    """What makes the chains of a group, empty if they aren't there: a group allows nothing until it says what."""
    return (f"add chain inet {table} {direction}-{group_id}" for direction in DIRECTIONS)


def group_filled(table: str, group: Group) -> Iterator[str]:
    """What gives the declared chains and sets of a group its rules and members."""
    for version in VERSIONS:
        yield from _members(table, group, version)
    for direction in DIRECTIONS:
        rules = (line for rule in group.rules if rule.direction == direction for line in _written(rule, group))
        yield from replaced("inet", table, f"{direction}-{group.id}", rules)


def _members(table: str, group: Group, version: Version) -> Iterator[str]:
    networks = _collapsed([ip_network(member) for member in group.members], version)
    single = [str(network.network_address) for network in networks if network.prefixlen == network.max_prefixlen]
    wide = [f"{network} . ipv{version}" for network in networks if network.prefixlen < network.max_prefixlen]
    for name, elements in ((members_set(group.id, version), single), (ranges_set(group.id, version), wide)):
        yield f"flush set inet {table} {name}"
        if elements:
            yield f"add element inet {table} {name} {{ {', '.join(elements)} }}"


def _collapsed(networks: list[Network], version: Version) -> list[Network]:
    # A set of ranges refuses those that overlap.
    if version == 4:
        return list(collapse_addresses(network for network in networks if isinstance(network, IPv4Network)))
    return list(collapse_addresses(network for network in networks if isinstance(network, IPv6Network)))


def _written(rule: Rule, group: Group) -> Iterator[str]:
    asked = _of_connection if group.stateful else _of_packet
    # Where ports aren't tracked all ports are one connection, for which one of them must not speak.
    is_noted = group.stateful and not (rule.ports is not None and rule.protocol in MAYBE_UNTRACKED_PORTS)
    verdict = f"goto granted-{ROLE[rule.direction]}" if is_noted else "accept"
    for remote in _remotes(rule, "ct original " if group.stateful else ""):
        for what in asked(rule):
            yield " ".join(part for part in (remote, what, verdict) if part)


def _remotes(rule: Rule, of: str) -> tuple[str, ...]:
    end = f"{of}ip{'6' if rule.version == 6 else ''} {REMOTE_END[rule.direction]}"
    if rule.remote_group is not None:
        members, ranges = members_set(rule.remote_group, rule.version), ranges_set(rule.remote_group, rule.version)
        return f"{end} @{members}", f"{end} . meta nfproto @{ranges}"
    if rule.remote is None or ip_network(rule.remote).prefixlen == 0:
        return (f"meta nfproto ipv{rule.version}",)
    return (f"{end} {ip_network(rule.remote)}",)


def _of_connection(rule: Rule) -> tuple[str, ...]:
    """What must be true of the packet that began the connection."""
    protocol = _protocol(rule)
    if rule.ports is not None:
        ports = _range(*rule.ports)
        if rule.protocol in MAYBE_UNTRACKED_PORTS:
            there, back = f"ct direction original th dport {ports}", f"ct direction reply th sport {ports}"
            return f"{protocol} {there}", f"{protocol} {back}"
        return (f"{protocol} ct original proto-dst {ports}",)
    if rule.icmp is not None and not _is_untracked(rule):
        # Conntrack keeps an ICMP type and code where other protocols have the destination's port.
        type_, code = rule.icmp
        first, last = (0, 255) if code is None else (code, code)
        return (f"{protocol} ct original proto-dst {_range(type_ << 8 | first, type_ << 8 | last)}",)
    return _of_packet(rule)


def _of_packet(rule: Rule) -> tuple[str, ...]:
    if rule.ports is not None:
        return (f"{_protocol(rule)} th dport {_range(*rule.ports)}",)
    if rule.icmp is not None:
        type_, code = rule.icmp
        name = "icmp" if rule.version == 4 else "icmpv6"
        return (f"{name} type {type_}" + ("" if code is None else f" {name} code {code}"),)
    return (_protocol(rule),)


def _is_untracked(rule: Rule) -> bool:
    return rule.protocol == ICMPV6 and rule.icmp is not None and rule.icmp[0] in UNTRACKED_TYPES


def _protocol(rule: Rule) -> str:
    return "" if rule.protocol is None else f"meta l4proto {rule.protocol}"


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
