"""The engine of operations, on small examples: what ends done, what ends undone, and who goes on after a death."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from tests.kernel.databases import database, mariadb_server, mariadb_url, opened, postgresql_server, postgresql_url
from tests.kernel.operations.examples import LightLamp, OnLamps, ShowLamp, add, begin, lamp, lamps, note, row_of, says

from haneul.kernel.db import Db, Store
from haneul.kernel.operations import Operation, Parked, Step, Work, engine, logic, turn, wake
from haneul.kernel.operations.engine import Engine
from haneul.kernel.operations.models import OperationRow, operations
from haneul.kernel.operations.turn import Gone, Turn

__all__ = ["database", "mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url"]

KNOWN = (LightLamp, ShowLamp)


@pytest.fixture
def store(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(engine, "POLL_S", 0.02)
    monkeypatch.setattr(logic, "FOUND_AFTER_S", 0.1)
    monkeypatch.setattr(turn, "UNDO_RETRY_S", 0.05)
    with opened(database, operations, lamps) as store:
        store.write(add)
        yield store


@contextmanager
def working(store: Store, *known: type[Operation]) -> Iterator[Engine]:
    running = Engine(store, known or KNOWN)
    running.start()
    try:
        yield running
    finally:
        running.stop()


def until(store: Store, number: int, *states: str) -> OperationRow:
    """The operation once it is in one of these states."""
    return eventually(lambda: row if (row := store.read(lambda db: row_of(db, number))).state in states else None)


def eventually(look: Callable[[], OperationRow | None]) -> OperationRow:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(0.005)
    raise AssertionError("It did not come to pass.")


def look(db: Db) -> None:
    """Somebody sees the light."""
    db.update(lamps, {"id": "one"}, is_seen=True)
    wake(db, "one")


def said(store: Store, lamp_id: str = "one") -> list[str]:
    return store.read(lambda db: lamp(db, lamp_id)).said.split()


def abandon(store: Store, number: int, turns: int, lease_s: float) -> Turn:
    """Take some turns as a process does that then dies: nobody gives its lease back."""
    epoch = 0
    for _ in range(turns):
        last = Turn({operation.name: operation for operation in KNOWN}, number, "the dead", epoch, lease_s)
        store.write(last.run)
        epoch = last.epoch
    return last


def test_every_step_is_done_once_in_order_and_noted(store: Store) -> None:
    with working(store):
        row = until(store, store.write(lambda db: begin(db, LightLamp)), "done")
    assert said(store) == ["wire", "light", "polish"]
    assert [entry["step"] for entry in row.journal] == ["wire", "light", "polish"]
    assert all(entry["begun"] <= entry["done"] for entry in row.journal)
    assert (row.project_id, row.user_id, row.request_id, row.error) == ("home", "anna", "req-1", None)


def test_a_failed_step_undoes_itself_and_all_before_it_in_reverse(store: Store) -> None:
    with working(store):
        row = until(store, store.write(lambda db: begin(db, LightLamp, breaks=["light"])), "failed")
    # What the broken step wrote is rolled back with its transaction; its undo runs all the same.
    assert said(store) == ["wire", "dim", "unwire"]
    assert row.error == {"kind": "Conflict", "message": "The lamp one won't light.", "status": 409}
    assert store.read(lambda db: lamp(db, "one")).fault == "Conflict: The lamp one won't light."


def test_the_user_is_told_nothing_of_an_error_that_no_one_meant(store: Store) -> None:
    def stumble(work: Work) -> None:
        raise KeyError("/etc/passwd")

    class Stumble(OnLamps):
        """Fails by a mistake in the code."""

        name = "test-stumble"
        steps = (Step("stumble", stumble, undo=says("rise")),)

    with working(store, Stumble):
        row = until(store, store.write(lambda db: begin(db, Stumble)), "failed")
    assert row.error is not None
    assert row.error["kind"] == "internal"
    assert "passwd" not in row.error["message"]
    assert said(store) == ["rise"]


def test_an_undo_that_fails_is_tried_again_until_it_works(store: Store) -> None:
    tries: list[int] = []

    def undo(work: Work) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("the host is away")

    class Stuck(OnLamps):
        """Its first step can't be undone at once."""

        name = "test-stuck"
        steps = (Step("wire", says("wire"), undo=undo), Step("break", says("break")))

    with working(store, Stuck):
        row = until(store, store.write(lambda db: begin(db, Stuck, breaks=["break"])), "failed")
    assert len(tries) == 3
    assert row.error is not None
    assert row.error["message"] == "The lamp one won't break."


def test_a_step_that_waits_goes_on_when_there_is_news(store: Store) -> None:
    with working(store):
        number = store.write(lambda db: begin(db, ShowLamp))
        waiting = until(store, number, "waiting")
        assert said(store) == ["light"]
        assert waiting.step_deadline is not None
        store.write(look)
        row = until(store, number, "done")
    assert said(store) == ["light", "seen", "praise"]
    assert row.step_deadline is None


def test_a_step_that_waits_looks_again_by_itself(store: Store) -> None:
    with working(store):
        number = store.write(lambda db: begin(db, ShowLamp, check_after_s=0.05))
        until(store, number, "waiting")
        store.write(lambda db: db.update(lamps, {"id": "one"}, is_seen=True))
        until(store, number, "done")


def test_waiting_ends_at_the_deadline_and_is_undone(store: Store) -> None:
    with working(store):
        row = until(store, store.write(lambda db: begin(db, ShowLamp, check_after_s=0.05)), "failed")
    assert said(store) == ["light", "look", "away", "dim"]
    assert row.error == {
        "kind": "deadline",
        "message": "The step 'see' was not finished within 0.4 s.",
        "status": 500,
    }


def test_operations_of_one_resource_run_one_after_another(store: Store) -> None:
    store.write(lambda db: add(db, "two"))
    with working(store):
        first = store.write(lambda db: begin(db, ShowLamp))
        second = store.write(lambda db: begin(db, LightLamp))
        elsewhere = store.write(lambda db: begin(db, LightLamp, "two"))
        until(store, elsewhere, "done")
        until(store, first, "waiting")
        assert store.read(lambda db: row_of(db, second)).state == "ready"
        store.write(look)
        until(store, second, "done")
    assert said(store) == ["light", "seen", "praise", "wire", "light", "polish"]


def test_one_that_supersedes_has_the_others_undone_first(store: Store) -> None:
    with working(store):
        first = store.write(lambda db: begin(db, ShowLamp))
        until(store, first, "waiting")
        second = store.write(lambda db: begin(db, LightLamp, supersedes=True))
        until(store, second, "done")
        row = store.read(lambda db: row_of(db, first))
    assert row.state == "failed"
    assert row.error is not None
    assert row.error["kind"] == "superseded"
    assert said(store) == ["light", "look", "away", "dim", "wire", "light", "polish"]


def test_another_engine_goes_on_where_a_dead_one_stopped(store: Store) -> None:
    number = store.write(lambda db: begin(db, LightLamp))
    dead = abandon(store, number, turns=1, lease_s=0.3)
    assert said(store) == ["wire"]
    with working(store):
        row = until(store, number, "done")
    assert said(store) == ["wire", "light", "polish"]
    assert row.epoch == dead.epoch + 1


def test_another_engine_goes_on_with_the_undoing_that_a_dead_one_began(store: Store) -> None:
    number = store.write(lambda db: begin(db, LightLamp, breaks=["polish"]))
    dying = abandon(store, number, turns=2, lease_s=0.2)
    store.write(partial(dying.break_off, error=OSError("it died")))
    with working(store):
        until(store, number, "failed")
    assert said(store) == ["wire", "light", "dim", "unwire"]


def test_while_its_lease_holds_an_operation_is_left_to_its_owner(store: Store) -> None:
    number = store.write(lambda db: begin(db, LightLamp))
    abandon(store, number, turns=1, lease_s=60)
    other = Turn({"test-light": LightLamp}, number, "another", 0, 60)
    with pytest.raises(Gone):
        store.write(other.run)
    assert said(store) == ["wire"]


def test_an_owner_that_comes_back_late_finds_a_newer_epoch(store: Store) -> None:
    number = store.write(lambda db: begin(db, ShowLamp))
    late = abandon(store, number, turns=1, lease_s=-1)
    other = Turn({"test-show": ShowLamp}, number, "another", 0, 60)
    with pytest.raises(Parked):
        store.write(other.run)
    store.write(partial(other.park, check_after_s=60))
    again = Turn({"test-show": ShowLamp}, number, "the dead", late.epoch, 60)
    for attempt in (again.run, partial(again.park, check_after_s=1), partial(again.break_off, error=OSError())):
        with pytest.raises(Gone):
            store.write(attempt)
    assert store.read(lambda db: row_of(db, number)).epoch == late.epoch + 1


def test_two_engines_on_one_database_share_the_work_and_do_no_step_twice(store: Store) -> None:
    names = [f"lamp-{index}" for index in range(12)]
    for name in names:
        store.write(partial(add, lamp_id=name))
    with working(store), working(store):
        numbers = [store.write(partial(begin, operation=LightLamp, lamp_id=name)) for name in names]
        for number in numbers:
            until(store, number, "done")
    assert {tuple(said(store, name)) for name in names} == {("wire", "light", "polish")}


def test_what_a_stopped_engine_had_is_free_at_once(store: Store) -> None:
    began, may_end = threading.Event(), threading.Event()

    def slow(work: Work) -> None:
        began.set()
        may_end.wait(5)

    class Slow(OnLamps):
        """Its first step takes long."""

        name = "test-slow"
        steps = (Step("slow", slow), Step("light", says("light")))

    first = Engine(store, [Slow])
    first.start()
    number = store.write(lambda db: begin(db, Slow))
    assert began.wait(5)
    threading.Timer(0.1, may_end.set).start()
    first.stop()
    assert store.read(lambda db: row_of(db, number)).state == "running"
    with working(store, Slow):
        until(store, number, "done")
    assert said(store) == ["light"]


def test_an_operation_of_a_newer_program_is_left_alone(store: Store) -> None:
    number = store.write(lambda db: begin(db, ShowLamp))
    with working(store, LightLamp):
        store.write(lambda db: add(db, "two"))
        until(store, store.write(lambda db: begin(db, LightLamp, "two")), "done")
        time.sleep(0.1)
        row = store.read(lambda db: row_of(db, number))
    assert (row.state, row.epoch, row.journal) == ("ready", 0, [])


def test_those_that_wait_for_an_older_one_do_not_crowd_out_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logic, "FOUND_AFTER_S", 60.0)
    long_ago = logic.EPOCH_START
    store.write(lambda db: add(db, "two"))
    store.write(lambda db: begin(db, ShowLamp, check_after_s=60))
    for _ in range(120):
        store.write(lambda db: begin(db, LightLamp))
    last = store.write(lambda db: begin(db, LightLamp, "two"))
    store.write(lambda db: db.update(operations, {"name": "test-light"}, retry_at=long_ago))
    due = store.read(engine._due)
    assert due == [last]


def test_the_memo_goes_from_step_to_step_and_into_the_undo(store: Store) -> None:
    def take(work: Work) -> None:
        work.memo["taken"] = "rope"

    class Carry(OnLamps):
        """One step's find is the next one's tool."""

        name = "test-carry"
        steps = (
            Step("take", take, undo=lambda work: note(work, f"drop-{work.memo['taken']}")),
            Step("break", says("break")),
        )

    with working(store, Carry):
        until(store, store.write(lambda db: begin(db, Carry, breaks=["break"])), "failed")
    assert said(store) == ["drop-rope"]
