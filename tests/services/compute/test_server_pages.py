"""A page of a project's servers costs the same wherever it stands: each sort key is read along an index of its own."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from haneul.kernel.clock import EPOCH, now
from haneul.kernel.db import Db, Store, metadata
from haneul.kernel.db.listing import Direction, Page
from haneul.services.compute.servers import queries
from haneul.services.compute.servers.models import servers

PROJECT = "0" * 32
SORTS = [(name, direction) for name in sorted(queries.LISTING.sorts) for direction in ("asc", "desc")]
NULLABLE = {"description": None, "key": None, "user_data": None, "fault": None, "deleted_at": None}
MOMENTS = {"created_at": now(), "updated_at": now(), "launched_at": EPOCH}


def a_server(number: int) -> dict[str, object]:
    kinds = {column.name: column.type.python_type for column in servers.c if not column.nullable}
    made: dict[str, object] = {"metadata": {}, "tags": [], "flavor": {}, **NULLABLE, **MOMENTS}
    plain = {name: kind() for name, kind in kinds.items() if name not in made and name != "number"}
    return {**plain, **made, "id": f"{number:036}", "project_id": PROJECT}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('pages') / 'servers.db'}")
    metadata.create_all(store.engine, tables=[servers])
    store.write(lambda db: [db.insert_numbered(servers, **a_server(number)) for number in range(2)])
    yield store
    store.close()


@pytest.mark.parametrize(("name", "direction"), SORTS)
def test_every_sort_key_is_read_along_an_index(store: Store, name: str, direction: Direction) -> None:
    filters = {"project_id": PROJECT, "is_deleted": False}
    first = "0" * 36 if direction == "asc" else f"{1:036}"

    def body(db: Db) -> list[str]:
        ran: list[str] = []
        driver = db.connection.connection.dbapi_connection
        assert driver is not None
        driver.set_trace_callback(ran.append)
        try:
            assert len(queries.LISTING.page(db, Page(5, first, ((name, direction),)), filters)) == 1
        finally:
            driver.set_trace_callback(None)
        return [
            " ".join(str(row) for row in db.tuples(text("EXPLAIN QUERY PLAN " + statement.replace(":", r"\:"))))
            for statement in ran
            if statement.startswith("SELECT")
        ]

    plans = store.read(body)
    assert len(plans) >= 2
    assert [plan for plan in plans if "SCAN" in plan or "TEMP B-TREE" in plan] == []
