"""Calls upon domains, projects, users, groups and roles."""

from collections.abc import Mapping
from typing import Any

from tests.laws.matrix.catalog_cases import CHANGED, creating, plain
from tests.laws.matrix.personas import Persona
from tests.laws.matrix.scene import Case, Made, Scene, Target, named, outside, user_seen
from tests.surface import DefaultRule


def elsewhere(scene: Scene, persona: Persona) -> set[str]:
    """Who has a token for a domain sees nothing of another one in lists."""
    return outside(scene, persona.domain_id) if persona.domain_id else set()


def but_the_group(scene: Scene, persona: Persona) -> set[str]:
    """The list's link to itself names the group that it is of."""
    return elsewhere(scene, persona) - {scene.home.group_id}


def in_own_domain(persona: Persona) -> Target:
    """Lists by tokens of domains are filtered: the caller's own domain is the target."""
    return {"domain_id": persona.domain_id} if persona.domain_id else {}


def groups_in_own_domain(persona: Persona) -> Target:
    return {"group": {"domain_id": persona.domain_id}} if persona.domain_id else {}


def own_domain(persona: Persona) -> Target:
    return {"domain": {"id": persona.domain_id}} if persona.domain_id else {}


def listing(target: Any) -> list[Case]:
    return [Case(lambda scene, row: Made(target=target), unseen=elsewhere)]


def new_user(scene: Scene) -> dict[str, Any]:
    return scene.new("user", name=named("user"), domain_id=scene.home.domain_id)


def new_group(scene: Scene) -> dict[str, Any]:
    return scene.new("group", name=named("group"), domain_id=scene.home.domain_id)


def new_project(scene: Scene) -> dict[str, Any]:
    return scene.new("project", name=named("project"), domain_id=scene.home.domain_id)


def new_domain(scene: Scene) -> dict[str, Any]:
    return scene.new("domain", name=named("domain"), enabled=False)


def new_role(scene: Scene) -> dict[str, Any]:
    return scene.new("role", name=named("role"))


def new_domain_role(scene: Scene) -> dict[str, Any]:
    return scene.new("role", name=named("role"), domain_id=scene.home.domain_id)


def upon(kind: str, make: Any) -> Case:
    """A thing of the home domain: a new one for each that is deleted, else always the same."""

    def made(scene: Scene, row: DefaultRule) -> Made:
        thing = make(scene) if row.method == "DELETE" else scene.once(make)
        return Made(
            {f"{kind}_id": thing["id"]}, {kind: CHANGED} if row.method == "PATCH" else None, {kind: seen(thing)}
        )

    return Case(made)


def seen(thing: Mapping[str, Any]) -> Target:
    return {name: thing.get(name) for name in ("id", "name", "domain_id")}


def owner(scene: Scene, row: DefaultRule) -> Made:
    """The user who is one of those that call."""
    target = {"user": user_seen(scene.home.owner)}
    return Made({"user_id": scene.home.owner["id"]}, {"user": CHANGED} if row.method == "PATCH" else None, target)


def project(scene: Scene, row: DefaultRule) -> Made:
    """The project that some of those that call have their tokens for."""
    found = {"id": scene.home.project_id, "domain_id": scene.home.domain_id}
    return Made(
        {"project_id": found["id"]}, {"project": CHANGED} if row.method == "PATCH" else None, {"project": found}
    )


def own_project(scene: Scene, row: DefaultRule) -> Made:
    """A project beside that of the callers."""
    return upon("project", new_project).make(scene, row)


def tagged(scene: Scene, row: DefaultRule) -> Made:
    """The callers' project with a tag, or one for it."""
    made = project(scene, row)
    if row.method != "PUT" or row.path.endswith("tags"):
        scene.must("PUT", f"/v3/projects/{scene.home.project_id}/tags/red")
    made.ids["value"] = named("tag") if row.method == "PUT" else "red"
    made.body = {"tags": ["red"]} if row.path.endswith("tags") and row.method == "PUT" else None
    return made


def domain(scene: Scene, row: DefaultRule) -> Made:
    found = {"id": scene.home.domain_id}
    return Made({"domain_id": found["id"]}, {"domain": CHANGED} if row.method == "PATCH" else None, {"domain": found})


def creating_in(kind: str, **fields: Any) -> list[Case]:
    """In the home domain, in another one, and where the body names none."""

    def made(scene: Scene, domain_id: str) -> Made:
        body = {"name": named(kind), **({"domain_id": domain_id} if domain_id else {}), **fields}
        return Made(body={kind: body}, target={kind: body})

    return [
        Case(lambda scene, row: made(scene, scene.home.domain_id)),
        Case(lambda scene, row: made(scene, scene.away.domain_id), "elsewhere"),
        Case(lambda scene, row: made(scene, ""), "nowhere"),
    ]


def membership(scene: Scene, row: DefaultRule) -> Made:
    return _member(scene, row, scene.home.guest)


def strange_membership(scene: Scene, row: DefaultRule) -> Made:
    """A user of another domain in a group of this one."""
    return _member(scene, row, scene.away.guest)


def _member(scene: Scene, row: DefaultRule, user: dict[str, Any]) -> Made:
    ids = {"group_id": scene.home.group_id, "user_id": user["id"]}
    if row.method != "PUT":
        scene.must("PUT", f"/v3/groups/{ids['group_id']}/users/{ids['user_id']}")
    group = {"id": ids["group_id"], "domain_id": scene.home.domain_id}
    return Made(ids, target={"group": group, "user": user_seen(user)})


def members(scene: Scene, row: DefaultRule) -> Made:
    """Of a group that has members of two domains."""
    strange_membership(scene, row)
    return membership(scene, row)


def manager_role(scene: Scene, row: DefaultRule) -> Made:
    """A role that managers may give, and so see."""
    return Made({"role_id": scene.reader["id"]}, target={"role": seen(scene.reader)})


def admin_role(scene: Scene, row: DefaultRule) -> Made:
    found = scene.roles["admin"]
    return Made({"role_id": found["id"]}, target={"role": seen(found)})


def roles_of_domain(scene: Scene, row: DefaultRule) -> Made:
    return Made({"domain_id": scene.home.domain_id})


def inference(scene: Scene, row: DefaultRule) -> Made:
    prior, implied = new_role(scene)["id"], scene.once(new_role)["id"]
    if row.method != "PUT":
        scene.must("PUT", f"/v3/roles/{prior}/implies/{implied}")
    return Made({"prior_role_id": prior, "implied_role_id": implied})


MEMBERSHIP = [Case(membership), Case(strange_membership, "of another domain's user")]
CASES: dict[str, list[Case]] = {
    "list_users": listing(in_own_domain),
    "list_projects": listing(in_own_domain),
    "list_groups": listing(groups_in_own_domain),
    "list_domains": listing(own_domain),
    "get_user": [Case(owner)],
    "update_user": [Case(owner)],
    "delete_user": [upon("user", new_user)],
    "create_user": creating_in("user"),
    "list_user_projects": [Case(owner)],
    "list_groups_for_user": [Case(owner)],
    "get_project": [Case(project), Case(own_project, "beside one's own")],
    "update_project": [Case(project)],
    "delete_project": [upon("project", new_project)],
    "create_project": creating_in("project"),
    "list_project_tags": [Case(tagged)],
    "get_project_tag": [Case(tagged)],
    "update_project_tags": [Case(tagged)],
    "create_project_tag": [Case(tagged)],
    "delete_project_tags": [Case(tagged)],
    "delete_project_tag": [Case(tagged)],
    "get_domain": [Case(domain)],
    "update_domain": [Case(domain)],
    "delete_domain": [upon("domain", new_domain)],
    "create_domain": [creating("domain", lambda scene: {"name": named("domain")})],
    "get_group": [upon("group", new_group)],
    "update_group": [upon("group", new_group)],
    "delete_group": [upon("group", new_group)],
    "create_group": creating_in("group"),
    "list_users_in_group": [Case(members, unseen=but_the_group)],
    "check_user_in_group": MEMBERSHIP,
    "add_user_to_group": MEMBERSHIP,
    "remove_user_from_group": MEMBERSHIP,
    "list_roles": [Case(plain)],
    "get_role": [Case(manager_role, "that managers may give"), Case(admin_role, "that they may not")],
    "update_role": [upon("role", new_role)],
    "delete_role": [upon("role", new_role)],
    "create_role": [creating("role", lambda scene: {"name": named("role")})],
    "list_domain_roles": [Case(roles_of_domain)],
    "get_domain_role": [upon("role", new_domain_role)],
    "update_domain_role": [upon("role", new_domain_role)],
    "delete_domain_role": [upon("role", new_domain_role)],
    "create_domain_role": [
        creating("role", lambda scene: {"name": named("role"), "domain_id": scene.home.domain_id}),
    ],
    "list_role_inference_rules": [Case(plain)],
    "list_implied_roles": [Case(inference)],
    "get_implied_role": [Case(inference)],
    "check_implied_role": [Case(inference)],
    "create_implied_role": [Case(inference)],
    "delete_implied_role": [Case(inference)],
}
