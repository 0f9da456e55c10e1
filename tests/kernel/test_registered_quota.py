"""Limits that are registered for all services, where a quota is taken from: the reader here keeps them in a table."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import bindparam, func, select
from tests.kernel.test_quota import OWNED, opened, pears
from tests.kernel.test_quota import PICK as PICK_PEAR
from tests.servers.fixtures import mariadb_server, mariadb_url, postgresql_server, postgresql_url

from haneul.kernel.db import Db, Store
from haneul.kernel.errors import OverQuota
from haneul.kernel.quota import (
    Known,
    Registered,
    Resource,
    Tree,
    Wanted,
    read_limits_with,
    refuse_large,
    registered,
    take,
    take_all,
    used,
)

__all__ = ["mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url"]

AMONG = select(func.count()).where(pears.c.owner_id.in_(bindparam("owner_ids", expanding=True)))
WEIGHED = select(func.sum(pears.c.weight)).where(pears.c.owner_id.in_(bindparam("owner_ids", expanding=True)))
PEARS = Resource("pears", select(func.count()).where(OWNED), known=Known("orchard", "pears", AMONG))
KILOS = Resource(
    "kilos", select(func.sum(pears.c.weight)).where(OWNED), unit=1000, known=Known("orchard", "kilos", WEIGHED)
)
EACH = Resource("hats", select(func.count()).where(OWNED), known=Known("orchard", "hats"))
FAMILY = ("anna", "ben", "carla")


class Kept(msgspec.Struct):
    """Keeps limits by project and resource, and counts how often it is asked."""

    limits: dict[tuple[str, str], Registered]
    asked: int = 0

    def __call__(self, db: Db, service: str, project_id: str, names: Sequence[str]) -> Mapping[str, Registered]:
        assert service == "orchard"
        self.asked += 1
        return {name: self.limits[project_id, name] for name in names if (project_id, name) in self.limits}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = opened(f"sqlite:///{tmp_path / 'quota.db'}")
    yield found
    found.close()


def pick(db: Db, owner: str, limit: int = -1, resource: Resource = PEARS) -> None:
    take(db, owner, resource, 1, limit)
    db.run(PICK_PEAR, owner_id=owner, weight=1)


def refused(store: Store, owner: str, limit: int = -1, resource: Resource = PEARS) -> str:
    with pytest.raises(OverQuota) as refusal:
        store.write(lambda db: pick(db, owner, limit, resource))
    return str(refusal.value)


def test_a_registered_limit_counts_in_place_of_another(store: Store) -> None:
    kept = Kept({("anna", "pears"): Registered(1), ("ben", "pears"): Registered(-1)})
    read_limits_with(store, kept)
    store.write(lambda db: pick(db, "anna", limit=0))
    assert refused(store, "anna", limit=9) == (
        "Project anna is over a limit for [Resource pears is over limit of 1 due to current usage 1 and delta 1]"
    )
    for _ in range(2):
        store.write(lambda db: pick(db, "ben", limit=0))
    assert refused(store, "dora", limit=0).startswith("Quota exceeded for pears")
    assert store.read(lambda db: registered(db, "orchard", "anna", ["pears", "plums"])) == {"pears": Registered(1)}


def test_a_database_without_a_reader_has_no_registered_limits(store: Store) -> None:
    assert store.read(lambda db: registered(db, "orchard", "anna", ["pears"])) == {}
    store.write(lambda db: pick(db, "anna", limit=1))
    assert refused(store, "anna", limit=1).startswith("Quota exceeded for pears")


def test_what_is_taken_together_is_asked_for_together(store: Store) -> None:
    kept = Kept({("anna", "pears"): Registered(0), ("anna", "kilos"): Registered(0)})
    read_limits_with(store, kept)
    with pytest.raises(OverQuota) as refusal:
        store.write(lambda db: take_all(db, "anna", [Wanted(PEARS, 1, -1), Wanted(KILOS, 2, -1)]))
    assert str(refusal.value) == (
        "Project anna is over a limit for [Resource kilos is over limit of 0 due to current usage 0 and delta 2, "
        "Resource pears is over limit of 0 due to current usage 0 and delta 1]"
    )
    assert kept.asked == 1


def test_what_each_owner_may_have_has_no_limit_of_a_project(store: Store) -> None:
    kept = Kept({("", "hats"): Registered(1), ("anna", "hats"): Registered(9)})
    read_limits_with(store, kept)
    store.write(lambda db: pick(db, "anna", resource=EACH))
    assert refused(store, "anna", resource=EACH) == (
        "Project None is over a limit for [Resource hats is over limit of 1 due to current usage 1 and delta 1]"
    )


def test_usage_is_told_in_the_limits_unit(store: Store) -> None:
    read_limits_with(store, Kept({("anna", "kilos"): Registered(2)}))
    store.write(lambda db: db.run(PICK_PEAR, owner_id="anna", weight=2999))
    assert store.read(lambda db: used(db, "anna", KILOS)) == 2
    nothing = Wanted(KILOS, 0, -1, even_nothing=True)
    store.write(lambda db: take_all(db, "anna", [nothing]))
    store.write(lambda db: db.run(PICK_PEAR, owner_id="anna", weight=1))
    store.write(lambda db: take_all(db, "anna", [Wanted(KILOS, 0, -1)]))
    with pytest.raises(OverQuota):
        store.write(lambda db: take_all(db, "anna", [nothing]))


def test_an_amount_alone_may_be_too_large(store: Store) -> None:
    read_limits_with(store, Kept({("", "hats"): Registered(2), ("", "scarfs"): Registered(-1)}))
    hats, scarfs, shoes = (Known("orchard", name) for name in ("hats", "scarfs", "shoes"))
    assert store.read(lambda db: [refuse_large(db, hats, 2), refuse_large(db, scarfs, 99)]) == [True, True]
    assert store.read(lambda db: refuse_large(db, shoes, 99)) is False
    with pytest.raises(OverQuota) as refusal:
        store.read(lambda db: refuse_large(db, hats, 3))
    assert str(refusal.value) == (
        "Project None is over a limit for [Resource hats is over limit of 2 due to current usage 0 and delta 3]"
    )


def test_projects_of_a_tree_have_a_limit_together(store: Store) -> None:
    tree = Tree("family", FAMILY, 2)
    read_limits_with(store, Kept({(name, "pears"): Registered(2, tree) for name in FAMILY}))
    store.write(lambda db: pick(db, "anna"))
    store.write(lambda db: pick(db, "ben"))
    assert refused(store, "anna") == (
        "Project family is over a limit for [Resource pears is over limit of 2 due to current usage 2 and delta 1]"
    )
    store.write(lambda db: pick(db, "dora"))


def test_a_tree_of_many_projects_is_counted_whole(store: Store) -> None:
    many = [f"p{number}" for number in range(1201)]
    read_limits_with(store, Kept({(many[0], "pears"): Registered(-1, Tree("all", many, 3))}))
    for owner in (many[0], many[600], many[1200]):
        store.write(lambda db, owner=owner: db.run(PICK_PEAR, owner_id=owner, weight=1))  # type: ignore[misc]
    assert "current usage 3" in refused(store, many[0])


def family_at_once(store: Store) -> None:
    """Each of three may have four, and all together five; twelve try at once."""
    tree = Tree("family", FAMILY, 5)
    read_limits_with(store, Kept({(name, "pears"): Registered(4, tree) for name in FAMILY}))

    def body(owner: str) -> bool:
        try:
            store.write(lambda db: pick(db, owner))
        except OverQuota:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(body, FAMILY * 4)).count(True) == 5


def test_a_family_at_once_takes_no_more_than_there_is(store: Store) -> None:
    family_at_once(store)


@pytest.mark.databases
@pytest.mark.parametrize("url", ["mariadb_url", "postgresql_url"])
def test_a_family_at_once_on_a_server(url: str, request: pytest.FixtureRequest) -> None:
    store = opened(request.getfixturevalue(url))
    try:
        family_at_once(store)
    finally:
        store.close()
