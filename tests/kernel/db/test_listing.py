"""Lists: paging through one with any sort keys, directions and gaps gives the list that sorting all of it gives."""

import tempfile
from collections.abc import Iterator
from functools import cmp_to_key, partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, String, Table
from tests.kernel.databases import database, mariadb_server, mariadb_url, opened, postgresql_server, postgresql_url

from haneul.kernel.db import Db, Row, Store
from haneul.kernel.db.listing import Direction, Listing, Page, Where
from haneul.kernel.errors import BadRequest

__all__ = ["database", "mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url"]

Sort = tuple[tuple[str, Direction], ...]


class Plum(Row):
    """A row with values that repeat, and some that are missing."""

    id: str
    color: str
    size: int | None
    crate: int | None


plums = Table(
    "test_plums",
    MetaData(),
    Column("id", String(16), primary_key=True),
    Column("color", String(16), nullable=False),
    Column("size", Integer),
    Column("crate", Integer),
)
LISTING = Listing(
    Plum,
    plums,
    filters={"color": plums.c.color, "size": plums.c.size, "crate": plums.c.crate},
    sorts={"id": plums.c.id, "color": plums.c.color, "size": plums.c.size, "crate": plums.c.crate},
    default_sort=(("color", "asc"),),
)
SMALL = st.one_of(st.none(), st.integers(0, 3))
PLUMS = st.lists(
    st.builds(Plum, st.text("abcdefgh", min_size=1, max_size=3), st.sampled_from(["blue", "red"]), SMALL, SMALL),
    max_size=14,
    unique_by=lambda plum: plum.id,
)
DIRECTIONS: st.SearchStrategy[Direction] = st.sampled_from(["asc", "desc"])
KEYS = st.tuples(st.sampled_from(["id", "color", "size", "crate"]), DIRECTIONS)
SORTS: st.SearchStrategy[Sort] = st.lists(KEYS, max_size=4).map(lambda keys: tuple(keys))


def in_order(rows: list[Plum], sort: Sort) -> list[Plum]:
    """Sorted in Python: gaps first ascending and last descending, ties by the id in the last key's direction."""
    keys = sort or LISTING.default_sort
    if not any(name == "id" for name, _ in keys):
        keys = (*keys, ("id", keys[-1][1]))

    def compare(one: Plum, other: Plum) -> int:
        for name, direction in keys:
            mine, its = rank(getattr(one, name)), rank(getattr(other, name))
            if mine != its:
                return (1 if mine > its else -1) * (1 if direction == "asc" else -1)
        return 0

    return sorted(rows, key=cmp_to_key(compare))


def rank(value: Any) -> tuple[bool, Any]:
    return (value is not None, 0 if value is None else value)


def paged(db: Db, sort: Sort, limit: int, filters: dict[str, Any] | None = None) -> list[Plum]:
    """The list as a client gets it, page by page."""
    found: list[Plum] = []
    marker = None
    while True:
        page = LISTING.page(db, Page(limit, marker, sort), filters or {})
        found += page
        if len(page) < limit:
            return found
        assert len(found) <= 100, "It goes in circles."
        marker = page[-1].id


@pytest.fixture(scope="module")
def shelf() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder, opened(f"sqlite:///{Path(folder) / 'list.db'}", plums) as store:
        yield store


def refill(db: Db, rows: list[Plum]) -> None:
    db.delete(plums)
    db.insert_all(plums, rows)


@settings(max_examples=250, deadline=None)
@given(rows=PLUMS, sort=SORTS, limit=st.integers(1, 5))
def test_paging_equals_sorting(shelf: Store, rows: list[Plum], sort: Sort, limit: int) -> None:
    shelf.write(lambda db: refill(db, rows))
    assert shelf.read(lambda db: paged(db, sort, limit)) == in_order(rows, sort)


MIXED = [
    Plum(f"{color}{size}{crate}"[:16], color, size, crate)
    for color in ("blue", "red")
    for size in (None, 1, 2)
    for crate in (None, 7)
]


@pytest.mark.parametrize(
    "sort",
    [
        (),
        (("size", "asc"),),
        (("size", "desc"),),
        (("color", "desc"), ("size", "asc")),
        (("crate", "desc"), ("size", "desc")),
        (("size", "asc"), ("crate", "desc"), ("color", "asc")),
        (("id", "desc"),),
    ],
)
def test_every_database_pages_alike(database: str, sort: Sort) -> None:
    with opened(database, plums) as store:
        store.write(lambda db: db.insert_all(plums, MIXED))
        for limit in (1, 3, 50):
            assert store.read(partial(paged, sort=sort, limit=limit)) == in_order(MIXED, sort)


@pytest.fixture
def filled(database: str) -> Iterator[Store]:
    with opened(database, plums) as store:
        store.write(lambda db: db.insert_all(plums, MIXED))
        yield store


@pytest.mark.parametrize(
    ("filters", "is_meant"),
    [
        ({"color": "red"}, lambda plum: plum.color == "red"),
        ({"color": ["red", "green"]}, lambda plum: plum.color == "red"),
        ({"size": 1, "crate": 7}, lambda plum: (plum.size, plum.crate) == (1, 7)),
        ({"size": Where("null", True)}, lambda plum: plum.size is None),
        ({"size": Where("null", False)}, lambda plum: plum.size is not None),
        ({"size": Where("gt", 1)}, lambda plum: (plum.size or 0) > 1),
        ({"size": Where("lte", 1)}, lambda plum: plum.size is not None and plum.size <= 1),
        ({"color": Where("neq", "red")}, lambda plum: plum.color != "red"),
        ({"color": Where("nin", ["red"])}, lambda plum: plum.color != "red"),
        ({"color": Where("like", "%lu%")}, lambda plum: plum.color == "blue"),
        ({"color": []}, lambda plum: False),
    ],
)
def test_filters_choose_rows_on_every_page(filled: Store, filters: dict[str, Any], is_meant: Any) -> None:
    expected = in_order([plum for plum in MIXED if is_meant(plum)], ())
    assert filled.read(lambda db: paged(db, (), 2, filters)) == expected


def test_a_limit_of_none_is_all_and_of_nought_is_nothing(filled: Store) -> None:
    assert len(filled.read(lambda db: LISTING.page(db, Page(), {}))) == len(MIXED)
    assert filled.read(lambda db: LISTING.page(db, Page(0), {})) == []


def test_an_unknown_sort_key_and_an_unknown_marker_are_the_callers_mistake(filled: Store) -> None:
    with pytest.raises(BadRequest, match="Sort key supplied is invalid: taste"):
        filled.read(lambda db: LISTING.page(db, Page(sort=(("taste", "asc"),)), {}))
    with pytest.raises(BadRequest, match=r"marker \[nowhere\] not found"):
        filled.read(lambda db: LISTING.page(db, Page(5, "nowhere"), {}))


def test_statements_are_kept_by_shape_and_not_without_end(filled: Store) -> None:
    listing = Listing(
        Plum, plums, filters={"size": plums.c.size}, sorts={"id": plums.c.id}, default_sort=(("id", "asc"),)
    )
    for size in range(50):
        filled.read(partial(listing.page, page=Page(5), filters={"size": size}))
    assert len(listing._shapes) == 1


def test_no_marker_stands_outside_of_what_the_caller_may_see(shelf: Store) -> None:
    bounded = Listing(
        Plum,
        plums,
        filters={"color": plums.c.color, "size": plums.c.size},
        sorts={"id": plums.c.id},
        default_sort=(("id", "asc"),),
        bounds=("color",),
    )
    rows = [Plum("a", "red", 1, None), Plum("b", "blue", 1, None), Plum("c", "red", 2, None)]

    def body(db: Db) -> None:
        db.delete(plums)
        db.insert_all(plums, rows)
        assert bounded.page(db, Page(marker="a"), {"color": "red"}) == [rows[2]]
        # A filter that bounds nothing may have changed between two pages.
        assert bounded.page(db, Page(marker="a"), {"color": "red", "size": 2}) == [rows[2]]
        assert bounded.page(db, Page(marker="a"), {}) == rows[1:]
        with pytest.raises(BadRequest):
            bounded.page(db, Page(marker="b"), {"color": "red"})

    shelf.write(body)


def test_a_sort_key_that_is_named_a_thousand_times_counts_once(shelf: Store) -> None:
    rows = [Plum("a", "red", None, None), Plum("b", "red", 2, None)]

    def body(db: Db) -> None:
        db.delete(plums)
        db.insert_all(plums, rows)
        sort: Sort = (("size", "asc"), ("size", "desc")) * 500
        assert LISTING.page(db, Page(marker="a", sort=sort), {}) == [rows[1]]

    shelf.write(body)
