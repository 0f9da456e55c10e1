"""Users, groups, projects and who has which role on them, written straight into a cloud's database."""

import random
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from bench.cloud import BenchCloud
from bench.fill import writing
from haneul.services.identity.groups.models import groups, memberships
from haneul.services.identity.projects.models import projects
from haneul.services.identity.role_assignments.models import role_assignments
from haneul.services.identity.roles.models import roles
from haneul.services.identity.users.models import users

USERS, GROUPS, PROJECTS = 1000, 50, 500
BY_GROUP, INHERITED = 950, 50


def fill_assignments(cloud: BenchCloud, count: int) -> None:
    """Role assignments of which most are users' own on projects, some their groups' (of one member each), and a few
    inherited by the one project below their target: about as many take effect as are made."""
    chance = random.Random(count)
    with writing(cloud) as connection:
        role_id = connection.execute(select(roles.c.id).where(roles.c.name == "reader")).scalar_one()
        user_ids = _like_the_first(connection, users, USERS)
        project_ids = _like_the_first(connection, projects, PROJECTS)
        parent_ids = _like_the_first(connection, projects, INHERITED)
        for parent_id in parent_ids:
            _like_the_first(connection, projects, 1, parent_id=parent_id)
        group_ids = _groups(connection, user_ids)
        own = _pairs(chance, user_ids, project_ids, count - BY_GROUP - INHERITED)
        by_group = _pairs(chance, group_ids, project_ids, BY_GROUP)
        below = list(zip(user_ids, parent_ids, strict=False))
        for kind, pairs, is_inherited in (("user", own, False), ("group", by_group, False), ("user", below, True)):
            connection.execute(
                insert(role_assignments),
                [_assignment((kind, actor), target, role_id, is_inherited) for actor, target in pairs],
            )


def fill_roles_of(cloud: BenchCloud, user_id: str) -> list[str]:
    """Give a user the role member on each of 500 projects, and put him into 50 groups that have it; the projects."""
    with writing(cloud) as connection:
        role_id = connection.execute(select(roles.c.id).where(roles.c.name == "member")).scalar_one()
        project_ids = _like_the_first(connection, projects, PROJECTS)
        group_ids = _groups(connection, [user_id] * GROUPS)
        actors = [("user", user_id)] * PROJECTS + [("group", one) for one in group_ids]
        targets = [*project_ids, *project_ids[:GROUPS]]
        rows = [_assignment(actor, target, role_id) for actor, target in zip(actors, targets, strict=True)]
        connection.execute(insert(role_assignments), rows)
    return project_ids


def _like_the_first(connection: Connection, table: Table, count: int, **changes: Any) -> list[str]:
    """That many rows more, like the project `admin` or the user of that name, under ids and names of their own."""
    first = connection.execute(select(table).where(table.c.name == "admin")).mappings().first()
    assert first is not None
    rows = [{**first, **changes, "id": (own_id := uuid.uuid4().hex), "name": f"bench-{own_id}"} for _ in range(count)]
    connection.execute(insert(table), rows)
    return [row["id"] for row in rows]


def _groups(connection: Connection, members: Sequence[str]) -> list[str]:
    """Fifty groups with one member each."""
    first = connection.execute(select(projects.c.created_at).limit(1)).scalar_one()
    ids = [uuid.uuid4().hex for _ in range(GROUPS)]
    about = {"domain_id": "default", "description": "", "extra": {}, "created_at": first}
    connection.execute(insert(groups), [{**about, "id": one, "name": one} for one in ids])
    made = [{"user_id": user_id, "group_id": one} for user_id, one in zip(members, ids, strict=False)]
    connection.execute(insert(memberships), made)
    return ids


def _pairs(chance: random.Random, actors: list[str], targets: list[str], count: int) -> list[tuple[str, str]]:
    found: dict[tuple[str, str], None] = {}
    while len(found) < count:
        found[chance.choice(actors), chance.choice(targets)] = None
    return list(found)


def _assignment(actor: tuple[str, str], project_id: str, role_id: str, is_inherited: bool = False) -> dict[str, Any]:
    actor_type, actor_id = actor
    return {
        "actor_type": actor_type,
        "actor_id": actor_id,
        "target_type": "project",
        "target_id": project_id,
        "role_id": role_id,
        "is_inherited": is_inherited,
    }
