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
