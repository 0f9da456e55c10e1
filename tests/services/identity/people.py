"""Things that identity's tests need: made over the API, each with a name of its own."""

from secrets import token_hex
from typing import Any

import httpx
from tests.support.cloud import Client, RunningCloud

PASSWORD = "a password for tests"


def make(admin: Client, kind: str, **fields: Any) -> dict[str, Any]:
    """A new project, user, domain ...; `kind` is the body's word for it."""
    body = {"name": f"{kind}-{token_hex(4)}", **({"password": PASSWORD} if kind == "user" else {}), **fields}
    answer = admin.post("identity", f"/v3/{kind}s", json={kind: body})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()[kind]
    return found


def role_id(admin: Client, name: str) -> str:
    found = admin.get("identity", "/v3/roles", params={"name": name}).json()["roles"]
    return str(found[0]["id"])


def grant(admin: Client, user: dict[str, Any], role: str, place: str) -> None:
    """Give a role; `place` is `projects/ID`, `domains/ID` or `system`."""
    path = f"/v3/{place}/users/{user['id']}/roles/{role_id(admin, role)}"
    assert admin.put("identity", path).status_code == 204


def try_login(cloud: RunningCloud, user: dict[str, Any], scope: Any = None, password: str = PASSWORD) -> httpx.Response:
    """The answer to a login, unscoped if no scope is given."""
    identity = {"methods": ["password"], "password": {"user": {"id": user["id"], "password": password}}}
    auth = {"identity": identity, "scope": scope or "unscoped"}
    return cloud.http.post(cloud.url("identity") + "/v3/auth/tokens", json={"auth": auth})


def login(cloud: RunningCloud, user: dict[str, Any], scope: Any = None) -> Client:
    answer = try_login(cloud, user, scope)
    assert answer.status_code == 201, answer.text
    return Client(cloud, answer.headers["X-Subject-Token"])


def persona(cloud: RunningCloud, admin: Client, role: str, place: str, **fields: Any) -> Client:
    """A new user with one role on one place, logged in there."""
    user = make(admin, "user", **fields)
    grant(admin, user, role, place)
    kind, _, own_id = place.partition("/")
    scope = {"system": {"all": True}} if kind == "system" else {kind.removesuffix("s"): {"id": own_id}}
    return login(cloud, user, scope)


def whoami(client: Client) -> int:
    """The status of looking at one's own token: 200 while it counts, 401 after."""
    return client.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": client.token}).status_code
