"""Plans larger than a message: what tenants put into their servers must not part a host from control."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest
from tests.kernel.databases import opened
from tests.kernel.reconcile.shelf import CLOUD, HOST

from haneul.kernel.bus import CONTROL, Bus, BusError, open_bus
from haneul.kernel.bus.messages import MAX_BODY_BYTES
from haneul.kernel.db import Db, Store
from haneul.kernel.reconcile import Observation, Report
from haneul.kernel.reconcile.models import owners, plan_revisions, tombstones
from haneul.kernel.reconcile.plans import PlanDesk, PlanSource, claim, touch
from haneul.kernel.reconcile.runner import Identity, Runner

KIND = "crate"
LOAD = bytes(MAX_BODY_BYTES // 10)


class Crate(msgspec.Struct, frozen=True):
    """A crate as it should be."""

    id: str
    generation: int
    load: bytes


class Cellar:
    """A reconciler that remembers which crates it has."""

    kind = KIND
    entry_type = Crate

    def __init__(self) -> None:
        self.crates: dict[str, Observation] = {}

    def actual(self, ids: Collection[str]) -> Mapping[str, Observation]:
        return {crate: seen for crate, seen in self.crates.items() if not ids or crate in ids}

    def ensure(self, entry: Crate) -> Observation:
        self.crates[entry.id] = Observation(entry.id, entry.generation, "there")
        return self.crates[entry.id]

    def remove(self, thing_id: str) -> None:
        self.crates.pop(thing_id, None)

    def id_of(self, entry: Crate) -> str:
        return entry.id

    def generation_of(self, entry: Crate) -> int:
        return entry.generation

    def request_of(self, entry: Crate) -> str:
        return ""

    def is_true(self, entry: Crate, seen: Observation | None) -> bool:
        return seen is not None and seen.generation == entry.generation


class Control:
    """Control with crates to plan; `changes` is called whenever it looks at them."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self.store, self.names = store, [f"crate-{number:02}" for number in range(24)]
        self.looks = 0
        self.restless = 0
        PlanDesk(store, [PlanSource(KIND, self.wanted, lambda db, report: None)]).serve(bus)

    def wanted(self, _db: Db, _host: str, ids: Sequence[str]) -> list[Crate]:
        self.looks += 1
        if self.restless:
            self.restless -= 1
            self.store.write(lambda db: touch(db, HOST, KIND, ()))
        return [Crate(name, 1, LOAD) for name in self.names if not ids or name in ids]


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    bus = open_bus(f"unix://{tmp_path / 'bus.sock'}", CONTROL, listen=True)
    with opened(f"sqlite:///{tmp_path / 'plans.db'}", tombstones, plan_revisions, owners) as store:
        store.write(lambda db: claim(db, CLOUD))
        found = Control(store, bus)
        bus.start()
        yield found
        bus.close()


@pytest.fixture
def runner(control: Control, tmp_path: Path) -> Iterator[Runner[Crate]]:
    bus = open_bus(f"unix://{tmp_path / 'bus.sock'}", HOST)
    bus.start()
    yield Runner(Cellar(), bus, Identity(CLOUD, HOST, tmp_path))
    bus.close()


def made(report: Report) -> list[str]:
    return sorted(seen.id for seen in report.observations)


def test_a_plan_larger_than_a_message_comes_in_parts(control: Control, runner: Runner[Crate]) -> None:
    assert made(runner.once()) == control.names
    assert control.looks > 2


def test_a_plan_that_changes_between_its_parts_is_asked_for_anew(control: Control, runner: Runner[Crate]) -> None:
    control.restless = 3
    assert made(runner.once()) == control.names


def test_one_that_never_holds_still_is_left_for_later(control: Control, runner: Runner[Crate]) -> None:
    control.restless = 10_000
    with pytest.raises(BusError, match="changes faster"):
        runner.once()
