"""One of everything that hangs on identity's catalog, and the ids that stand in its paths."""

from typing import Any

from tests.support.cloud import Client


def catalog_stage(admin: Client, project_id: str) -> dict[str, str]:
    """Give a project an endpoint and a group of them, and let a policy hold for the endpoint."""
    endpoint = admin.get("identity", "/v3/endpoints", params={"interface": "public"}).json()["endpoints"][0]
    wanted = {"name": "public ones", "description": "Of all", "filters": {"interface": "public"}}
    group = _made(admin, "OS-EP-FILTER/endpoint_groups", "endpoint_group", wanted)
    policy = _made(admin, "policies", "policy", {"blob": "{}", "type": "application/json"})
    for path in (
        f"OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint['id']}",
        f"OS-EP-FILTER/endpoint_groups/{group['id']}/projects/{project_id}",
        f"policies/{policy['id']}/OS-ENDPOINT-POLICY/endpoints/{endpoint['id']}",
    ):
        assert admin.put("identity", f"/v3/{path}").status_code == 204
    return {"endpoint_id": endpoint["id"], "endpoint_group_id": group["id"], "policy_id": policy["id"]}


def _made(admin: Client, path: str, noun: str, wanted: dict[str, Any]) -> dict[str, Any]:
    answer = admin.post("identity", f"/v3/{path}", json={noun: wanted})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()[noun]
    return found
