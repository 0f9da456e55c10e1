"""The names of users, groups, projects, domains and roles, many at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Select, bindparam, select

from haneul.kernel.db import Db
from haneul.services.identity.groups.models import groups
from haneul.services.identity.projects.models import projects
from haneul.services.identity.role_assignments.models import SYSTEM, Assigned
from haneul.services.identity.roles.models import roles
from haneul.services.identity.users.models import users

AT_ONCE = 10_000

View = dict[str, Any]
Names = Mapping[str, Mapping[str, View]]
"""What is shown of each user, group, target and role: by kind, then by id."""


def _query(table: Any) -> Select[tuple[str, str, str]]:
    return select(table.c.id, table.c.name, table.c.domain_id).where(table.c.id.in_(bindparam("ids", expanding=True)))


QUERIES = {"user": _query(users), "group": _query(groups), "target": _query(projects), "role": _query(roles)}


class Bare(dict[str, View]):
    """Ids alone, for whatever has no name here."""

    def __missing__(self, own_id: str) -> View:
        return {"id": own_id}


BARE: Names = {kind: Bare() for kind in QUERIES}


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
    return {
        kind: Bare(
            (row[0], {"id": row[0], "name": row[1], "domain": domains[row[2]]})
            if row[2] in domains
            else (row[0], {"id": row[0], "name": row[1]})
            for row in named
        )
        for kind, named in rows.items()
    }


def _rows(db: Db, kind: str, ids: Iterable[str]) -> Iterator[Any]:
    rest = iter(sorted(ids))
    while part := list(islice(rest, AT_ONCE)):
        yield from db.tuples(QUERIES[kind], ids=part)
