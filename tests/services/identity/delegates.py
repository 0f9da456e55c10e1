"""Application credentials that identity's tests need: made over the API, and logged in with."""

from secrets import token_hex
from typing import Any

import httpx
import msgspec
from tests.services.identity.people import grant, login, make
from tests.support.cloud import Client, RunningCloud


class Member(msgspec.Struct):
    """A user with roles on a project of his own, logged in there."""

    user: dict[str, Any]
    project: dict[str, Any]
    client: Client

    @property
    def path(self) -> str:
        return f"/v3/users/{self.user['id']}/application_credentials"

    @property
    def rules_path(self) -> str:
        return f"/v3/users/{self.user['id']}/access_rules"


def member(cloud: RunningCloud, admin: Client, *roles: str, **fields: str) -> Member:
    user, project = make(admin, "user", **fields), make(admin, "project", **fields)
    for role in roles or ("member",):
        grant(admin, user, role, f"projects/{project['id']}")
    return Member(user, project, login(cloud, user, {"project": {"id": project["id"]}}))


def ask(owner: Member, client: Client | None = None, **fields: Any) -> httpx.Response:
    """The answer to asking for a new credential of the owner's."""
    body = {"application_credential": {"name": f"credential-{token_hex(4)}", **fields}}
    return (client or owner.client).post("identity", owner.path, json=body)


def credential(owner: Member, **fields: Any) -> dict[str, Any]:
    answer = ask(owner, **fields)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["application_credential"]
    return found


def try_credential(cloud: RunningCloud, made: dict[str, Any], secret: str = "") -> httpx.Response:
    """The answer to a login with the credential."""
    given = {"id": made["id"], "secret": secret or made["secret"]}
    auth = {"identity": {"methods": ["application_credential"], "application_credential": given}}
    return cloud.http.post(cloud.url("identity") + "/v3/auth/tokens", json={"auth": auth})


def by_credential(cloud: RunningCloud, made: dict[str, Any]) -> Client:
    answer = try_credential(cloud, made)
    assert answer.status_code == 201, answer.text
    return Client(cloud, answer.headers["X-Subject-Token"])
