"""What tests of limits share: a service of their own, and the calls that register limits."""

from secrets import token_hex
from typing import Any

from tests.support.cloud import Client

NOWHERE = "f" * 32


def service_of(admin: Client, kind: str = "") -> str:
    """The id of a new service, or of the one of this type."""
    if kind:
        return str(admin.get("identity", "/v3/services", params={"type": kind}).json()["services"][0]["id"])
    body = {"service": {"type": f"garden-{token_hex(4)}", "name": "garden"}}
    return str(admin.post("identity", "/v3/services", json=body).json()["service"]["id"])


def region_of(admin: Client) -> str:
    answer = admin.post("identity", "/v3/regions", json={"region": {"id": f"region-{token_hex(4)}"}})
    return str(answer.json()["region"]["id"])


def register(admin: Client, service_id: str, name: str, most: int, **fields: Any) -> dict[str, Any]:
    body = {"service_id": service_id, "resource_name": name, "default_limit": most, **fields}
    answer = admin.post("identity", "/v3/registered_limits", json={"registered_limits": [body]})
    assert answer.status_code == 201, answer.text
    (made,) = answer.json()["registered_limits"]
    found: dict[str, Any] = made
    return found


def wanted(service_id: str, name: str, most: int, **fields: Any) -> dict[str, Any]:
    return {"service_id": service_id, "resource_name": name, "resource_limit": most, **fields}


def limit(admin: Client, *bodies: dict[str, Any]) -> list[dict[str, Any]]:
    answer = admin.post("identity", "/v3/limits", json={"limits": list(bodies)})
    assert answer.status_code == 201, answer.text
    found: list[dict[str, Any]] = answer.json()["limits"]
    return found


def refused(answer: Any) -> tuple[int, str]:
    """Status and sentence."""
    return answer.status_code, answer.json()["error"]["message"]
