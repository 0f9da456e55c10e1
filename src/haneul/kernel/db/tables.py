"""Every table of the cloud hangs on one metadata; every row that a query returns is a frozen struct."""

from typing import Any, dataclass_transform

import msgspec
import sqlalchemy
from sqlalchemy import Column, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Row(msgspec.Struct, frozen=True):
    """What a query returns; fields stand in the order of the statement's columns."""


def Table(name: str, *columns: Any) -> sqlalchemy.Table:  # noqa: N802
    """A table on the cloud's metadata, byte-wise compared on every database.

    MariaDB would otherwise call `Demo` and `demo` the same name, and `demo` and `demo ` too; where an API folds case, a
    column of its own does it. A number that a row had never comes to mean another one.
    """
    return sqlalchemy.Table(
        name,
        metadata,
        *columns,
        # SQLite gives the number of the last row again once that is deleted.
        sqlite_autoincrement=any(isinstance(one, Column) and one.autoincrement is True for one in columns),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_nopad_bin",
        mariadb_engine="InnoDB",
        mariadb_charset="utf8mb4",
        mariadb_collate="utf8mb4_nopad_bin",
    )
