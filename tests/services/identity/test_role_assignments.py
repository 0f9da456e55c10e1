from typing import Any

import pytest
from tests.services.identity.people import grant, make, persona, role_id
from tests.support.cloud import Client, RunningCloud


def listed(client: Client, **filters: str) -> list[dict[str, Any]]:
    params = {name.replace("__", "."): value for name, value in filters.items()}
    answer = client.get("identity", "/v3/role_assignments", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["role_assignments"]
    return found


def test_assignments_are_found_by_user_role_and_scope(admin: Client) -> None:
    domain = make(admin, "domain")
    project, user = make(admin, "project", domain_id=domain["id"]), make(admin, "user")
    grant(admin, user, "member", f"projects/{project['id']}")
    grant(admin, user, "reader", f"domains/{domain['id']}")
    grant(admin, user, "reader", "system")
    mine = {"user__id": user["id"]}
    assert len(listed(admin, **mine)) == 3
    on_project = listed(admin, **mine, scope__project__id=project["id"])
    assert [one["scope"] for one in on_project] == [{"project": {"id": project["id"]}}]
    assert [one["scope"] for one in listed(admin, **mine, scope__system="all")] == [{"system": {"all": True}}]
    on_domain = listed(admin, scope__domain__id=domain["id"])
    assert [one["user"] for one in on_domain] == [{"id": user["id"]}]
    readers = listed(admin, **mine, role__id=role_id(admin, "reader"))
    assert {next(iter(one["scope"])) for one in readers} == {"domain", "system"}


def test_names_come_when_asked_for(admin: Client) -> None:
    domain = make(admin, "domain", name="named")
    project, user = make(admin, "project", domain_id=domain["id"]), make(admin, "user")
    grant(admin, user, "member", f"projects/{project['id']}")
    (one,) = listed(admin, user__id=user["id"], include_names="true")
    assert one["user"] == {"id": user["id"], "name": user["name"], "domain": {"id": "default", "name": "Default"}}
    place = {"id": project["id"], "name": project["name"], "domain": {"id": domain["id"], "name": "named"}}
    assert one["scope"] == {"project": place}
    assert one["role"] == {"id": role_id(admin, "member"), "name": "member"}
    path = f"/v3/projects/{project['id']}/users/{user['id']}/roles/{one['role']['id']}"
    assert one["links"] == {"assignment": admin.running.url("identity") + path}


def test_effective_assignments_are_those_of_users_on_projects(admin: Client) -> None:
    domain, group, user = make(admin, "domain"), make(admin, "group"), make(admin, "user")
    parent = make(admin, "project", domain_id=domain["id"])
    child = make(admin, "project", parent_id=parent["id"])
    admin.put("identity", f"/v3/groups/{group['id']}/users/{user['id']}")
    inherited = f"/v3/OS-INHERIT/domains/{domain['id']}/groups/{group['id']}/roles/{role_id(admin, 'member')}"
    assert admin.put("identity", f"{inherited}/inherited_to_projects").status_code == 204
    (made,) = listed(admin, group__id=group["id"])
    assert made["scope"] == {"domain": {"id": domain["id"]}, "OS-INHERIT:inherited_to": "projects"}
    effective = listed(admin, user__id=user["id"], effective="", include_names="")
    found = {(one["scope"]["project"]["id"], one["role"]["name"]) for one in effective}
    assert found == {(project["id"], role) for project in (parent, child) for role in ("member", "reader")}
    on_child = listed(admin, scope__project__id=child["id"], effective="1", role__id=role_id(admin, "reader"))
    assert [one["user"]["id"] for one in on_child] == [user["id"]]
    assert set(on_child[0]["links"]) == {"assignment", "membership", "prior_role"}
    assert listed(admin, scope__domain__id=domain["id"], effective="1") == []


def test_a_tree_is_listed_with_its_root(cloud: RunningCloud, admin: Client) -> None:
    domain, user = make(admin, "domain"), make(admin, "user")
    root = make(admin, "project", domain_id=domain["id"])
    child = make(admin, "project", parent_id=root["id"])
    for project in (root, child):
        grant(admin, user, "member", f"projects/{project['id']}")
    found = listed(admin, scope__project__id=root["id"], include_subtree="true")
    assert {one["scope"]["project"]["id"] for one in found} == {root["id"], child["id"]}
    assert len(listed(admin, scope__project__id=root["id"])) == 1
    unrooted = admin.get("identity", "/v3/role_assignments", params={"include_subtree": "true"})
    assert unrooted.status_code == 400


def test_a_domains_reader_sees_the_assignments_of_his_domain(cloud: RunningCloud, admin: Client) -> None:
    domain, user, elsewhere = make(admin, "domain"), make(admin, "user"), make(admin, "project")
    reader = persona(cloud, admin, "reader", f"domains/{domain['id']}", domain_id=domain["id"])
    inside = make(admin, "project", domain_id=domain["id"])
    for project in (inside, elsewhere):
        grant(admin, user, "member", f"projects/{project['id']}")
    assert {next(iter(one["scope"])) for one in listed(reader)} == {"domain", "project"}
    assert [one["scope"]["project"]["id"] for one in listed(reader, user__id=user["id"])] == [inside["id"]]
    member = persona(cloud, admin, "member", f"projects/{inside['id']}")
    assert member.get("identity", "/v3/role_assignments").status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "scope.project.id=a&scope.domain.id=b",
        "scope.system=all&scope.domain.id=b",
        "scope.system=all&scope.project.id=b",
        "user.id=a&group.id=b",
        "group.id=a&effective",
        "scope.domain.id=a&effective&scope.OS-INHERIT:inherited_to=projects",
    ],
)
def test_filters_that_exclude_each_other_are_refused(admin: Client, query: str) -> None:
    assert admin.get("identity", f"/v3/role_assignments?{query}").status_code == 400
