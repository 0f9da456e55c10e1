"""An agent's runner over a real bus: what it makes and removes, which plans it refuses, how it does without control."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.kernel.reconcile.shelf import CLOUD, HOST, KIND, Cook, Jar, ShelfReconciler

from haneul.kernel.bus import CONTROL, Bus, open_bus
from haneul.kernel.reconcile import Observation, Report, Tombstone, outbox, runner
from haneul.kernel.reconcile.last_plan import accept_refused
from haneul.kernel.reconcile.runner import Identity, Runner
from haneul.kernel.reconcile.values import Nothing, PlanAsk


class Kitchen:
    """Control and one agent on one bus."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cook = Cook()
        self.reports: list[Report] = []
        self.hub: Bus | None = None
        self.open()
        self.agent = open_bus(self._url, HOST)
        self.agent.start()
        self.shelf = ShelfReconciler(folder / "shelf")
        self.runner = self.fresh_runner()

    @property
    def _url(self) -> str:
        return f"unix://{self.folder / 'bus.sock'}"

    def open(self) -> None:
        self.hub = open_bus(self._url, CONTROL, listen=True)
        self.hub.serve("reconcile.plan", PlanAsk, self.cook.plan)
        self.hub.serve("reconcile.report", Report, self._hear)
        self.hub.start()

    def close(self) -> None:
        if self.hub is not None:
            self.hub.close()
        self.hub = None

    def fresh_runner(self) -> Runner[Jar]:
        """A runner as it is after the host has started again."""
        return Runner(self.shelf, self.agent, Identity(CLOUD, HOST, self.folder))

    def _hear(self, report: Report) -> Nothing:
        self.reports.append(report)
        return Nothing()


@pytest.fixture
def kitchen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kitchen]:
    monkeypatch.setattr(runner, "ABSENT_S", 0.05)
    monkeypatch.setattr(runner, "PLAN_DEADLINE_S", 0.3)
    monkeypatch.setattr(outbox, "END_S", 0.1)
    found = Kitchen(tmp_path)
    yield found
    found.agent.close()
    found.close()


@pytest.fixture
def running(kitchen: Kitchen) -> Iterator[Kitchen]:
    kitchen.runner.start()
    yield kitchen
    kitchen.runner.stop()


def eventually(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline, "It did not come to pass."
        time.sleep(0.005)


def test_it_makes_what_is_missing_and_then_rests(kitchen: Kitchen) -> None:
    kitchen.cook.jars = [Jar("a", 1, "honey"), Jar("b", 1, "rice")]
    report = kitchen.runner.once()
    assert kitchen.shelf.jars() == {"blue.a": "honey", "blue.b": "rice"}
    assert {seen.id: seen.generation for seen in report.observations} == {"a": 1, "b": 1}
    kitchen.shelf.did.clear()
    report = kitchen.runner.once()
    assert kitchen.shelf.did == []
    assert report.is_full
    assert {seen.id for seen in report.observations} == {"a", "b"}


def test_it_changes_what_is_not_as_wanted_and_only_that(kitchen: Kitchen) -> None:
    kitchen.cook.jars = [Jar("a", 1, "honey"), Jar("b", 1, "rice")]
    kitchen.runner.once()
    kitchen.shelf.did.clear()
    kitchen.cook.jars[1] = Jar("b", 2, "beans")
    kitchen.runner.once()
    assert kitchen.shelf.did == ["fill b"]
    assert kitchen.shelf.jars()["blue.b"] == "beans"


def test_what_is_named_in_a_wake_is_all_that_it_asks_for(kitchen: Kitchen) -> None:
    kitchen.cook.jars = [Jar("a", 1, "honey"), Jar("b", 1, "rice")]
    report = kitchen.runner.once(("b",))
    assert kitchen.cook.asked == [("b",)]
    assert kitchen.shelf.did == ["fill b"]
    assert not report.is_full


def test_it_never_touches_what_is_not_ours(kitchen: Kitchen) -> None:
    stranger = kitchen.shelf.folder / "red.a"
    stranger.write_text("9 wine")
    kitchen.cook.stones = [Tombstone("a", 99)]
    report = kitchen.runner.once()
    assert stranger.read_text() == "9 wine"
    assert report.observations == []


def test_what_the_plan_merely_lacks_stays_and_is_reported(kitchen: Kitchen) -> None:
    for name in "abc":
        kitchen.shelf.put(Jar(name, 1, "honey"))
    kitchen.cook.jars = [Jar("a", 1, "honey"), Jar("b", 1, "honey")]
    report = kitchen.runner.once()
    assert report.unexpected == ["c"]
    assert kitchen.shelf.did == []
    assert "blue.c" in kitchen.shelf.jars()


def test_a_tombstone_is_honoured_and_told(kitchen: Kitchen) -> None:
    kitchen.shelf.put(Jar("a", 3, "honey"))
    kitchen.cook.stones = [Tombstone("a", 4), Tombstone("never-made", 1)]
    report = kitchen.runner.once()
    assert sorted(report.gone) == ["a", "never-made"]
    assert kitchen.shelf.jars() == {}
    assert {thing for told in kitchen.reports for thing in told.gone} == {"a", "never-made"}
    assert report.gone_at == {"a": 4, "never-made": 1}


def test_a_tombstone_older_than_the_thing_removes_nothing(kitchen: Kitchen) -> None:
    kitchen.shelf.put(Jar("a", 7, "honey"))
    kitchen.cook.stones = [Tombstone("a", 4)]
    report = kitchen.runner.once()
    assert report.gone == []
    assert report.observations == [Observation("a", 7, "honey")]
    assert kitchen.shelf.jars() == {"blue.a": "honey"}


@pytest.mark.parametrize("ids", [(), ("a",)], ids=["full", "by id"])
def test_a_plan_of_another_cloud_changes_nothing(kitchen: Kitchen, ids: tuple[str, ...]) -> None:
    kitchen.shelf.put(Jar("a", 1, "honey"))
    kitchen.cook.cloud_id = "red"
    kitchen.cook.jars, kitchen.cook.stones = [Jar("b", 1, "rice")], [Tombstone("a", 99)]
    report = kitchen.runner.once(ids)
    assert "belongs to cloud blue" in report.stopped
    assert kitchen.shelf.did == []
    assert kitchen.reports[-1].stopped == report.stopped


@pytest.mark.parametrize("ids", [(), ("a",)], ids=["full", "by id"])
def test_a_plan_older_than_one_seen_changes_nothing_even_after_a_reboot(kitchen: Kitchen, ids: tuple[str, ...]) -> None:
    kitchen.cook.revision, kitchen.cook.jars = 9, [Jar("a", 1, "honey")]
    kitchen.runner.once()
    kitchen.shelf.did.clear()
    kitchen.cook.revision, kitchen.cook.jars, kitchen.cook.stones = 8, [], [Tombstone("a", 99)]
    for which in (kitchen.runner, kitchen.fresh_runner()):
        report = which.once(ids)
        assert "restored from a backup" in report.stopped
    assert kitchen.shelf.did == []


def test_a_revision_seen_in_passing_counts_too(kitchen: Kitchen) -> None:
    kitchen.cook.jars = [Jar("a", 1, "honey")]
    kitchen.cook.revision = 5
    kitchen.runner.once(("a",))
    kitchen.cook.revision = 4
    assert "restored from a backup" in kitchen.fresh_runner().once().stopped


def test_a_plan_that_knows_less_than_half_of_what_is_there_changes_nothing(kitchen: Kitchen) -> None:
    for name in "abc":
        kitchen.shelf.put(Jar(name, 1, "honey"))
    kitchen.cook.jars = [Jar("a", 2, "rice"), Jar("new", 1, "rice")]
    report = kitchen.runner.once()
    assert report.stopped.startswith("The plan knows nothing of 2 of the 3 things on this host.")
    assert kitchen.shelf.did == []
    kitchen.cook.stones = [Tombstone("b", 5), Tombstone("c", 5)]
    assert kitchen.runner.once().stopped == ""
    assert kitchen.shelf.jars() == {"blue.a": "rice", "blue.new": "rice"}


def test_what_cant_be_made_is_told_and_holds_up_nothing_else(kitchen: Kitchen) -> None:
    kitchen.cook.jars = [Jar("a", 2, "air"), Jar("b", 1, "lightning"), Jar("c", 1, "honey")]
    report = kitchen.runner.once()
    seen = {one.id: one for one in report.observations}
    assert seen["a"] == Observation("a", 2, "empty", "Nobody can fill a jar with air.")
    assert (seen["b"].generation, "burns" in seen["b"].error) == (0, False)
    assert seen["c"].state == "honey"


def test_without_control_the_last_plan_on_disk_is_followed_but_no_tombstone(kitchen: Kitchen) -> None:
    kitchen.cook.jars = [Jar("a", 1, "honey")]
    kitchen.runner.once()
    kitchen.shelf.put(Jar("b", 1, "rice"))
    kitchen.cook.stones = [Tombstone("b", 9)]
    kitchen.close()
    (kitchen.shelf.folder / "blue.a").unlink()
    rebooted = kitchen.fresh_runner()
    rebooted.start()
    try:
        eventually(lambda: "blue.a" in kitchen.shelf.jars())
        assert "blue.b" in kitchen.shelf.jars()
    finally:
        rebooted.stop()


def test_what_was_removed_since_the_last_whole_plan_is_not_made_again_without_control(kitchen: Kitchen) -> None:
    kitchen.cook.jars = [Jar("a", 1, "honey"), Jar("b", 1, "rice")]
    kitchen.runner.once()
    kitchen.cook.jars, kitchen.cook.stones = [Jar("b", 2, "beans")], [Tombstone("a", 2)]
    kitchen.runner.once(("a", "b"))
    kitchen.close()
    (kitchen.shelf.folder / "blue.b").unlink()
    rebooted = kitchen.fresh_runner()
    rebooted.start()
    try:
        eventually(lambda: kitchen.shelf.jars() == {"blue.b": "beans"})
    finally:
        rebooted.stop()


def test_a_thing_newer_than_its_plan_is_left_alone_and_told_as_it_is(kitchen: Kitchen) -> None:
    kitchen.shelf.put(Jar("a", 7, "honey"))
    kitchen.cook.jars = [Jar("a", 4, "rice")]
    report = kitchen.runner.once()
    assert kitchen.shelf.did == []
    assert report.observations == [Observation("a", 7, "honey")]


@pytest.mark.parametrize("revision", [1, 9], ids=["older", "half of it unknown"])
def test_an_operator_has_a_refused_plan_followed_once(kitchen: Kitchen, revision: int) -> None:
    kitchen.cook.revision, kitchen.cook.jars = 5, [Jar(name, 1, "honey") for name in "abc"]
    kitchen.runner.once()
    kitchen.cook.revision, kitchen.cook.jars = revision, [Jar("a", 2, "rice")]
    assert kitchen.runner.once().stopped
    assert accept_refused(kitchen.folder / "plans") == [KIND]
    report = kitchen.fresh_runner().once()
    assert (report.stopped, report.unexpected) == ("", ["b", "c"])
    assert kitchen.shelf.jars() == {"blue.a": "rice", "blue.b": "honey", "blue.c": "honey"}
    assert kitchen.fresh_runner().once().stopped == ""
    kitchen.cook.revision -= 1
    assert kitchen.fresh_runner().once().stopped
    assert accept_refused(kitchen.folder / "none") == []


def test_an_operator_cannot_have_another_clouds_plan_followed(kitchen: Kitchen) -> None:
    kitchen.shelf.put(Jar("a", 1, "honey"))
    kitchen.cook.cloud_id = "red"
    kitchen.runner.once()
    accept_refused(kitchen.folder / "plans")
    assert "belongs to cloud blue" in kitchen.fresh_runner().once().stopped
    assert kitchen.shelf.did == []


def test_control_that_comes_back_is_heard(running: Kitchen) -> None:
    eventually(lambda: bool(running.reports))
    running.close()
    running.runner.wake()
    time.sleep(0.5)
    running.cook.jars = [Jar("a", 1, "honey")]
    running.open()
    eventually(lambda: "blue.a" in running.shelf.jars())


def test_woken_with_ids_it_looks_at_these_alone(running: Kitchen) -> None:
    eventually(lambda: bool(running.reports))
    running.cook.asked.clear()
    running.cook.jars = [Jar("a", 1, "honey"), Jar("b", 1, "rice")]
    running.runner.wake(["b"])
    eventually(lambda: "blue.b" in running.shelf.jars())
    assert running.cook.asked == [("b",)]
    running.runner.wake()
    eventually(lambda: "blue.a" in running.shelf.jars())
    assert running.cook.asked[-1] == ()


def test_a_pass_that_fails_without_control_does_not_end_the_runner(kitchen: Kitchen) -> None:
    kitchen.cook.jars = [Jar("a", 1, "honey")]
    kitchen.runner.once()
    kitchen.close()
    (kitchen.shelf.folder / "blue.a").write_text("unreadable")
    rebooted = kitchen.fresh_runner()
    rebooted.start()
    try:
        time.sleep(0.6)
        (kitchen.shelf.folder / "blue.a").unlink()
        eventually(lambda: "blue.a" in kitchen.shelf.jars())
    finally:
        rebooted.stop()


def test_one_thing_that_takes_long_holds_up_no_other(running: Kitchen, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_may_end = threading.Event()
    quick = ShelfReconciler.ensure

    def ensure(shelf: ShelfReconciler, entry: Jar) -> Observation:
        if entry.id == "slow":
            slow_may_end.wait(10)
        return quick(shelf, entry)

    monkeypatch.setattr(ShelfReconciler, "ensure", ensure)
    running.cook.jars = [Jar("slow", 1, "honey")]
    running.runner.wake(["slow"])
    running.cook.jars.append(Jar("b", 1, "rice"))
    running.runner.wake(["b"])
    eventually(lambda: "blue.b" in running.shelf.jars())
    running.cook.jars[0] = Jar("slow", 2, "beans")
    running.runner.wake(["slow"])
    slow_may_end.set()
    eventually(lambda: running.shelf.jars().get("blue.slow") == "beans")


def test_how_a_thing_was_before_is_never_told_after_how_it_was_made(
    kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    kitchen.shelf.put(Jar("a", 1, "plums"))
    kitchen.shelf.put(Jar("b", 1, "plums"))
    kitchen.cook.jars = [Jar("a", 2, "pears"), Jar("b", 1, "plums")]
    is_true = kitchen.shelf.is_true

    def slowly(entry: Jar, seen: Observation | None) -> bool:
        # The first jar is filled, and told, before the pass has looked at the second.
        if entry.id == "b":
            eventually(lambda: any(report.observations for report in kitchen.reports))
        return is_true(entry, seen)

    monkeypatch.setattr(kitchen.shelf, "is_true", slowly)
    kitchen.runner.start()
    try:
        eventually(lambda: any(report.is_full for report in kitchen.reports))
        told = [seen.generation for report in kitchen.reports for seen in report.observations if seen.id == "a"]
        assert told == [2]
    finally:
        kitchen.runner.stop()


def test_the_kind_of_the_shelf_names_its_plan_on_disk(kitchen: Kitchen) -> None:
    kitchen.runner.once()
    assert (kitchen.folder / "plans" / f"{KIND}.json").exists()
