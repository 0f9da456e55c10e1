from tests.services.identity.people import grant, login, make, persona, try_login, whoami
from tests.support.cloud import Client, RunningCloud


def test_a_project_is_created_shown_changed_and_deleted(admin: Client) -> None:
    created = admin.post("identity", "/v3/projects", json={"project": {"name": "garden", "description": "Roses"}})
    assert created.status_code == 201
    project = created.json()["project"]
    assert project | {"id": "", "links": {}} == {
        "id": "",
        "name": "garden",
        "domain_id": "default",
        "parent_id": "default",
        "description": "Roses",
        "enabled": True,
        "is_domain": False,
        "tags": [],
        "options": {},
        "links": {},
    }
    path = f"/v3/projects/{project['id']}"
    assert admin.get("identity", path).json()["project"] == project
    changed = admin.patch("identity", path, json={"project": {"name": "orchard", "enabled": False}})
    assert (changed.status_code, changed.json()["project"]["name"]) == (200, "orchard")
    assert admin.delete("identity", path).status_code == 204
    assert admin.get("identity", path).status_code == 404


def test_a_name_stands_once_in_a_domain(admin: Client) -> None:
    body = {"project": {"name": "twice"}}
    assert admin.post("identity", "/v3/projects", json=body).status_code == 201
    refused = admin.post("identity", "/v3/projects", json=body)
    assert refused.status_code == 409
    assert refused.json()["error"]["title"] == "Conflict"


def test_the_list_can_be_filtered(admin: Client) -> None:
    found = admin.get("identity", "/v3/projects", params={"name": "admin"}).json()
    assert [project["name"] for project in found["projects"]] == ["admin"]
    assert found["links"]["next"] is None


def test_a_request_without_a_token_is_challenged(cloud: RunningCloud) -> None:
    answer = cloud.anonymous().get("identity", "/v3/projects")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Keystone uri=")


def test_a_name_of_the_wrong_type_is_refused(admin: Client) -> None:
    answer = admin.post("identity", "/v3/projects", json={"project": {"name": 7}})
    assert answer.status_code == 400
    assert "name" in answer.json()["error"]["message"]


def test_projects_stand_under_each_other_to_a_depth(admin: Client) -> None:
    domain = make(admin, "domain")
    parent = make(admin, "project", domain_id=domain["id"])
    chain = [parent]
    for _ in range(4):
        chain.append(make(admin, "project", parent_id=chain[-1]["id"]))
    assert {project["domain_id"] for project in chain} == {domain["id"]}
    deeper = admin.post("identity", "/v3/projects", json={"project": {"name": "deeper", "parent_id": chain[-1]["id"]}})
    assert (deeper.status_code, "depth" in deeper.text) == (403, True)
    children = admin.get("identity", "/v3/projects", params={"parent_id": parent["id"]}).json()["projects"]
    assert [child["id"] for child in children] == [chain[1]["id"]]
    path = f"/v3/projects/{parent['id']}"
    assert "leaf" in admin.delete("identity", path).json()["error"]["message"]
    assert admin.patch("identity", path, json={"project": {"enabled": False}}).status_code == 403
    assert admin.patch("identity", path, json={"project": {"parent_id": None}}).status_code == 403
    elsewhere = {"name": "elsewhere", "parent_id": parent["id"], "domain_id": "default"}
    assert admin.post("identity", "/v3/projects", json={"project": elsewhere}).status_code == 400


def test_a_disabled_branch_takes_no_enabled_project(admin: Client) -> None:
    parent = make(admin, "project")
    child = make(admin, "project", parent_id=parent["id"], enabled=False)
    admin.patch("identity", f"/v3/projects/{parent['id']}", json={"project": {"enabled": False}})
    enabled = admin.patch("identity", f"/v3/projects/{child['id']}", json={"project": {"enabled": True}})
    body = {"name": "late", "parent_id": parent["id"]}
    assert enabled.status_code == 403
    assert admin.post("identity", "/v3/projects", json={"project": body}).status_code == 400


def test_a_deleted_or_disabled_project_lets_nobody_in(cloud: RunningCloud, admin: Client) -> None:
    project, user = make(admin, "project"), make(admin, "user")
    grant(admin, user, "member", f"projects/{project['id']}")
    scope, path = {"project": {"id": project["id"]}}, f"/v3/projects/{project['id']}"
    client = login(cloud, user, scope)
    admin.patch("identity", path, json={"project": {"enabled": False}})
    assert (whoami(client), try_login(cloud, user, scope).status_code) == (401, 401)
    admin.patch("identity", path, json={"project": {"enabled": True}})
    client = login(cloud, user, scope)
    admin.patch("identity", f"/v3/users/{user['id']}", json={"user": {"default_project_id": project["id"]}})
    assert admin.delete("identity", path).status_code == 204
    assert (whoami(client), try_login(cloud, user, scope).status_code) == (401, 401)
    assert "default_project_id" not in admin.get("identity", f"/v3/users/{user['id']}").json()["user"]


def test_further_attributes_are_kept(admin: Client) -> None:
    project = make(admin, "project", cost_centre="7", links="mine")
    path = f"/v3/projects/{project['id']}"
    assert (project["cost_centre"], project["links"]["self"].endswith(path)) == ("7", True)
    changed = admin.patch("identity", path, json={"project": {"owner": {"name": "Rosa"}, "cost_centre": None}})
    shown = admin.get("identity", path).json()["project"]
    assert (shown["owner"], shown["cost_centre"], shown) == ({"name": "Rosa"}, None, changed.json()["project"])


def test_tags_are_set_found_and_taken(admin: Client) -> None:
    both, one = make(admin, "project", tags=["red", "blue"]), make(admin, "project", tags=["red"])
    assert sorted(both["tags"]) == ["blue", "red"]

    def found(**filters: str) -> set[str]:
        params = {name.replace("_", "-"): value for name, value in filters.items()}
        listed = admin.get("identity", "/v3/projects", params=params).json()["projects"]
        return {project["id"] for project in listed} & {both["id"], one["id"]}

    assert found(tags="red,blue") == {both["id"]}
    assert found(tags_any="blue,red") == {both["id"], one["id"]}
    assert found(not_tags_any="blue") == {one["id"]}
    assert found(not_tags="red,blue") == {one["id"]}
    assert found(tags="red", not_tags_any="blue") == {one["id"]}
    path = f"/v3/projects/{one['id']}/tags"
    added = admin.put("identity", f"{path}/green")
    assert (added.status_code, added.headers["Location"].endswith(f"{path}/green")) == (201, True)
    assert admin.get("identity", path).json()["tags"] == ["green", "red"]
    assert [admin.get("identity", f"{path}/{tag}").status_code for tag in ("green", "blue")] == [204, 404]
    assert admin.put("identity", path, json={"tags": ["x", "y"]}).json()["tags"] == ["x", "y"]
    assert [admin.delete("identity", f"{path}/x").status_code for _ in range(2)] == [204, 404]
    assert admin.put("identity", path, json={"tags": ["a,b"]}).status_code == 400
    assert admin.put("identity", f"{path}/a,b").status_code == 400
    assert admin.delete("identity", path).status_code == 204
    assert admin.get("identity", path).json()["tags"] == []


def test_a_member_sees_his_project_and_not_that_there_are_others(cloud: RunningCloud, admin: Client) -> None:
    project, other = make(admin, "project"), make(admin, "project")
    member = persona(cloud, admin, "member", f"projects/{project['id']}")
    assert member.get("identity", f"/v3/projects/{project['id']}").status_code == 200
    assert member.get("identity", f"/v3/projects/{project['id']}/tags").status_code == 200
    for path in (f"/v3/projects/{other['id']}", "/v3/projects/0123456789abcdef", "/v3/projects"):
        assert member.get("identity", path).status_code == 403, path
    refused = member.patch("identity", f"/v3/projects/{project['id']}", json={"project": {"name": "mine"}})
    assert refused.json()["error"]["message"].endswith("identity:update_project.")


def test_a_page_leads_to_the_next(admin: Client) -> None:
    domain = make(admin, "domain")
    for number in range(3):
        make(admin, "project", name=f"paged-{number}", domain_id=domain["id"])
    page = admin.get("identity", "/v3/projects", params={"domain_id": domain["id"], "limit": 2}).json()
    assert [project["name"] for project in page["projects"]] == ["paged-0", "paged-1"]
    following = admin.running.http.get(page["links"]["next"], headers={"X-Auth-Token": admin.token}).json()
    assert [project["name"] for project in following["projects"]] == ["paged-2"]
    assert following["links"]["next"] is None


def test_a_project_is_shown_with_its_family(cloud: RunningCloud, admin: Client) -> None:
    domain, user = make(admin, "domain"), make(admin, "user")
    root = make(admin, "project", domain_id=domain["id"])
    middle = make(admin, "project", parent_id=root["id"])
    leaf = make(admin, "project", parent_id=middle["id"])
    path = f"/v3/projects/{middle['id']}"
    shown = admin.get("identity", f"{path}?parents_as_ids&subtree_as_ids").json()["project"]
    assert shown["parents"] == {root["id"]: {domain["id"]: None}}
    assert shown["subtree"] == {leaf["id"]: None}
    for project in (middle, leaf):
        grant(admin, user, "member", f"projects/{project['id']}")
    client = login(cloud, user, {"project": {"id": middle["id"]}})
    listed = client.get("identity", f"{path}?parents_as_list&subtree_as_list").json()["project"]
    assert (listed["parents"], [one["project"]["id"] for one in listed["subtree"]]) == ([], [leaf["id"]])
    assert admin.get("identity", f"{path}?parents_as_list&parents_as_ids").status_code == 400
    assert {"parents", "subtree"}.isdisjoint(admin.get("identity", path).json()["project"])
