"""Calls upon who has which role where."""

from collections.abc import Callable
from typing import Any

from tests.laws.matrix.people_cases import elsewhere, in_own_domain, seen
from tests.laws.matrix.scene import Case, Made, Scene, user_seen
from tests.surface import DefaultRule


def upon(role: Callable[[Scene], dict[str, Any]], *, is_strange: bool = False) -> Callable[[Scene, DefaultRule], Made]:
    """A role of a guest or a group, or of another domain's, on the home domain or its project.

    It is there unless it is to be given.
    """

    def made(scene: Scene, row: DefaultRule) -> Made:
        given, home, away = role(scene), scene.home, scene.away
        user, group_id = (away.visitor, away.visitors_id) if is_strange else (home.guest, home.group_id)
        ids = {"role_id": given["id"], "domain_id": scene.home.domain_id, "project_id": scene.home.project_id}
        ids |= {"user_id": user["id"], "group_id": group_id}
        target = {
            "role": seen(given),
            "domain": {"id": scene.home.domain_id},
            "project": {"id": scene.home.project_id, "domain_id": scene.home.domain_id},
            "user": user_seen(user),
            "group": {"id": group_id, "domain_id": user["domain_id"]},
        }
        named = {name: ids[name] for name in ids if f"{{{name}}}" in row.path}
        if row.method != "PUT" and "role_id" in named and given in (scene.reader, scene.roles["admin"]):
            scene.must("PUT", row.path.format_map(named))
        return Made(named, target={kind: target[kind] for kind in target if f"{kind}_id" in named})

    return made


def reader(scene: Scene) -> dict[str, Any]:
    return scene.reader


def admin(scene: Scene) -> dict[str, Any]:
    return scene.roles["admin"]


def home_role(scene: Scene) -> dict[str, Any]:
    return scene.home_role


def away_role(scene: Scene) -> dict[str, Any]:
    return scene.away_role


def tree(scene: Scene, row: DefaultRule) -> Made:
    target = {"domain_id": scene.home.domain_id, "project": {"id": scene.home.project_id}}
    return Made(target=target, query=f"&scope.project.id={scene.home.project_id}")


STRANGE = Case(upon(reader, is_strange=True), "to another domain's people")
ADMIN = Case(upon(admin), "of the role admin")
OWN = Case(upon(home_role), "of a role of the domain", later=(404,))
OTHER = Case(upon(away_role), "of a role of another domain", later=(404,))
SYSTEM = ("list_system_grants", "check_system_grant", "create_system_grant", "revoke_system_grant")
CASES: dict[str, list[Case]] = {
    "list_grants": [Case(upon(reader)), STRANGE],
    "check_grant": [Case(upon(reader)), STRANGE, OWN, OTHER],
    "create_grant": [Case(upon(reader)), STRANGE, ADMIN, OWN],
    "revoke_grant": [Case(upon(reader)), STRANGE, ADMIN, OWN],
    **{f"{name}_for_{actor}": [Case(upon(reader))] for name in SYSTEM for actor in ("user", "group")},
    "list_role_assignments": [Case(lambda scene, row: Made(target=in_own_domain), unseen=elsewhere)],
    "list_role_assignments_for_tree": [Case(tree)],
}
