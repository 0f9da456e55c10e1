"""What is run on SQLite's driver itself equals what SQLAlchemy makes of the same statement, mistakes included."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, MetaData, String, Table, bindparam, select
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from haneul.kernel.db import Db, Json, Query, Row, Store, Time, by, columns_of
from haneul.kernel.db.direct import direct_of

figs = Table(
    "test_figs",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String(20)),
    Column("is_ripe", Boolean),
    Column("picked_at", Time),
    Column("note", Json),
    Column("weight", Float),
    Column("seeds", LargeBinary),
)


class Fig(Row):
    """A row with a column of every type."""

    id: int
    name: str | None
    is_ripe: bool | None
    picked_at: datetime | None
    note: Any
    weight: float | None
    seeds: bytes | None


PICKED = datetime(2026, 1, 31, 9, 30, 0, 123456, tzinfo=UTC)
FULL = Fig(1, "고무나무", True, PICKED, {"from": ["tree", None]}, 0.25, b"\0\xff")
EMPTY = Fig(2, None, None, None, None, None, None)
COLUMNS = columns_of(Fig, figs)
QUERIES = {
    "by key": (by(Fig, figs, "id"), {"id": 1}),
    "no such row": (by(Fig, figs, "id"), {"id": 3}),
    "by a moment": (by(Fig, figs, "picked_at"), {"picked_at": PICKED}),
    "by truth": (by(Fig, figs, "is_ripe"), {"is_ripe": True}),
    "a value in the statement": (
        Query(Fig, COLUMNS.where(figs.c.name == "고무나무", figs.c.id == bindparam("id"))),
        {"id": 1},
    ),
    "all": (Query(Fig, COLUMNS.order_by(figs.c.id)), {}),
    "a limit": (Query(Fig, COLUMNS.order_by(figs.c.id).limit(bindparam("most"))), {"most": 1}),
    "a list": (Query(Fig, COLUMNS.where(figs.c.id.in_(bindparam("ids", expanding=True)))), {"ids": [1, 2]}),
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'figs.db'}")
    figs.create(store.engine)
    store.write(lambda db: db.insert_all(figs, [FULL, EMPTY]))
    yield store
    store.close()


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_finds_the_same_at_every_use(store: Store, name: str) -> None:
    query, parameters = QUERIES[name]

    def body(db: Db) -> None:
        expected = Db(db.connection).all(query, **parameters)
        for _ in range(3):
            assert db.all(query, **parameters) == expected
            assert db.one(query, **parameters) == (expected[0] if expected else None)

    store.read(body)


def test_what_is_read_often_runs_on_the_driver_and_lists_do_not(store: Store) -> None:
    dialect = store.engine.dialect
    direct = {name: direct_of(query.statement, dialect) is not None for name, (query, _) in QUERIES.items()}
    assert direct == {name: name != "a list" for name in QUERIES}


def test_every_type_comes_back_as_it_went_in(store: Store) -> None:
    query = by(Fig, figs, "id")
    for _ in range(3):
        assert store.read(lambda db: db.one(query, id=1)) == FULL
        assert store.read(lambda db: db.one(query, id=2)) == EMPTY


@pytest.mark.parametrize(
    ("parameters", "mistake"),
    [({}, StatementError), ({"id": object()}, DBAPIError), ({"id": 2**70}, OverflowError)],
)
def test_mistakes_are_told_as_sqlalchemy_tells_them(store: Store, parameters: Any, mistake: type[Exception]) -> None:
    query = by(Fig, figs, "id")
    for _ in range(3):
        with pytest.raises(mistake):
            store.read(lambda db: db.one(query, **parameters))
        with pytest.raises(mistake):
            store.read(lambda db: db.all(query, **parameters))


def test_a_transaction_sees_its_own_writes(store: Store) -> None:
    query = by(Fig, figs, "id")

    def body(db: Db) -> list[str | None]:
        names = []
        for name in ("a", "b", "c"):
            db.update(figs, {"id": 1}, name=name)
            names.append(db.one(query, id=1).name)  # type: ignore[union-attr]
        return names

    assert store.write(body) == ["a", "b", "c"]
    assert store.read(lambda db: db.value(select(figs.c.name).where(figs.c.id == 1))) == "c"


def test_what_is_written_often_is_written_as_at_the_first_time(store: Store) -> None:
    def body(db: Db) -> None:
        for number in range(10, 14):
            fig = msgspec.structs.replace(FULL, id=number, name=f"fig {number}")
            assert db.insert(figs, fig) == fig
            assert db.one(by(Fig, figs, "id"), id=number) == fig
            assert db.update(figs, {"id": number}, is_ripe=False, note=None, picked_at=None) == 1
            changed = db.one(by(Fig, figs, "id"), id=number)
            assert changed is not None
            assert (changed.is_ripe, changed.note, changed.picked_at) == (False, None, None)
            assert db.delete(figs, id=number) == 1
            assert db.delete(figs, id=number) == 0

    store.write(body)


def test_values_left_out_are_left_to_the_database(store: Store) -> None:
    for number in range(20, 23):
        store.write(lambda db, at=number: db.insert_numbered(figs, id=at, name="short"))  # type: ignore[misc]
        [found] = store.read(lambda db, at=number: db.all(by(Fig, figs, "id"), id=at))  # type: ignore[misc]
        assert found == Fig(number, "short", None, None, None, None, None)


def test_numbers_come_from_the_database(store: Store) -> None:
    numbers = [store.write(lambda db: db.insert_numbered(figs, name="next")) for _ in range(4)]
    assert numbers == [3, 4, 5, 6]


def test_a_refused_write_is_told_as_sqlalchemy_tells_it_and_changes_nothing(store: Store) -> None:
    for _ in range(3):
        with pytest.raises(IntegrityError):
            store.write(lambda db: db.insert(figs, FULL))
    assert store.read(lambda db: db.all(Query(Fig, COLUMNS.order_by(figs.c.id)))) == [FULL, EMPTY]


def test_a_value_is_the_same_at_every_use(store: Store) -> None:
    picked = select(figs.c.picked_at).where(figs.c.id == bindparam("id"))
    assert [store.read(lambda db: db.value(picked, id=1)) for _ in range(3)] == [PICKED] * 3
    assert [store.read(lambda db: db.value(picked, id=9)) for _ in range(3)] == [None] * 3
    among = select(figs.c.name).where(figs.c.id.in_(bindparam("ids", expanding=True))).order_by(figs.c.id)
    assert [store.read(lambda db: db.value(among, ids=[1, 2])) for _ in range(3)] == ["고무나무"] * 3
