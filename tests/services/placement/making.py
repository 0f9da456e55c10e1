"""Providers, classes and callers for the tests of placement; every name is new, so that tests share a cloud."""

import uuid
from typing import Any

import httpx
from tests.support.cloud import Client, RunningCloud

BASE = "/resource_providers"


def at(client: Client, version: str = "1.39") -> Client:
    return client.with_headers(openstack_api_version=f"placement {version}")


def new_id() -> str:
    return str(uuid.uuid4())


def new_class(admin: Client) -> str:
    """A resource class that no other test's providers have."""
    name = f"CUSTOM_{uuid.uuid4().hex.upper()}"
    assert at(admin).put("placement", f"/resource_classes/{name}").status_code == 201
    return name


def new_trait(admin: Client) -> str:
    name = f"CUSTOM_{uuid.uuid4().hex.upper()}"
    assert at(admin).put("placement", f"/traits/{name}").status_code == 201
    return name


def provider(
    admin: Client,
    *,
    has: dict[str, Any] | None = None,
    traits: tuple[str, ...] = (),
    aggregates: tuple[str, ...] = (),
    parent: str | None = None,
) -> str:
    """A provider's id. What it has: a total by resource class, or an inventory's figures."""
    body = {"name": f"provider {new_id()}", "parent_provider_uuid": parent}
    made = at(admin).post("placement", BASE, json=body)
    assert made.status_code == 200, made.text
    provider_id: str = made.json()["uuid"]
    figures = {name: one if isinstance(one, dict) else {"total": one} for name, one in (has or {}).items()}
    _put(admin, provider_id, "inventories", inventories=figures)
    _put(admin, provider_id, "traits", traits=list(traits))
    _put(admin, provider_id, "aggregates", aggregates=list(aggregates))
    return provider_id


def _put(admin: Client, provider_id: str, what: str, **body: Any) -> None:
    if any(body.values()):
        body["resource_provider_generation"] = generation(admin, provider_id)
        answer = at(admin).put("placement", f"{BASE}/{provider_id}/{what}", json=body)
        assert answer.status_code == 200, answer.text


def generation(admin: Client, provider_id: str) -> int:
    found: int = at(admin).get("placement", f"{BASE}/{provider_id}").json()["generation"]
    return found


def claim(wanted: dict[str, dict[str, int]], **other: Any) -> dict[str, Any]:
    """A consumer's allocations as 1.38 takes them; an argument that is `...` is left out."""
    body: dict[str, Any] = {
        "allocations": {provider_id: {"resources": amounts} for provider_id, amounts in wanted.items()},
        "project_id": "garden",
        "user_id": "gardener",
        "consumer_generation": None,
        "consumer_type": "INSTANCE",
        **other,
    }
    return {name: value for name, value in body.items() if value is not ...}


def allocate(admin: Client, consumer: str, wanted: dict[str, dict[str, int]], **other: Any) -> httpx.Response:
    return at(admin).put("placement", f"/allocations/{consumer}", json=claim(wanted, **other))


def error(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["errors"][0]
    return found


def caller_with(cloud: RunningCloud, admin: Client, *roles: str) -> tuple[Client, str]:
    """Somebody with these roles on a project of his own, and the project's id."""
    name = new_id()
    user = {"name": name, "password": "pears and plums", "domain_id": "default"}
    user_id = admin.post("identity", "/v3/users", json={"user": user}).json()["user"]["id"]
    project_id: str = admin.post("identity", "/v3/projects", json={"project": {"name": name}}).json()["project"]["id"]
    known = {role["name"]: role["id"] for role in admin.get("identity", "/v3/roles").json()["roles"]}
    for role in roles:
        path = f"/v3/projects/{project_id}/users/{user_id}/roles/{known[role]}"
        assert admin.put("identity", path).status_code == 204
    return cloud.login({"project": {"id": project_id}}, name=name, password="pears and plums"), project_id
