"""Trusts that identity's tests need: made over the API by a trustor for a trustee, and logged in by."""

from typing import Any

import httpx
from tests.services.identity.people import PASSWORD, grant, login, make
from tests.support.cloud import Client, RunningCloud

TRUSTS = "/v3/OS-TRUST/trusts"
User = dict[str, Any]


class Pair:
    """A trustor, logged in to a project where he is a member, and a trustee who has nothing."""

    def __init__(self, cloud: RunningCloud, admin: Client) -> None:
        self.cloud, self.admin = cloud, admin
        self.project = make(admin, "project")
        self.trustor, self.trustee = make(admin, "user"), make(admin, "user")
        grant(admin, self.trustor, "member", f"projects/{self.project['id']}")
        self.client = login(cloud, self.trustor, {"project": {"id": self.project["id"]}})

    def body(self, **fields: Any) -> dict[str, Any]:
        usual = {
            "trustor_user_id": self.trustor["id"],
            "trustee_user_id": self.trustee["id"],
            "project_id": self.project["id"],
            "impersonation": False,
            "roles": [{"name": "member"}],
        }
        return {"trust": {**usual, **fields}}

    def create(self, **fields: Any) -> dict[str, Any]:
        answer = self.client.post("identity", TRUSTS, json=self.body(**fields))
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()["trust"]
        return found

    def refused(self, **fields: Any) -> tuple[int, str]:
        answer = self.client.post("identity", TRUSTS, json=self.body(**fields))
        return answer.status_code, answer.json()["error"]["message"]


def by_trust(cloud: RunningCloud, user: User, trust_id: str) -> httpx.Response:
    """The answer to a login by a trust."""
    identity = {"methods": ["password"], "password": {"user": {"id": user["id"], "password": PASSWORD}}}
    auth = {"identity": identity, "scope": {"OS-TRUST:trust": {"id": trust_id}}}
    return cloud.http.post(cloud.url("identity") + "/v3/auth/tokens", json={"auth": auth})


def acting(cloud: RunningCloud, user: User, trust_id: str) -> Client:
    answer = by_trust(cloud, user, trust_id)
    assert answer.status_code == 201, answer.text
    return Client(cloud, answer.headers["X-Subject-Token"])
