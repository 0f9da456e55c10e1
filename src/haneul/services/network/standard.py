"""What every resource of the network API has: who owns it, when it came and changed, how often it changed, its tags."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Integer, String, Table, bindparam, update

from haneul.kernel.clock import iso_seconds, now
from haneul.kernel.db import Db, Outrun, Row, Time
from haneul.kernel.errors import NotFound
from haneul.kernel.ids import new_uuid
from haneul.kernel.schema import View


class Standard(Row):
    """The columns that every resource's row begins with."""

    id: str
    project_id: str
    description: str
    created_at: datetime
    updated_at: datetime
    revision_number: int


class StandardView(View):
    """The fields of every resource; `tenant_id` is the project under its old name."""

    id: str
    project_id: str
    tenant_id: str
    description: str
    created_at: str
    updated_at: str
    revision_number: int
    tags: list[str]


def standard_columns() -> list[Column[Any]]:
    """The columns that every resource's table begins with."""
    return [
        Column("id", String(36), primary_key=True),
        Column("project_id", String(255), nullable=False),
        Column("description", String(255), nullable=False),
        Column("created_at", Time, nullable=False),
        Column("updated_at", Time, nullable=False),
        Column("revision_number", Integer, nullable=False),
    ]


def standard_values(project_id: str, description: str | None = None) -> dict[str, Any]:
    """What a new row has in those columns."""
    moment = now()
    return {
        "id": new_uuid(),
        "project_id": project_id,
        "description": description or "",
        "created_at": moment,
        "updated_at": moment,
        "revision_number": 0,
    }


def standard_fields(row: Any, tags: list[str]) -> dict[str, Any]:
    """What a view shows of them."""
    created_at = iso_seconds(row.created_at)
    return {
        "id": row.id,
        "project_id": row.project_id,
        "tenant_id": row.project_id,
        "description": row.description,
        "created_at": created_at,
        "updated_at": created_at if row.updated_at == row.created_at else iso_seconds(row.updated_at),
        "revision_number": row.revision_number,
        "tags": tags,
    }


class Changes:
    """Counts changes of one table's rows: `bump` writes the next revision, whatever else changes."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._statement = (
            update(table)
            .where(table.c.id == bindparam("of_id"))
            .values(revision_number=table.c.revision_number + 1, updated_at=bindparam("at"))
        )

    def bump(self, db: Db, thing_id: str, **values: Any) -> None:
        """Write values into a row and count the change; whoever has deleted the row meanwhile is heeded."""
        if values:
            db.update(self._table, {"id": thing_id}, **values)
        if not db.run(self._statement, of_id=thing_id, at=now()):
            raise Outrun


def missing(noun: str, thing_id: str) -> NotFound:
    """The refusal of what isn't there, or of which the caller may not know: `Network X could not be found.`"""
    kind = "".join(word.capitalize() for word in noun.split()) + "NotFound"
    return NotFound("{noun} {id} could not be found.", kind=kind, noun=noun.capitalize(), id=thing_id)
