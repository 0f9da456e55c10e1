"""Every reconciler converges, then rests, and never touches what isn't ours."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.laws.found import SERVICES
from tests.laws.reconcilers import ERRANDS, GIVEN, Given

import haneul.services
from haneul.kernel.bus import CONTROL, open_bus
from haneul.kernel.reconcile import Report, Tombstone
from haneul.kernel.reconcile.runner import Identity, Runner
from haneul.kernel.reconcile.values import Nothing, PlanAsk, PlanReply

CLOUD, OTHER, HOST = "cloud-1", "cloud-2", "host-1"


def reconcilers() -> list[type[Any]]:
    """Every class of a service's agent that is called a reconciler."""
    found = set()
    for module in pkgutil.walk_packages(haneul.services.__path__, "haneul.services."):
        if ".agent." in module.name:
            for name, value in vars(importlib.import_module(module.name)).items():
                if name.endswith("Reconciler") and isinstance(value, type) and value.__module__ == module.name:
                    found.add(value)
    return sorted(found, key=lambda kind: kind.__name__)


RECONCILERS = reconcilers()
each_reconciler = pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN.keys())


class Watched:
    """A reconciler, with a record of what it changed."""

    def __init__(self, reconciler: Any) -> None:
        self._reconciler = reconciler
        self.did: list[str] = []

    def ensure(self, entry: Any) -> Any:
        self.did.append(f"ensure {self.id_of(entry)}")
        return self._reconciler.ensure(entry)

    def remove(self, thing_id: str) -> None:
        self.did.append(f"remove {thing_id}")
        self._reconciler.remove(thing_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reconciler, name)


class Host:
    """A host on a bus with a control that plans what a test wants."""

    def __init__(self, folder: Path, given: Given) -> None:
        self.folder, self.given = folder, given
        self.wanted: list[Any] = []
        self.stones: list[Tombstone] = []
        self.revision = 0
        url = f"unix://{folder / 'bus.sock'}"
        self.control = open_bus(url, CONTROL, listen=True)
        self.control.serve("reconcile.plan", PlanAsk, self.plan)
        self.control.serve("reconcile.report", Report, lambda _report: Nothing())
        self.control.start()
        self.agent = open_bus(url, HOST)
        self.agent.start()
        self.watched = Watched(given.made(folder, CLOUD))
        self.runner: Runner[Any] = Runner(self.watched, self.agent, Identity(CLOUD, HOST, folder))

    def plan(self, ask: PlanAsk) -> PlanReply:
        self.revision += 1
        entries = [msgspec.Raw(msgspec.msgpack.encode(entry)) for entry in self.wanted]
        return PlanReply(CLOUD, self.revision, entries, self.stones)

    def passes(self) -> list[str]:
        """What one whole pass changed."""
        self.watched.did.clear()
        report = self.runner.once()
        assert report.stopped == ""
        assert [seen for seen in report.observations if seen.error] == []
        return sorted(self.watched.did)

    def close(self) -> None:
        self.agent.close()
        self.control.close()


@pytest.fixture
def host(tmp_path: Path, given: Given) -> Iterator[Host]:
    found = Host(tmp_path, given)
    yield found
    found.close()


def test_every_reconciler_is_bound() -> None:
    assert {kind.__name__ for kind in RECONCILERS} == {*GIVEN, *ERRANDS}


def test_every_kind_that_is_planned_has_a_reconciler() -> None:
    assert {plan.kind for service in SERVICES for plan in service.plans} == {kind.kind for kind in RECONCILERS}


@each_reconciler
def test_it_converges_and_then_rests(host: Host) -> None:
    for generation in (1, 2):
        host.wanted = list(host.given.wanted(generation))
        assert host.passes() == [f"ensure {host.watched.id_of(entry)}" for entry in host.wanted]
        seen = host.watched.actual(())
        assert all(host.watched.is_true(entry, seen[host.watched.id_of(entry)]) for entry in host.wanted)
        assert host.passes() == []


@each_reconciler
def test_it_rests_after_the_agent_has_started_again(host: Host) -> None:
    host.wanted = list(host.given.wanted(2))
    host.passes()
    host.watched._reconciler = host.given.made(host.folder, CLOUD)
    assert host.passes() == []


@each_reconciler
def test_tombstones_take_away_and_then_it_rests(host: Host) -> None:
    host.wanted = list(host.given.wanted(1))
    host.passes()
    gone = [host.watched.id_of(entry) for entry in host.wanted]
    host.wanted, host.stones = [], [Tombstone(thing_id, 2) for thing_id in gone]
    assert host.passes() == [f"remove {thing_id}" for thing_id in sorted(gone)]
    assert host.watched.actual(()) == {}
    host.stones = []
    assert host.passes() == []


@each_reconciler
def test_every_verb_may_be_repeated(host: Host) -> None:
    (entry, *_) = host.given.wanted(2)
    reconciler, thing_id = host.watched._reconciler, host.watched.id_of(entry)
    assert reconciler.ensure(entry) == reconciler.ensure(entry)
    before = reconciler.actual((thing_id,))
    reconciler.ensure(entry)
    assert reconciler.actual((thing_id,)) == before
    for _ in range(2):
        reconciler.remove(thing_id)
    assert reconciler.actual(()) == {}


@each_reconciler
def test_it_never_touches_what_is_not_ours(host: Host) -> None:
    """Another cloud's things on the same host, under the very ids that ours wants gone."""
    other = host.given.made(host.folder, OTHER)
    theirs = list(host.given.wanted(1))
    for entry in theirs:
        other.ensure(entry)
    before = dict(other.actual(()))
    assert len(before) == len(theirs)
    assert host.watched.actual(()) == {}
    host.stones = [Tombstone(thing_id, 99) for thing_id in before]
    host.passes()
    assert dict(other.actual(())) == before


@each_reconciler
def test_what_is_seen_says_the_generation_that_was_made_true(host: Host) -> None:
    for generation in (1, 2):
        for entry in host.given.wanted(generation):
            assert host.watched.ensure(entry).generation == generation
        assert {seen.generation for seen in host.watched.actual(()).values()} == {generation}


@pytest.mark.parametrize("given", ERRANDS.values(), ids=ERRANDS.keys())
def test_an_errand_may_be_run_again_and_leaves_nothing_to_compare(tmp_path: Path, given: Given) -> None:
    reconciler = given.made(tmp_path, CLOUD)
    for entry in given.wanted(1):
        thing_id = reconciler.id_of(entry)
        first = reconciler.ensure(entry)
        assert (first.id, first.error) == (thing_id, "")
        reconciler.remove(thing_id)
        assert reconciler.ensure(entry) == first
        assert reconciler.actual((thing_id,)) == {}
