"""The database: tables, prebuilt statements, transactions."""

from sqlalchemy import Text

from haneul.kernel.db.statements import Query, by, columns_of
from haneul.kernel.db.store import Store
from haneul.kernel.db.tables import Row, Table, metadata
from haneul.kernel.db.transaction import Db, Outrun, fields, unique
from haneul.kernel.db.types import Counter, Json, Time, Words

__all__ = [
    "Counter",
    "Db",
    "Json",
    "Outrun",
    "Query",
    "Row",
    "Store",
    "Table",
    "Text",
    "Time",
    "Words",
    "by",
    "columns_of",
    "fields",
    "metadata",
    "unique",
]
