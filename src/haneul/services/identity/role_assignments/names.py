"""The names of users, groups, projects, domains and roles, many at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import Select, select

from haneul.kernel.db import Db
from haneul.kernel.db.among import among
from haneul.services.identity.groups.models import groups
from haneul.services.identity.projects.models import projects
from haneul.services.identity.role_assignments.models import SYSTEM, Assigned
from haneul.services.identity.roles.models import roles
from haneul.services.identity.users.models import users

AT_ONCE = 10_000
ALL = {"all": True}

Encoded = Any
"""A part of the answer as bytes: each user, role and place stands in a long list many times, and is encoded once."""


def _query(table: Any) -> Select[tuple[str, str, str]]:
    return select(table.c.id, table.c.name, table.c.domain_id).where(among(table.c.id, "ids"))


QUERIES = {"user": _query(users), "group": _query(groups), "target": _query(projects), "role": _query(roles)}


class Shown(dict[str, Encoded]):
    """What is shown of each of one kind, by id: the id alone of what has no name here."""

    def __missing__(self, own_id: str) -> Encoded:
        shown = self[own_id] = _encoded({"id": own_id})
        return shown


class Scopes(dict[tuple[str, str, bool], Encoded]):
    """What is shown of where an assignment holds: by the target's kind and id, and whether it is inherited."""

    def __init__(self, targets: Shown) -> None:
        super().__init__()
        self._targets = targets

    def __missing__(self, key: tuple[str, str, bool]) -> Encoded:
        target_type, target_id, is_inherited = key
        scope: dict[str, Any] = {target_type: ALL if target_type == SYSTEM else self._targets[target_id]}
        if is_inherited:
            scope["OS-INHERIT:inherited_to"] = "projects"
        shown = self[key] = _encoded(scope)
        return shown


Names = Mapping[str, Shown]
"""By kind: users, groups, targets and roles."""


def no_names() -> Names:
    return {kind: Shown() for kind in QUERIES}


def names_of(db: Db, found: Sequence[Assigned]) -> Names:
    """All that these assignments are about: five queries, however many they are.

    A domain, and a role of the whole cloud, have no domain around them.
    """
    wanted = {
        "user": {one.actor_id for one in found if one.actor_type == "user"},
        "group": {one.actor_id for one in found if one.actor_type == "group"},
        "target": {one.target_id for one in found if one.target_type != SYSTEM},
        "role": {one.role_id for one in found},
    }
    rows = {kind: list(_rows(db, kind, ids)) for kind, ids in wanted.items()}
    around = {row[2] for named in rows.values() for row in named}
    domains = {own_id: {"id": own_id, "name": name} for own_id, name, _ in _rows(db, "target", around)}
    return {kind: Shown((row[0], _encoded(_named(row, domains))) for row in named) for kind, named in rows.items()}


def _named(row: Any, domains: Mapping[str, dict[str, str]]) -> dict[str, Any]:
    own_id, name, domain_id = row
    around = {"domain": domains[domain_id]} if domain_id in domains else {}
    return {"id": own_id, "name": name, **around}


def _encoded(shown: dict[str, Any]) -> Encoded:
    return msgspec.Raw(msgspec.json.encode(shown))


def _rows(db: Db, kind: str, ids: Iterable[str]) -> Iterator[Any]:
    rest = iter(sorted(ids))
    while part := list(islice(rest, AT_ONCE)):
        yield from db.tuples(QUERIES[kind], ids=part)
