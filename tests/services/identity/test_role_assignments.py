from typing import Any

import pytest
from tests.services.identity.people import grant, make, persona, role_id
from tests.support.cloud import Client, RunningCloud

PATH = "/v3/role_assignments"
INHERITED = "scope.OS-INHERIT:inherited_to"


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


def test_a_group_and_a_tree_take_effect_each_once(admin: Client) -> None:
    domain, group = make(admin, "domain"), make(admin, "group")
    root = make(admin, "project", domain_id=domain["id"])
    children = [make(admin, "project", parent_id=root["id"]) for _ in range(2)]
    users = [make(admin, "user") for _ in range(2)]
    for user in users:
        admin.put("identity", f"/v3/groups/{group['id']}/users/{user['id']}")
    reader = role_id(admin, "reader")
    grant(admin, users[0], "reader", f"projects/{children[0]['id']}")
    inherited = f"/v3/OS-INHERIT/projects/{root['id']}/groups/{group['id']}/roles/{reader}/inherited_to_projects"
    assert admin.put("identity", inherited).status_code == 204
    everywhere = {"scope__project__id": root["id"], "include_subtree": "true", "effective": "true"}
    found = listed(admin, **everywhere)
    places = [(one["user"]["id"], one["scope"]["project"]["id"]) for one in found]
    assert sorted(places) == sorted((user["id"], child["id"]) for user in users for child in children)
    of_one = [one for one in listed(admin, user__id=users[1]["id"], effective="") if one["role"]["id"] == reader]
    assert {one["scope"]["project"]["id"] for one in of_one} == {child["id"] for child in children}
    assert {one["links"]["assignment"].rpartition("/v3")[2] for one in of_one} == {inherited.removeprefix("/v3")}
    assert {one["scope"]["OS-INHERIT:inherited_to"] for one in of_one} == {"projects"}
    directly = [one for one in found if "OS-INHERIT:inherited_to" not in one["scope"]]
    assert [one["scope"]["project"]["id"] for one in directly] == [children[0]["id"]]


def test_inherited_ones_are_told_from_the_others(admin: Client) -> None:
    domain, user, reader = make(admin, "domain"), make(admin, "user"), role_id(admin, "reader")
    project = make(admin, "project", domain_id=domain["id"])
    grant(admin, user, "reader", f"domains/{domain['id']}")
    inherited = f"/v3/OS-INHERIT/domains/{domain['id']}/users/{user['id']}/roles/{reader}/inherited_to_projects"
    assert admin.put("identity", inherited).status_code == 204

    def scopes(**filters: str) -> list[dict[str, Any]]:
        params = {"user.id": user["id"], **filters}
        return [one["scope"] for one in admin.get("identity", PATH, params=params).json()["role_assignments"]]

    here = {"domain": {"id": domain["id"]}}
    below = {"project": {"id": project["id"]}, "OS-INHERIT:inherited_to": "projects"}
    assert scopes(**{INHERITED: "projects"}) == [{**here, "OS-INHERIT:inherited_to": "projects"}]
    assert scopes(**{INHERITED: "anything else"}) == [here]
    assert scopes(**{INHERITED: "projects"}, effective="") == [below]
    assert scopes(**{INHERITED: "anything else"}, effective="") == [here]
    assert sorted(scopes(effective=""), key=str) == sorted([below, here], key=str)


def test_assignments_on_the_system_take_no_effect_elsewhere(admin: Client) -> None:
    user, project = make(admin, "user"), make(admin, "project")
    grant(admin, user, "reader", "system")
    grant(admin, user, "reader", f"projects/{project['id']}")
    effective = listed(admin, user__id=user["id"], effective="")
    assert [one["scope"] for one in effective] == [{"project": {"id": project["id"]}}]
    assert len(listed(admin, user__id=user["id"], scope__system="some")) == 2
    on_system = listed(admin, user__id=user["id"], scope__system="all", include_names="")
    assert [(one["scope"], one["role"]["name"]) for one in on_system] == [({"system": {"all": True}}, "reader")]


def test_a_domains_own_role_takes_effect_by_what_it_implies(admin: Client) -> None:
    domain, group = make(admin, "domain"), make(admin, "group")
    project = make(admin, "project", domain_id=domain["id"])
    own, user = make(admin, "role", domain_id=domain["id"]), make(admin, "user")
    admin.put("identity", f"/v3/groups/{group['id']}/users/{user['id']}")
    admin.put("identity", f"/v3/roles/{own['id']}/implies/{role_id(admin, 'reader')}")
    place = f"/v3/projects/{project['id']}/groups/{group['id']}/roles/{own['id']}"
    assert admin.put("identity", place).status_code == 204
    (made,) = listed(admin, scope__project__id=project["id"], include_names="")
    assert made["role"]["domain"] == {"id": domain["id"], "name": domain["name"]}
    assert made["group"] == {"id": group["id"], "name": group["name"], "domain": {"id": "default", "name": "Default"}}
    (effective,) = listed(admin, scope__project__id=project["id"], effective="", include_names="")
    assert effective["role"] == {"id": role_id(admin, "reader"), "name": "reader"}
    assert listed(admin, scope__project__id=project["id"], effective="", role__id=own["id"]) == []
    elsewhere = make(admin, "project")
    refused = admin.put("identity", f"/v3/projects/{elsewhere['id']}/groups/{group['id']}/roles/{own['id']}")
    assert refused.status_code == 403
    assert admin.put("identity", f"/v3/system/groups/{group['id']}/roles/{own['id']}").status_code == 400


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("scope.project.id=a&scope.domain.id=b", "Specify a domain or project, not both"),
        ("scope.system=all&scope.domain.id=b", "Specify system or domain, not both"),
        ("scope.system=all&scope.project.id=b", "Specify system or project, not both"),
        ("user.id=a&group.id=b", "Specify a user or group, not both"),
        ("group.id=a&effective", "Combining effective and group filter will always result in an empty list."),
        (
            "scope.domain.id=a&effective&scope.OS-INHERIT:inherited_to=projects",
            "Combining effective, domain and inherited filters will always result in an empty list.",
        ),
    ],
)
def test_filters_that_exclude_each_other_are_refused(admin: Client, query: str, message: str) -> None:
    answer = admin.get("identity", f"{PATH}?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == message
