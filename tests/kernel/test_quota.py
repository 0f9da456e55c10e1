"""Taking from a quota, above all by many at once: on SQLite here, on real servers with the marker `databases`."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, bindparam, func, insert, select
from sqlalchemy import Table as PlainTable
from tests.servers.fixtures import mariadb_server, mariadb_url, postgresql_server, postgresql_url

from haneul.kernel.db import Db, Store
from haneul.kernel.errors import OverQuota
from haneul.kernel.quota import Resource, Wanted, take, take_all, used
from haneul.kernel.quota.models import guards

__all__ = ["mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url"]

SCRATCH = MetaData()
pears = PlainTable(
    "quota_pears",
    SCRATCH,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("owner_id", String(64), nullable=False, index=True),
    Column("weight", Integer, nullable=False),
)
PICK = insert(pears)
OWNED = pears.c.owner_id == bindparam("owner_id")
PEARS = Resource("pears", select(func.count()).where(OWNED), guard="basket")
WEIGHT = Resource("weight", select(func.sum(pears.c.weight)).where(OWNED), guard="basket")


def opened(url: str) -> Store:
    store = Store(url)
    SCRATCH.create_all(store.engine)
    guards.create(store.engine, checkfirst=True)
    return store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = opened(f"sqlite:///{tmp_path / 'quota.db'}")
    yield found
    found.close()


def pick(db: Db, owner: str, limit: int, weight: int = 1) -> None:
    take(db, owner, PEARS, 1, limit)
    db.run(PICK, owner_id=owner, weight=weight)


def test_what_is_left_can_be_taken_and_no_more(store: Store) -> None:
    for _ in range(2):
        store.write(lambda db: pick(db, "anna", 2))
    with pytest.raises(OverQuota) as refused:
        store.write(lambda db: pick(db, "anna", 2))
    assert str(refused.value) == "Quota exceeded for pears: Requested 1, but already used 2 of 2 pears"
    store.write(lambda db: pick(db, "ben", 2))
    assert store.read(lambda db: used(db, "anna", PEARS)) == 2


def test_every_resource_that_falls_short_is_named(store: Store) -> None:
    store.write(lambda db: pick(db, "anna", -1, weight=19))

    def body(db: Db) -> None:
        take_all(db, "anna", [Wanted(WEIGHT, 2, 20), Wanted(PEARS, 1, 1)])

    with pytest.raises(OverQuota) as refused:
        store.write(body)
    assert str(refused.value) == (
        "Quota exceeded for pears, weight: Requested 1, 2, but already used 1, 19 of 1, 20 pears, weight"
    )


def test_no_limit_refuses_nothing_and_taking_nothing_is_always_allowed(store: Store) -> None:
    for _ in range(3):
        store.write(lambda db: pick(db, "anna", -1))
    store.write(lambda db: take(db, "anna", PEARS, 0, 1))


def many_at_once(store: Store) -> None:
    """Twelve try to take one of five; each round has an owner whose guard isn't there yet."""

    def body(owner: str) -> bool:
        try:
            store.write(lambda db: pick(db, owner, 5))
        except OverQuota:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        for owner in ("anna", "ben", "carla"):
            taken = list(pool.map(body, [owner] * 12))
            assert taken.count(True) == 5
            assert store.read(lambda db, owner=owner: used(db, owner, PEARS)) == 5  # type: ignore[misc]


def test_many_at_once_take_no_more_than_there_is(store: Store) -> None:
    many_at_once(store)


@pytest.mark.databases
@pytest.mark.parametrize("url", ["mariadb_url", "postgresql_url"])
def test_many_at_once_on_a_server(url: str, request: pytest.FixtureRequest) -> None:
    store = opened(request.getfixturevalue(url))
    try:
        many_at_once(store)
    finally:
        store.close()
