from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy import Column, MetaData, String, Table, bindparam, or_

from haneul.kernel.db import Row, Store
from haneul.kernel.db.listing import Clause, Listing, Page
from haneul.kernel.errors import BadRequest

words = Table(
    "words", MetaData(), Column("id", String(8), primary_key=True), Column("text", String(20), nullable=False)
)


class Word(Row):
    id: str
    text: str


LISTING = Listing(
    Word, words, filters={"text": words.c.text}, sorts={"text": words.c.text}, default_sort=(("text", "asc"),)
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'words.db'}")
    words.create(store.engine)
    rows = [Word(str(number), text) for number, text in enumerate(("apple", "banana", "blueberry", "cherry"))]
    store.write(lambda db: db.insert_all(words, rows))
    yield store
    store.close()


def begins(number: int, letter: str) -> Clause:
    name = f"begins_{number}"
    return Clause(name, lambda: words.c.text.like(bindparam(name)), {name: f"{letter}%"})


def ends(letter: str) -> Clause:
    return Clause("ends", lambda: or_(words.c.text.like(bindparam("ends"))), {"ends": f"%{letter}"})


def test_clauses_narrow_a_list_beside_its_filters(store: Store) -> None:
    def texts(*clauses: Clause, **filters: str) -> list[str]:
        return [word.text for word in store.read(lambda db: LISTING.page(db, Page(), filters, clauses))]

    assert texts(begins(0, "b")) == ["banana", "blueberry"]
    assert texts(begins(0, "c")) == ["cherry"]
    assert texts(ends("y")) == ["blueberry", "cherry"]
    assert texts(begins(0, "b"), ends("y")) == ["blueberry"]
    assert texts(begins(0, "b"), begins(1, "c")) == []
    assert texts(begins(0, "b"), text="banana") == ["banana"]
    assert len(texts()) == 4


def test_a_row_outside_of_a_bound_is_no_marker(store: Store) -> None:
    """Other clauses only narrow the list: a page may begin after a row that they leave out."""

    def after(marker: str, *clauses: Clause) -> list[str]:
        return [word.text for word in store.read(lambda db: LISTING.page(db, Page(marker=marker), {}, clauses))]

    bound = structs.replace(begins(0, "b"), is_bound=True)
    assert after("0", begins(0, "b")) == ["banana", "blueberry"]
    assert after("1", bound) == ["blueberry"]
    with pytest.raises(BadRequest):
        after("0", bound)
    assert after("1", bound, ends("y")) == ["blueberry"]
