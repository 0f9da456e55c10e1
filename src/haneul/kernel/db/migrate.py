"""Bringing a database to this program's schema. Migrations are alembic's, in `haneul/migrations/versions`."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, inspect, text

import haneul

FOLDER = Path(haneul.__file__).parent / "migrations"


class SchemaTooNew(Exception):
    """The database belongs to a newer haneul."""


def newest_revision() -> str:
    """The revision that this program wants; files are named after theirs, in order."""
    return max(path.stem.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def current_revision(engine: Engine) -> str:
    """The database's revision; nothing for an empty one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def upgrade(engine: Engine) -> None:
    """Run the migrations that the database lacks. Alembic is imported only when there are some."""
    current, wanted = current_revision(engine), newest_revision()
    if current == wanted:
        return
    if current > wanted:
        raise SchemaTooNew(
            f"The database is at schema {current}, this haneul knows {wanted} at most: run the newer haneul."
        )
    from alembic import command

    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # The engine leaves BEGIN to us. Whole or not at all: a crash between two tables could never be healed.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        command.upgrade(_config(connection), "head")
        if engine.dialect.name == "sqlite":
            connection.connection.dbapi_connection.commit()  # type: ignore[union-attr]


def _config(connection: Any) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config
