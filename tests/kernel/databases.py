"""Stores for the kernel's tests: on SQLite in the unit lane, on real servers with the marker `databases`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Table
from tests.servers.fixtures import mariadb_server, mariadb_url, postgresql_server, postgresql_url

from haneul.kernel.db import Store

__all__ = ["EVERYWHERE", "database", "mariadb_server", "mariadb_url", "opened", "postgresql_server", "postgresql_url"]

EVERYWHERE = [
    "sqlite",
    pytest.param("mariadb", marks=pytest.mark.databases),
    pytest.param("postgresql", marks=pytest.mark.databases),
]


@pytest.fixture(params=EVERYWHERE)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@contextmanager
def opened(url: str, *tables: Table) -> Iterator[Store]:
    """A store with these tables, which are gone afterwards: servers' databases are a whole module's."""
    store = Store(url)
    for table in tables:
        table.create(store.engine)
    try:
        yield store
    finally:
        for table in reversed(tables):
            table.drop(store.engine)
        store.close()
