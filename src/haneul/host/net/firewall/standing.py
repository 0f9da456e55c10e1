"""What stands in the kernel, read back from it: all that the firewall must know to change it."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from haneul.host.net.firewall.nft import listed

PROFILE_OF_MARK = 0xFFFF


class StandingPort(Struct, frozen=True, kw_only=True):
    """A port that is filtered now; `fixed` are its own MAC and each of its fixed addresses."""

    device: str
    mark: int
    zone: int
    macs: frozenset[str]
    fixed: frozenset[tuple[str, str]]

    @property
    def profile(self) -> int:
        return self.mark & PROFILE_OF_MARK

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset(address for _, address in self.fixed)


class Standing(Struct, kw_only=True):
    """All of a cloud's firewall: ports and groups by id, profiles by name, zones by bridge."""

    generation: int
    ports: dict[str, StandingPort] = {}
    groups: set[str] = set()
    profiles: dict[str, int] = {}
    zones: dict[str, int] = {}

    def copy(self) -> "Standing":
        """One that can be changed while a transaction is written that may fail."""
        return Standing(
            generation=self.generation,
            ports=dict(self.ports),
            groups=set(self.groups),
            profiles=dict(self.profiles),
            zones=dict(self.zones),
        )


def read_back(table: str) -> Standing | None:
    """What stands under this table's name; None if there is no such table."""
    generation = _generation(table)
    if generation is None:
        return None
    bridge = _elements(table, "map", "maps bridge") | _elements(table, "set", "sets bridge")
    inet = _elements(table, "map", "maps inet")
    return Standing(
        generation=generation,
        ports=dict(_ports(bridge)),
        groups=set(_groups(table)),
        profiles={
            _target(verdict).removeprefix("initiator-"): mark & PROFILE_OF_MARK for mark, verdict in inet["initiators"]
        },
        zones=dict(inet["zones"]),
    )


def _generation(table: str) -> int | None:
    rules = [thing["rule"] for thing in listed(f"chain inet {table} known-initiator") or () if "rule" in thing]
    return int(rules[0]["expr"][0]["match"]["right"]) if rules else None


def _elements(table: str, kind: str, what: str) -> dict[str, list[Any]]:
    """What is in each map or set of the table."""
    found = [thing[kind] for thing in listed(what) or () if kind in thing]
    return {one["name"]: one.get("elem", []) for one in found if one["table"] == table}


def _groups(table: str) -> Iterator[str]:
    for chain in (thing["chain"] for thing in listed("chains inet") or () if "chain" in thing):
        if chain["table"] == table and chain["name"].startswith("egress-"):
            yield chain["name"].removeprefix("egress-")


def _ports(bridge: dict[str, list[Any]]) -> Iterator[tuple[str, StandingPort]]:
    marks, zones = dict(bridge["profiles"]), dict(bridge["zones"])
    fixed, macs = _by_device(bridge["fixed4"] + bridge["fixed6"]), _by_device(bridge["macs"])
    for device, verdict in bridge["from"]:
        port = StandingPort(
            device=device,
            mark=marks[device],
            zone=zones[device],
            macs=frozenset(mac for (mac,) in macs[device]),
            fixed=frozenset((mac, address) for mac, address in fixed[device]),
        )
        yield _target(verdict).removeprefix("from-"), port


def _by_device(elements: list[Any]) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = defaultdict(list)
    for element in elements:
        device, *rest = element["concat"]
        found[device].append(rest)
    return found


def _target(verdict: dict[str, Any]) -> str:
    return str(verdict["goto"]["target"])
