"""How much a namespace holds at most: its lists are answered whole."""

from typing import Any

from sqlalchemy import Select, Table, bindparam, func, select

from haneul.kernel.db import Db
from haneul.kernel.errors import OverQuota

MOST = 1000


def count_of(table: Table) -> Select[Any]:
    """How many rows of the table a namespace has."""
    return select(func.count()).where(table.c.namespace_id == bindparam("namespace_id"))


def refuse_full(db: Db, count: Select[Any], namespace_id: str, things: str) -> None:
    """OverQuota if the namespace may not hold one more."""
    refuse_many(int(db.value(count, namespace_id=namespace_id)) + 1, things)


def refuse_many(attempted: int, things: str) -> None:
    """OverQuota for more of one kind than a namespace may hold."""
    if attempted > MOST:
        raise OverQuota(
            "The limit has been exceeded on the number of allowed metadata definition {things} of a namespace. "
            "Attempted: {attempted}, Maximum: {most}",
            things=things,
            attempted=attempted,
            most=MOST,
        )
