"""A registered limit, and one of a project's own."""

from tests.support.cloud import Client


def limit_stage(admin: Client, project_id: str) -> None:
    """Limit something that nothing counts."""
    service_id = admin.get("identity", "/v3/services", params={"type": "placement"}).json()["services"][0]["id"]
    known = {"service_id": service_id, "resource_name": "roses"}
    registered = {"registered_limits": [{**known, "default_limit": 5, "description": "In the garden"}]}
    assert admin.post("identity", "/v3/registered_limits", json=registered).status_code == 201
    own = {"limits": [{**known, "resource_limit": 7, "project_id": project_id}]}
    assert admin.post("identity", "/v3/limits", json=own).status_code == 201
