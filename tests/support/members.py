"""People of projects: who is no admin, each in a project of his own."""

from tests.support.cloud import Client, RunningCloud

PASSWORD = "a spade in the shed"


def member_of(cloud: RunningCloud, admin: Client, project: str, role: str = "member") -> Client:
    """Someone with a role in a new project, both of whom have the project's name."""
    made = admin.post("identity", "/v3/projects", json={"project": {"name": project}}).json()["project"]
    body = {"user": {"name": project, "password": PASSWORD}}
    user = admin.post("identity", "/v3/users", json=body).json()["user"]
    (found,) = admin.get("identity", "/v3/roles", params={"name": role}).json()["roles"]
    granted = admin.put("identity", f"/v3/projects/{made['id']}/users/{user['id']}/roles/{found['id']}")
    assert granted.status_code == 204, granted.text
    return cloud.login({"project": {"id": made["id"]}}, name=project, password=PASSWORD)


def project_of(caller: Client) -> str:
    """The id of the project that the caller is logged in to."""
    shown = caller.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": caller.token})
    found: str = shown.json()["token"]["project"]["id"]
    return found
