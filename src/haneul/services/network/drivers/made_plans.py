"""What a driver has made true, on disk: a driver that starts again knows it, and takes nothing that isn't its own."""

import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from haneul.services.network.drivers.base import (
    DhcpPlan,
    GroupPlan,
    Kind,
    Made,
    Plan,
    PortPlan,
    Refused,
    RouterPlan,
    SegmentPlan,
)

PLANS: Mapping[Kind, type[Plan]] = MappingProxyType(
    {"segment": SegmentPlan, "port": PortPlan, "group": GroupPlan, "dhcp": DhcpPlan, "router": RouterPlan}
)
KIND_OF = {shape: kind for kind, shape in PLANS.items()}
KINDS: tuple[Kind, ...] = tuple(PLANS)
ID_CHARACTERS = frozenset("0123456789abcdef-")


class MadePlans:
    """The plans that were made true in one place, one file each, and in memory.

    They are not brought to the disk with force: what they tell of does not outlive the machine's power either.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._known: dict[Kind, dict[str, Plan]] | None = None

    def of(self, kind: Kind) -> dict[str, Plan]:
        """All made plans of a kind, by id."""
        with self._lock:
            return dict(self._all()[kind])

    def get(self, kind: Kind, thing_id: str) -> Plan | None:
        with self._lock:
            return self._all()[kind].get(thing_id)

    def keep(self, plan: Plan) -> None:
        """Remember that a plan is true."""
        refuse_strange(plan.id)
        kind = KIND_OF[type(plan)]
        path = self._path(kind, plan.id)
        draft = path.with_suffix(".part")
        with self._lock:
            known = self._all()[kind]
            draft.write_bytes(msgspec.json.encode(plan))
            draft.replace(path)
            known[plan.id] = plan

    def forget(self, kind: Kind, thing_id: str) -> None:
        """The thing is gone."""
        refuse_strange(thing_id)
        with self._lock:
            self._all()[kind].pop(thing_id, None)
            self._path(kind, thing_id).unlink(missing_ok=True)

    def made(self, kind: Kind, ids: Collection[str]) -> list[Made]:
        """What was made of a kind, or of these ids of it."""
        known = self.of(kind)
        named = [known[one] for one in ids if one in known] if ids else known.values()
        return [Made(plan.id, plan.generation) for plan in named]

    def _all(self) -> dict[Kind, dict[str, Plan]]:
        if self._known is None:
            self._known = {kind: self._read(kind) for kind in KINDS}
        return self._known

    def _read(self, kind: Kind) -> dict[str, Plan]:
        folder = self._folder / kind
        folder.mkdir(parents=True, exist_ok=True)
        found: dict[str, Plan] = {}
        for path in folder.glob("*.json"):
            try:
                found[path.stem] = msgspec.json.decode(path.read_bytes(), type=PLANS[kind])
            except msgspec.MsgspecError:
                # Of an older shape, or cut off by a power cut: the thing is made anew over what is there.
                path.unlink()
        return found

    def _path(self, kind: Kind, thing_id: str) -> Path:
        return self._folder / kind / f"{thing_id}.json"


def refuse_strange(thing_id: str) -> None:
    """Refused for an id that could lead out of a folder, or mean something to a program."""
    if not thing_id or len(thing_id) > 64 or not ID_CHARACTERS.issuperset(thing_id):
        raise Refused(f"The id {thing_id!r} has characters that an id can't have.")
