"""A change of a cloud's firewall, as nft's lines and as what stands once they are done."""

import hashlib
import socket
from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from haneul.host.net.firewall import group_rules, layout, port_chains
from haneul.host.net.firewall.standing import Standing, StandingPort
from haneul.host.net.firewall.values import FilteredPort, Group

ZONES = range(1, 0x10000)
NAME_DIGITS = 32


class Transaction:
    """Begun from what stands, told what to put and drop, and at the end written down."""

    def __init__(self, table: str, standing: Standing) -> None:
        self.after = standing.copy()
        # Zones and addresses whose connections are to be forgotten when all is done.
        self.gone: list[tuple[int, frozenset[str]]] = []
        self._table = table
        self._lines: list[str] = []
        self._takes_away = False

    def put_group(self, group: Group) -> None:
        """Give a group these rules and members in place of those that it has."""
        self._takes_away |= group.id in self.after.groups
        for group_id in {group.id, *(rule.remote_group for rule in group.rules if rule.remote_group)}:
            self._declare(group_id)
        self._lines += group_rules.group_filled(self._table, group)

    def drop_group(self, group_id: str) -> None:
        """Take a group away; nft will refuse if a port or a rule still points to it."""
        if group_id not in self.after.groups:
            return
        self.after.groups.remove(group_id)
        for direction in group_rules.DIRECTIONS:
            self._drop_chain("inet", f"{direction}-{group_id}")
        for version in group_rules.VERSIONS:
            for name in (group_rules.members_set(group_id, version), group_rules.ranges_set(group_id, version)):
                self._lines.append(f"delete set inet {self._table} {name}")

    def put_port(self, port: FilteredPort) -> None:
        """Filter a port like this, in place of what holds for it now."""
        self._drop_strangers(port)
        self.put_bridge(port.bridge)
        before = self.after.ports.get(port.id)
        now = StandingPort(
            device=port.device,
            mark=layout.TAG | (0 if port.stateful else layout.STATELESS) | self._profile(port),
            zone=self.after.zones[port.bridge],
            fixed=frozenset((port.mac, str(ip_address(address))) for address in port.addresses),
            macs=frozenset(port_chains.macs(port)),
        )
        self._fill(port, now.mark, is_new=before is None)
        self._point(port.id, before, now)
        self.after.ports[port.id] = now
        if before is not None:
            self._takes_away = True
            left = before.addresses if before.zone != now.zone else before.addresses - now.addresses
            self.gone.append((before.zone, left))

    def drop_port(self, port_id: str) -> None:
        """Filter a port no longer, and forget its connections."""
        port = self.after.ports.pop(port_id, None)
        if port is None:
            return
        self._takes_away = True
        self.gone.append((port.zone, port.addresses))
        self._point(port_id, port, None)
        self._drop_chain("bridge", f"from-{port_id}")

    def put_bridge(self, bridge: str) -> None:
        """Keep the connections of a bridge apart from those of others, and its packets within sight of the rules."""
        if bridge in self.after.zones:
            return
        self._drop_gone_bridges()
        zone = _free_zone(bridge, set(self.after.zones.values()))
        self._lines.append(f'add element inet {self._table} zones {{ "{bridge}" : {zone} }}')
        self._lines.append(f'add element inet {self._table} bridges {{ "{bridge}" }}')
        self.after.zones[bridge] = zone

    def written(self) -> list[str]:
        """The lines, with what follows from the rest: profiles that no port has go, and a new generation begins."""
        self._drop_unused_profiles()
        if self._takes_away:
            self.after.generation = self.after.generation % layout.GENERATIONS[-1] + 1
            self._lines += layout.generation_rules(self._table, self.after.generation)
        return self._lines

    def _declare(self, group_id: str) -> None:
        if group_id not in self.after.groups:
            self._lines += group_rules.chains_declared(self._table, group_id)
            self._lines += group_rules.sets_declared(self._table, group_id)
            self.after.groups.add(group_id)

    def _drop_chain(self, family: str, chain: str) -> None:
        self._lines += [f"flush chain {family} {self._table} {chain}", f"delete chain {family} {self._table} {chain}"]

    def _drop_strangers(self, port: FilteredPort) -> None:
        """Who has the port's device now, if another, has lost it: a name means one device at a time."""
        others = [id_ for id_, other in self.after.ports.items() if other.device == port.device and id_ != port.id]
        for other_id in others:
            self.drop_port(other_id)

    def _fill(self, port: FilteredPort, mark: int, *, is_new: bool) -> None:
        chain = f"from-{port.id}"
        if is_new:
            self._lines.append(f"add chain bridge {self._table} {chain}")
        write = layout.filled if is_new else layout.replaced
        self._lines += write("bridge", self._table, chain, port_chains.leaving(port, mark))

    def _point(self, port_id: str, before: StandingPort | None, now: StandingPort | None) -> None:
        old = _elements(port_id, before) if before else {}
        new = _elements(port_id, now) if now else {}
        for (kind, key), value in old.items():
            if new.get((kind, key)) != value:
                self._lines.append(f"delete element bridge {self._table} {kind} {{ {key} }}")
        for (kind, key), value in new.items():
            if old.get((kind, key)) != value:
                self._lines.append(f"add element bridge {self._table} {kind} {{ {key}{value} }}")

    def _profile(self, port: FilteredPort) -> int:
        groups = sorted(set(port.groups))
        name = _profile_name(groups, stateful=port.stateful)
        if name not in self.after.profiles:
            number = _first_free(layout.PROFILES, set(self.after.profiles.values()))
            self.after.profiles[name] = number
            self._lines += self._profile_lines(name, number, groups, stateful=port.stateful)
        return self.after.profiles[name]

    def _profile_lines(self, name: str, number: int, groups: list[str], *, stateful: bool) -> Iterator[str]:
        for group_id in groups:
            self._declare(group_id)
        for direction in group_rules.DIRECTIONS:
            role = group_rules.ROLE[direction]
            yield f"add chain inet {self._table} {role}-{name}"
            refused = f"goto refused-{role}" if stateful else "drop"
            jumps = [*(f"jump {direction}-{group_id}" for group_id in groups), refused]
            yield from layout.filled("inet", self._table, f"{role}-{name}", jumps)
            yield f"add element inet {self._table} {role}s {{ {layout.TAG | number:#x} : goto {role}-{name} }}"

    def _drop_unused_profiles(self) -> None:
        used = {port.profile for port in self.after.ports.values()}
        for name, number in list(self.after.profiles.items()):
            if number not in used:
                del self.after.profiles[name]
                for role in group_rules.ROLE.values():
                    self._lines.append(f"delete element inet {self._table} {role}s {{ {layout.TAG | number:#x} }}")
                    self._drop_chain("inet", f"{role}-{name}")

    def _drop_gone_bridges(self) -> None:
        used = {port.zone for port in self.after.ports.values()}
        for bridge, zone in list(self.after.zones.items()):
            if zone not in used and _index_of(bridge) is None:
                del self.after.zones[bridge]
                for kind in ("zones", "bridges"):
                    self._lines.append(f'delete element inet {self._table} {kind} {{ "{bridge}" }}')


def _elements(port_id: str, port: StandingPort) -> dict[tuple[str, str], str]:
    """Where a port stands in the maps and sets: which of them, its key there, and what that leads to."""
    device = f'"{port.device}"'
    return {
        ("profiles", device): f" : {port.mark:#x}",
        ("from", device): f" : goto from-{port_id}",
        ("zones", device): f" : {port.zone}",
        **{(f"fixed{ip_address(address).version}", f"{device} . {mac} . {address}"): "" for mac, address in port.fixed},
        **{("macs", f"{device} . {mac}"): "" for mac in port.macs},
    }


def _profile_name(groups: list[str], *, stateful: bool) -> str:
    text = " ".join(["stateful" if stateful else "stateless", *groups])
    return hashlib.sha256(text.encode()).hexdigest()[:NAME_DIGITS]


def _free_zone(bridge: str, taken: set[int]) -> int:
    # Bridges of another cloud may be in this namespace, and so in the same table of connections: an index is unique.
    wanted = (_index_of(bridge) or 0) % len(ZONES)
    return _first_free([*ZONES[wanted:], *ZONES], taken)


def _index_of(device: str) -> int | None:
    try:
        return socket.if_nametoindex(device)
    except OSError:
        return None


def _first_free(numbers: Iterable[int], taken: set[int]) -> int:
    return next(number for number in numbers if number not in taken)
