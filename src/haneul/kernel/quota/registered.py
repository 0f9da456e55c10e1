"""Limits that operators register with identity for all services: where there is one, it is the limit.

Identity keeps them. `cloud.py` hands over who reads them, one for each database: a process may hold several clouds.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import Engine, Executable

from haneul.kernel.db import Db, Store

UNLIMITED = -1


class Known(msgspec.Struct, frozen=True):
    """By what names a limit of a resource is registered: the service's type, and its own.

    `among` counts the resource for all of the projects `owner_ids` together. Without it the owners are not projects:
    then what is registered holds for each of them, and no project has a limit of its own.
    """

    service: str
    name: str
    among: Executable | None = None


class Tree(msgspec.Struct, frozen=True):
    """A domain whose projects have a limit together: its id, theirs, and the limit."""

    id: str
    project_ids: Sequence[str]
    limit: int


class Registered(msgspec.Struct, frozen=True):
    """A project's limit of a resource, -1 for none, and that of the tree that it stands in where trees have limits."""

    limit: int
    tree: Tree | None = None


class LimitReader(Protocol):
    """What the kernel needs of who keeps limits."""

    def __call__(self, db: Db, service: str, project_id: str, names: Sequence[str]) -> Mapping[str, Registered]:
        """The limits of a project by resource, for those of `names` that are registered, in one query or two.

        Without a project, those that hold for whoever has none of his own.
        """
        ...


_readers: WeakKeyDictionary[Engine, LimitReader] = WeakKeyDictionary()


def read_limits_with(store: Store, reader: LimitReader) -> None:
    """From now on quotas that are kept in this database ask the reader first."""
    for engine in store.engines:
        _readers[engine] = reader


def registered(db: Db, service: str, project_id: str, names: Sequence[str]) -> Mapping[str, Registered]:
    """The registered limits of a project by resource; those without one are missing."""
    reader = _readers.get(db.connection.engine)
    return reader(db, service, project_id, names) if reader is not None and names else {}
