"""Queries by many ids, a bounded number of them in each statement."""

from collections.abc import Collection
from itertools import islice
from typing import TypeVar

from haneul.kernel.db import Db, Query, Row

R = TypeVar("R", bound=Row)
MOST_IDS = 5_000


def all_by_ids(db: Db, query: Query[R], ids: Collection[str]) -> list[R]:
    """All rows of a query over an expanding parameter `ids`: databases limit the parameters of one statement."""
    ahead = iter(ids)
    found: list[R] = []
    while some := list(islice(ahead, MOST_IDS)):
        found += db.all(query, ids=some)
    return found
