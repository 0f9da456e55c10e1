import pytest
from tests.support.cloud import Client, RunningCloud


@pytest.fixture(scope="module")
def member(cloud: RunningCloud, admin: Client) -> Client:
    """Someone with the role member in a project of his own."""
    project = _made(admin, "projects", {"project": {"name": "garden"}})["project"]
    user = _made(admin, "users", {"user": {"name": "gardener", "password": "a spade"}})["user"]
    (role,) = admin.get("identity", "/v3/roles", params={"name": "member"}).json()["roles"]
    granted = admin.put("identity", f"/v3/projects/{project['id']}/users/{user['id']}/roles/{role['id']}")
    assert granted.status_code == 204
    return cloud.login({"project": {"id": project["id"]}}, name="gardener", password="a spade")


def _made(admin: Client, collection: str, body: dict[str, object]) -> dict[str, dict[str, str]]:
    answer = admin.post("identity", f"/v3/{collection}", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, dict[str, str]] = answer.json()
    return found
