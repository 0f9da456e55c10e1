"""A reconciler small enough to see through: jars on a shelf, which is a folder. A jar's file name names its cloud."""

from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from haneul.kernel.reconcile import Observation
from haneul.kernel.reconcile.values import PlanAsk, PlanReply, Tombstone

CLOUD, HOST, KIND = "blue", "kitchen", "jar"


class Jar(msgspec.Struct, frozen=True):
    """A jar as it should be."""

    id: str
    generation: int
    filling: str


class ShelfReconciler:
    """Makes the jars of one cloud on this shelf as the plan wants them, and writes down what it did."""

    kind = KIND
    entry_type = Jar

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.did: list[str] = []
        folder.mkdir(exist_ok=True)

    def actual(self, ids: Collection[str]) -> Mapping[str, Observation]:
        found = {path.name.partition(".")[2]: path for path in sorted(self.folder.glob(f"{CLOUD}.*"))}
        return {jar_id: self._seen(path) for jar_id, path in found.items() if not ids or jar_id in ids}

    def ensure(self, entry: Jar) -> Observation:
        self.did.append(f"fill {entry.id}")
        if entry.filling == "air":
            return Observation(entry.id, entry.generation, "empty", "Nobody can fill a jar with air.")
        if entry.filling == "lightning":
            raise OSError("it burns")
        self.put(entry)
        return self._seen(self._path(entry.id))

    def remove(self, thing_id: str) -> None:
        self.did.append(f"break {thing_id}")
        self._path(thing_id).unlink(missing_ok=True)

    def id_of(self, entry: Jar) -> str:
        return entry.id

    def generation_of(self, entry: Jar) -> int:
        return entry.generation

    def request_of(self, entry: Jar) -> str:
        return ""

    def is_true(self, entry: Jar, seen: Observation | None) -> bool:
        return seen is not None and (seen.generation, seen.state) == (entry.generation, entry.filling)

    def put(self, jar: Jar) -> None:
        """Set a jar on the shelf."""
        fresh = self.folder.with_name(f"fresh-{jar.id}")
        fresh.write_text(f"{jar.generation} {jar.filling}")
        fresh.replace(self._path(jar.id))

    def jars(self) -> dict[str, str]:
        """What stands on the shelf, of whatever cloud: file name to filling."""
        return {path.name: path.read_text().split()[1] for path in self.folder.iterdir()}

    def _path(self, jar_id: str) -> Path:
        return self.folder / f"{CLOUD}.{jar_id}"

    def _seen(self, path: Path) -> Observation:
        generation, filling = path.read_text().split()
        return Observation(path.name.partition(".")[2], int(generation), filling)


class Cook:
    """Control's side, as a test wants it: what to plan, and what was reported."""

    def __init__(self) -> None:
        self.cloud_id, self.revision = CLOUD, 1
        self.jars: list[Jar] = []
        self.stones: list[Tombstone] = []
        self.asked: list[tuple[str, ...]] = []

    def plan(self, ask: PlanAsk) -> PlanReply:
        self.asked.append(tuple(sorted(ask.ids)))
        wanted = [jar for jar in self.jars if not ask.ids or jar.id in ask.ids]
        stones = [stone for stone in self.stones if not ask.ids or stone.id in ask.ids]
        entries = [msgspec.Raw(msgspec.msgpack.encode(jar)) for jar in wanted]
        return PlanReply(self.cloud_id, self.revision, entries, stones)
