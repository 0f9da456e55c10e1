"""The names of users, groups, projects, domains and roles, many at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Select, bindparam, select

from haneul.kernel.db import Db, Query, Row
from haneul.services.identity.groups.models import groups
from haneul.services.identity.projects.models import projects
from haneul.services.identity.role_assignments.effective import Assigned
from haneul.services.identity.roles.models import roles
from haneul.services.identity.users.models import users

AT_ONCE = 10_000


class Named(Row):
    """An id, its name, and the domain around it; no name for a domain that isn't one."""

    id: str
    name: str
    domain_id: str
    domain_name: str | None

    @property
    def view(self) -> dict[str, Any]:
        around = {} if self.domain_name is None else {"domain": {"id": self.domain_id, "name": self.domain_name}}
        return {"id": self.id, "name": self.name, **around}


def _query(table: Any) -> Query[Named]:
    domains = projects.alias("domains")
    statement: Select[Any] = (
        select(table.c.id, table.c.name, table.c.domain_id, domains.c.name)
        .outerjoin(domains, domains.c.id == table.c.domain_id)
        .where(table.c.id.in_(bindparam("ids", expanding=True)))
    )
    return Query(Named, statement)


QUERIES = {"user": _query(users), "group": _query(groups), "target": _query(projects), "role": _query(roles)}

Names = Mapping[tuple[str, str], Named]


def names_of(db: Db, found: Sequence[Assigned]) -> Names:
    """All that these assignments are about, by kind and id: four queries, however many they are."""
    wanted = {
        "user": {one.actor_id for one in found if one.actor_type == "user"},
        "group": {one.actor_id for one in found if one.actor_type == "group"},
        "target": {one.target_id for one in found if one.target_type != "system"},
        "role": {one.role_id for one in found},
    }
    return {
        (kind, named.id): named
        for kind, ids in wanted.items()
        for part in _parts(ids)
        for named in db.all(QUERIES[kind], ids=part)
    }


def _parts(ids: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(sorted(ids))
    while part := list(islice(rest, AT_ONCE)):
        yield part
