"""What stands in the kernel, read back from it: all that the firewall must know to change it."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from haneul.host.net.firewall.nft import listed

PROFILE_OF_MARK = 0xFFFF
ZONE_COMMENT = "zone "


class StandingPort(Struct, frozen=True, kw_only=True):
    """A port that is filtered now: its device, its profile's number, its bridge's zone and its fixed addresses."""

    device: str
    profile: int
    zone: int
    addresses: tuple[str, ...]


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
    parts = [
        listed(what)
        for what in (
            f"table bridge {table}",
            "chains inet",
            f"map inet {table} initiators",
            f"map inet {table} zones",
            f"chain inet {table} known-initiator",
        )
    ]
    if any(part is None for part in parts):
        return None
    things = [thing for part in parts for thing in part or ()]
    maps = {thing["map"]["name"]: _elements(thing["map"]) for thing in things if "map" in thing}
    chains = [thing["chain"] for thing in things if "chain" in thing]
    return Standing(
        generation=_generation(things),
        ports=dict(_ports(things, maps)),
        groups={
            chain["name"].removeprefix("egress-")
            for chain in chains
            if chain["table"] == table and chain["name"].startswith("egress-")
        },
        profiles={
            _target(verdict).removeprefix("initiator-"): mark & PROFILE_OF_MARK
            for mark, verdict in maps["initiators"].items()
        },
        zones=maps["zones"],
    )


def _elements(found: dict[str, Any]) -> dict[Any, Any]:
    return dict(found.get("elem", []))


def _target(verdict: dict[str, Any]) -> str:
    return str(verdict["goto"]["target"])


def _generation(things: list[dict[str, Any]]) -> int:
    rules = (thing["rule"] for thing in things if "rule" in thing)
    (known,) = (rule for rule in rules if rule["chain"] == "known-initiator")
    return int(known["expr"][0]["match"]["right"])


def _ports(things: list[dict[str, Any]], maps: dict[str, dict[Any, Any]]) -> Iterator[tuple[str, StandingPort]]:
    zones: dict[str, int] = {}
    addresses: dict[str, list[str]] = {}
    for rule in (thing["rule"] for thing in things if "rule" in thing):
        comment = rule.get("comment", "")
        if comment.startswith(ZONE_COMMENT):
            zones[rule["chain"]] = int(comment.removeprefix(ZONE_COMMENT))
        addresses.setdefault(rule["chain"], []).extend(_destinations(rule))
    for device, verdict in maps["to"].items():
        chain = _target(verdict)
        yield (
            chain.removeprefix("to-"),
            StandingPort(
                device=device,
                profile=maps["profiles"][device] & PROFILE_OF_MARK,
                zone=zones[chain],
                addresses=tuple(addresses[chain]),
            ),
        )


def _destinations(rule: dict[str, Any]) -> Iterator[str]:
    for part in rule["expr"]:
        payload = part.get("match", {}).get("left", {}).get("payload", {}) if "match" in part else {}
        if payload.get("protocol") in ("ip", "ip6") and payload.get("field") == "daddr":
            yield part["match"]["right"]
