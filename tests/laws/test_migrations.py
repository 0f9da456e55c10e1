"""Migrations bring each database to just what the models say, and back from nothing in the order of their numbers."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, LargeBinary, String, inspect, types
from tests.kernel.databases import database, mariadb_server, mariadb_url, postgresql_server, postgresql_url

from haneul.cloud import import_tables
from haneul.kernel.db import Store, metadata
from haneul.kernel.db.migrate import FOLDER, current_revision, newest_revision, upgrade
from haneul.kernel.db.types import Json, Time

__all__ = ["database", "mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url"]


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    import_tables()
    store = Store(database)
    upgrade(store.engine)
    try:
        yield store.engine
    finally:
        drop_everything(store.engine)
        store.close()


def drop_everything(engine: Engine) -> None:
    """A server's database is a whole module's."""
    metadata.drop_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")


def differs(_context: Any, _there: Any, _wanted: Any, there: Any, wanted: Any) -> bool | None:
    """Whether a column's type is another; None leaves it to alembic. Our own types are wrapped in the database's."""
    if isinstance(wanted, Time):
        return not isinstance(there, types.BigInteger)
    if isinstance(wanted, Json):
        # PostgreSQL's VARCHAR without a length is its TEXT.
        return not isinstance(there, String) or there.length is not None
    if isinstance(wanted, LargeBinary | String):
        return getattr(there, "length", None) != wanted.length if wanted.length else None
    return None


def test_migrations_match_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": differs})
        assert compare_metadata(context, metadata) == [], "`tools/make_migration.py` writes what is missing."


def test_every_table_is_compared_byte_by_byte(engine: Engine) -> None:
    """MariaDB would call `Demo` and `demo` one name, and `demo` with a blank behind it as well."""
    if engine.dialect.name not in ("mysql", "mariadb"):
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT 'a' = 'A'").scalar() in (0, False)
        return
    wrong = [
        (table, column["name"])
        for table in metadata.tables
        for column in inspect(engine).get_columns(table)
        if isinstance(column["type"], String) and column["type"].collation not in (None, "utf8mb4_nopad_bin")
    ]
    assert wrong == []
    with engine.connect() as connection:
        told = connection.exec_driver_sql(
            "SELECT DISTINCT table_collation FROM information_schema.tables WHERE table_schema = DATABASE() "
            "AND table_name <> 'alembic_version'"
        )
        assert told.scalars().all() == ["utf8mb4_nopad_bin"]


def test_a_number_never_comes_to_mean_another_row(engine: Engine) -> None:
    """SQLite would give the number of the last row again once that is deleted."""
    counted = sorted(
        table.name for table in metadata.tables.values() if any(one.autoincrement is True for one in table.c)
    )
    assert "operations" in counted
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            made = dict(connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'").all())
        assert [name for name in counted if "AUTOINCREMENT" not in made[name]] == []


def test_a_second_upgrade_does_nothing(engine: Engine) -> None:
    before = inspect(engine).get_table_names()
    upgrade(engine)
    assert inspect(engine).get_table_names() == before
    assert current_revision(engine) == newest_revision()


def test_migrations_are_numbered_without_a_gap_and_each_follows_the_one_before() -> None:
    files = sorted((FOLDER / "versions").glob("[0-9]*.py"))
    numbers = [path.stem.partition("_")[0] for path in files]
    assert numbers == [f"{index:04}" for index in range(1, len(files) + 1)]
    for number, before, path in zip(numbers, [None, *numbers], files, strict=False):
        follows = re.search(r"^down_revision.*= (?:None|[\"'](\d+)[\"'])", path.read_text(), re.MULTILINE)
        assert follows is not None
        assert follows[1] == before, number


def test_every_table_has_a_key_and_every_name_fits_every_database(engine: Engine) -> None:
    for name, table in metadata.tables.items():
        assert table.primary_key.columns, name
        named = [name, *(str(one.name) for one in table.constraints), *(str(one.name) for one in table.indexes)]
        assert [long for long in named if len(long) > 63] == []
