"""Transactions: what commits together, what one failure spoils, what runs after a commit, and what is tried again."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, IntegrityError
from tests.kernel.databases import database, mariadb_server, mariadb_url, opened, postgresql_server, postgresql_url

from haneul.kernel.clock import EPOCH
from haneul.kernel.db import Db, Json, Query, Row, Store, Time, by, columns_of, unique
from haneul.kernel.errors import Conflict, Unavailable
from haneul.kernel.reconcile.models import Buried, tombstones

__all__ = ["database", "mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url"]


class Pear(Row):
    """A row of the tests."""

    id: int
    name: str
    weight: int


PLAIN = MetaData()
pears = Table(
    "test_pears",
    PLAIN,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", String(64), nullable=False),
    Column("weight", Integer, nullable=False),
    UniqueConstraint("name"),
)
moments = Table("test_moments", PLAIN, Column("at", Time, primary_key=True), Column("note", Json, nullable=False))
BY_ID = by(Pear, pears, "id")
ALL = Query(Pear, columns_of(Pear, pears).order_by(pears.c.id))
COUNT = select(func.count()).select_from(pears)


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    with opened(database, pears, moments) as store:
        yield store


def add(db: Db, number: int, name: str = "", weight: int = 1) -> Pear:
    return db.insert(pears, Pear(number, name or f"pear-{number}", weight))


def trip(_db: Db) -> None:
    raise LookupError("on purpose")


def count(store: Store) -> int:
    found: int = store.read(lambda db: db.value(COUNT))
    return found


def test_what_is_written_can_be_read(store: Store) -> None:
    assert store.write(lambda db: add(db, 1, "green")) == Pear(1, "green", 1)
    assert store.read(lambda db: db.one(BY_ID, id=1)) == Pear(1, "green", 1)
    assert store.submit_read(lambda db: db.all(ALL)).result() == [Pear(1, "green", 1)]
    assert store.read(lambda db: db.one(BY_ID, id=2)) is None


def test_a_read_writes_nothing(store: Store) -> None:
    """SQLite undoes it, the servers refuse it."""
    with suppress(DBAPIError):
        store.read(lambda db: add(db, 1))
    assert count(store) == 0


def test_a_body_that_fails_leaves_nothing(store: Store) -> None:
    def fail(db: Db) -> None:
        add(db, 1)
        raise LookupError("on purpose")

    with pytest.raises(LookupError, match="on purpose"):
        store.write(fail)
    assert count(store) == 0


def test_one_failing_body_spoils_no_other_of_its_group(store: Store) -> None:
    """The first body holds the writer up until the others wait together, so that they share one commit."""
    others_wait = threading.Event()
    first = store.submit_write(lambda db: others_wait.wait(5) and add(db, 0))

    def body(number: int) -> Any:
        def write(db: Db) -> int:
            add(db, number)
            if number % 3 == 0:
                raise LookupError(str(number))
            return number

        return write

    futures = {number: store.submit_write(body(number)) for number in range(1, 13)}
    others_wait.set()
    first.result(5)
    for number, future in futures.items():
        if number % 3 == 0:
            with pytest.raises(LookupError, match=f"^{number}$"):
                future.result(5)
        else:
            assert future.result(5) == number
    assert [pear.id for pear in store.read(lambda db: db.all(ALL))] == [0, 1, 2, 4, 5, 7, 8, 10, 11]


def test_a_body_of_a_group_that_breaks_a_constraint_fails_alone(store: Store) -> None:
    others_wait = threading.Event()
    first = store.submit_write(lambda db: others_wait.wait(5) and add(db, 0, "taken"))
    twin = store.submit_write(lambda db: add(db, 1, "taken"))
    other = store.submit_write(lambda db: add(db, 2, "free"))
    others_wait.set()
    kept = [future for future in (first, twin) if future.exception(5) is None]
    assert len(kept) == 1
    assert isinstance((first if kept == [twin] else twin).exception(), IntegrityError)
    assert other.result(5).name == "free"
    assert count(store) == 2


def test_what_is_to_run_after_a_commit_runs_only_then(store: Store) -> None:
    seen: list[int] = []

    def body(db: Db, *, fails: bool) -> None:
        add(db, 1 if fails else 2)
        db.after_commit(lambda: seen.append(count(store)))
        if fails:
            raise LookupError

    with pytest.raises(LookupError):
        store.write(lambda db: body(db, fails=True))
    store.write(lambda db: body(db, fails=False))
    assert seen == [1]


def test_what_fails_after_a_commit_takes_nothing_back(store: Store) -> None:
    seen: list[str] = []

    def body(db: Db) -> None:
        add(db, 1)
        db.after_commit(lambda: trip(db))
        db.after_commit(lambda: seen.append("next"))

    store.write(body)
    assert seen == ["next"]
    assert count(store) == 1


def test_many_at_once_lose_no_update(store: Store) -> None:
    """Compare-and-swap by hand, with as many retries as it needs."""
    store.write(lambda db: add(db, 1, weight=0))

    def bump(_index: int) -> None:
        def body(db: Db) -> bool:
            pear = db.one(BY_ID, id=1)
            assert pear is not None
            return bool(db.update(pears, {"id": 1, "weight": pear.weight}, weight=pear.weight + 1))

        while not store.write(body):
            pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(bump, range(40)))
    pear = store.read(lambda db: db.one(BY_ID, id=1))
    assert pear is not None
    assert pear.weight == 40


def test_transactions_that_block_each_other_are_run_again(store: Store) -> None:
    """Two that take two rows in opposite order: the servers kill one of them, whose body then runs anew."""
    store.write(lambda db: [add(db, number) for number in (1, 2)])
    meet = threading.Barrier(2)
    runs: list[int] = []

    def body(db: Db, first: int, second: int) -> None:
        runs.append(first)
        db.update(pears, {"id": first}, weight=first * 10 + second)
        if len(runs) <= 2 and not store.is_sqlite:
            meet.wait(5)
        db.update(pears, {"id": second}, weight=first * 10 + second)

    futures = [
        store.submit_write(lambda db: body(db, 1, 2)),
        store.submit_write(lambda db: body(db, 2, 1)),
    ]
    for future in futures:
        future.result(30)
    assert len(runs) == 2 if store.is_sqlite else len(runs) >= 3
    assert {pear.weight for pear in store.read(lambda db: db.all(ALL))} in ({12}, {21})


def test_a_row_is_inserted_unless_it_is_there(store: Store) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda w: store.write(lambda db: db.insert_missing(pears, Pear(1, "green", w))), range(8)))
    assert count(store) == 1


def test_a_second_equal_row_is_a_conflict_in_the_callers_words(store: Store) -> None:
    def body(db: Db) -> None:
        with unique("A pear named {name} lies in the {place} already.", Pear(2, "green", 1), place="bowl"):
            add(db, 2, "green")

    store.write(lambda db: add(db, 1, "green"))
    with pytest.raises(Conflict, match=r"^A pear named green lies in the bowl already\.$"):
        store.write(body)


def test_an_error_for_the_log_tells_no_values(store: Store) -> None:
    """What rows hold (hashes of passwords, what servers are told at their first start) stands in no traceback."""
    store.write(lambda db: add(db, 1, "a secret"))
    with pytest.raises(IntegrityError) as refused:
        store.write(lambda db: db.insert_all(pears, [Pear(1, "the secret", 77_123)]))
    assert "INSERT" in str(refused.value)
    assert "77123" not in str(refused.value)


def test_updates_and_deletes_say_how_many_rows_they_met(store: Store) -> None:
    store.write(lambda db: db.insert_all(pears, [Pear(number, f"p{number}", 1) for number in range(4)]))
    # Rows that already hold the new value count too, on every database: compare-and-swap depends on it.
    assert store.write(lambda db: db.update(pears, {"weight": 1}, weight=1)) == 4
    assert store.write(lambda db: db.delete(pears, id=0)) == 1
    assert store.write(lambda db: db.delete(pears, id=0)) == 0


def test_moments_and_values_come_back_as_they_went(store: Store) -> None:
    at = datetime(2026, 1, 31, 9, 30, 0, 123456, tzinfo=UTC)
    note = {"text": "하늘 \N{GRINNING FACE}", "deep": [1, None, {"a": True}]}
    store.write(lambda db: db.run(moments.insert(), at=at, note=note))
    assert store.read(lambda db: tuple(db.tuples(select(moments))[0])) == (at, note)


def test_names_differ_by_case_and_accent_in_every_table_of_the_cloud(database: str) -> None:
    with opened(database, tombstones) as store:
        names = ("Pear", "pear", "péar")
        stones = [Buried("fruit", name, "kitchen", number, "", EPOCH) for number, name in enumerate(names, start=1)]
        store.write(lambda db: db.insert_all(tombstones, stones))
        by_name = select(tombstones.c.generation).where(tombstones.c.id == bindparam("id"))
        assert store.read(lambda db: db.value(by_name, id="pear")) == 2


def test_a_transaction_inside_a_write_is_refused_where_it_would_wait_for_itself(tmp_path: Any) -> None:
    with opened(f"sqlite:///{tmp_path / 'one.db'}", pears) as store:
        with pytest.raises(RuntimeError, match="from inside itself"):
            store.write(lambda _db: store.write(lambda db: add(db, 1)))
        assert count(store) == 0


def test_a_closed_store_says_so_and_has_finished_what_it_took(tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path / 'one.db'}"
    store = Store(url)
    pears.create(store.engine)
    futures = [store.submit_write(partial(add, number=number)) for number in range(20)]
    store.close()
    assert [future.result(0).id for future in futures] == list(range(20))
    with pytest.raises(Unavailable):
        store.write(lambda db: add(db, 99))


def test_a_connection_that_fails_is_replaced(tmp_path: Any) -> None:
    """A disk that fails once must not leave a cloud that answers and never writes again."""
    with opened(f"sqlite:///{tmp_path / 'pears.db'}", pears) as store:
        with pytest.raises(sqlite3.ProgrammingError):
            store.submit_write(lambda db: db.connection.connection.dbapi_connection.close()).result(10)  # type: ignore[union-attr]
        assert store.submit_write(lambda db: add(db, 1)).result(10).id == 1
        assert count(store) == 1


def test_a_lock_that_another_process_holds_for_a_moment_is_waited_for(tmp_path: Any) -> None:
    with opened(f"sqlite:///{tmp_path / 'one.db'}", pears) as store:
        with store.engine.connect() as other:
            other.execute(text("BEGIN IMMEDIATE"))
            future = store.submit_write(lambda db: add(db, 1))
            threading.Event().wait(0.2)
            assert not future.done()
            other.execute(text("COMMIT"))
        assert future.result(15).id == 1


def test_big_counters_fit(store: Store) -> None:
    assert isinstance(Time().load_dialect_impl(store.engine.dialect), BigInteger)
