"""A value among many, on every database, by SQLAlchemy and by SQLite's own driver."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, select
from tests.kernel.databases import database, mariadb_server, mariadb_url, opened, postgresql_server, postgresql_url

from haneul.kernel.db import Db, Query, Row, Store, columns_of
from haneul.kernel.db.among import among

__all__ = ["database", "mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url"]

pears = Table("test_pears", MetaData(), Column("id", Integer, primary_key=True), Column("name", String(60), index=True))


class Pear(Row):
    id: int
    name: str


NAMES = ["배", 'a "quoted" one', "back\\slash", "", "%", "pear-4"]
PEARS = [Pear(number, name) for number, name in enumerate(NAMES, 1)] + [Pear(9 + n, f"many-{n}") for n in range(2000)]
BY_NAMES = Query(Pear, columns_of(Pear, pears).where(among(pears.c.name, "names")).order_by(pears.c.id))
BY_IDS = select(pears.c.id, pears.c.name).where(among(pears.c.id, "ids"), among(pears.c.name, "names"))


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    with opened(database, pears) as store:
        store.write(lambda db: db.insert_all(pears, PEARS))
        yield store


@pytest.mark.parametrize(
    "names",
    [[], ["none"], ["배"], NAMES, ["x') OR 1=1 --", "pear-4"], [f"many-{n}" for n in range(1500)], ("pear-4",) * 3],
    ids=["none", "a stranger", "one", "odd ones", "an injection", "many", "one, thrice"],
)
def test_those_are_found_that_are_named_at_every_use(store: Store, names: list[str]) -> None:
    wanted = [pear for pear in PEARS if pear.name in names]

    def body(db: Db) -> None:
        for _ in range(3):
            assert db.all(BY_NAMES, names=names) == wanted

    store.read(body)


def test_two_lists_are_told_apart(store: Store) -> None:
    for _ in range(3):
        found = store.read(lambda db: db.tuples(BY_IDS, ids=[1, 2, 3], names=["back\\slash", "pear-4"]))
        assert [tuple(row) for row in found] == [(3, "back\\slash")]


def test_sqlite_finds_them_by_the_columns_index(tmp_path: object) -> None:
    with opened(f"sqlite:///{tmp_path}/pears.db", pears) as store:
        compiled = BY_NAMES.statement.compile(dialect=store.engine.dialect)
        plan = store.read(lambda db: db._driver.execute(f"EXPLAIN QUERY PLAN {compiled}", ['["a"]']).fetchall())
    assert any("INDEX ix_test_pears_name" in step[3] for step in plan), plan
