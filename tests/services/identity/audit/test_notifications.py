"""What listeners on the bus are told of identity: in which form, and that it holds no secret.

Of several clouds in one process only the newest is woken by its news, hence the order of the tests.
"""

import re
import socket
import time
from collections.abc import Iterator
from queue import Empty, Queue
from typing import Any

import msgspec
import pytest
from tests.services.identity.people import PASSWORD, grant, make, role_id, try_login
from tests.support.cloud import PASSWORD as ADMINS
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.kernel.events.publisher import TOPIC

PATIENCE_S = 10
HEX = re.compile(r"[0-9a-f]{32}")


class Listener:
    """Who hears the notifications of a cloud."""

    def __init__(self, cloud: RunningCloud) -> None:
        self._heard: Queue[bytes] = Queue()
        self.told: list[dict[str, Any]] = []
        cloud.cloud.bus.subscribe(TOPIC, self._heard.put)

    def of(self, event_type: str, word: str) -> dict[str, Any]:
        """The first notification of this type that speaks of this."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            for one in self.told:
                if one["event_type"] == event_type and word in str(one["payload"]):
                    return one
            self._hear(deadline - time.monotonic(), event_type)

    def all_of(self, word: str) -> list[dict[str, Any]]:
        return [one for one in self.told if word in str(one["payload"])]

    def _hear(self, patience_s: float, event_type: str) -> None:
        try:
            event = msgspec.json.decode(self._heard.get(timeout=max(patience_s, 0.01)))
        except Empty:
            raise AssertionError(f"Nobody tells of {event_type}.") from None
        self.told.append(msgspec.json.decode(event["oslo.message"]))


@pytest.fixture(scope="module")
def cadf() -> Iterator[RunningCloud]:
    with running_cloud(bare=True, identity={"notification_format": "cadf", "notify_logins": True}) as running:
        yield running


@pytest.fixture(scope="module")
def basic() -> Iterator[RunningCloud]:
    with running_cloud(bare=True, identity={"notification_format": "basic"}) as running:
        yield running


def test_a_new_user_is_told_of_in_cadf(cadf: RunningCloud) -> None:
    listener, admin = Listener(cadf), cadf.login().with_headers(User_Agent="a test of notifications")
    user = make(admin, "user")
    told = listener.of("identity.user.created", user["id"])
    assert told["publisher_id"] == f"identity.{socket.gethostname()}"
    assert told["priority"] == "INFO"
    payload = told["payload"]
    assert payload["typeURI"] == "http://schemas.dmtf.org/cloud/audit/1.0/event"
    assert (payload["eventType"], payload["action"], payload["outcome"]) == ("activity", "created.user", "success")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0000", payload["eventTime"])
    assert payload["target"] == {"typeURI": "data/security/account/user", "id": user["id"]}
    assert payload["resource_info"] == user["id"]
    services = admin.get("identity", "/v3/services", params={"type": "identity"}).json()["services"]
    assert payload["observer"] == {"typeURI": "service/security", "id": services[0]["id"]}
    initiator = payload["initiator"]
    assert initiator["typeURI"] == "service/security/account/user"
    assert initiator["host"] == {"address": "127.0.0.1", "agent": "a test of notifications"}
    assert initiator["name"] == initiator["username"] == "admin"
    assert HEX.fullmatch(initiator["id"])
    assert initiator["id"] == initiator["user_id"]
    assert HEX.fullmatch(initiator["project_id"])
    assert initiator["request_id"].startswith("req-")


def test_logins_are_told_of_whether_they_succeed(cadf: RunningCloud) -> None:
    listener, admin = Listener(cadf), cadf.login()
    user = make(admin, "user")
    assert try_login(cadf, user).status_code == 201
    assert try_login(cadf, user, password="not the password").status_code == 401
    listener.of("identity.authenticate", "'failure'")
    outcomes = [one["payload"]["outcome"] for one in listener.told if one["event_type"] == "identity.authenticate"]
    assert outcomes[-2:] == ["success", "failure"]
    payload = listener.of("identity.authenticate", user["id"])["payload"]
    assert payload["action"] == "authenticate"
    assert payload["target"] == {"typeURI": "service/security/account/user", "id": user["id"]}
    assert payload["initiator"]["user_id"] == user["id"]
    assert "resource_info" not in payload


def test_role_assignments_name_role_place_and_actor(cadf: RunningCloud) -> None:
    listener, admin = Listener(cadf), cadf.login()
    user, project, group = make(admin, "user"), make(admin, "project"), make(admin, "group")
    grant(admin, user, "member", f"projects/{project['id']}")
    payload = listener.of("identity.role_assignment.created", user["id"])["payload"]
    assert payload["action"] == "created.role_assignment"
    assert payload["target"]["typeURI"] == "service/security/account/user"
    named = {name: payload[name] for name in ("role", "project", "user", "inherited_to_projects")}
    role = role_id(admin, "member")
    assert named == {"role": role, "project": project["id"], "user": user["id"], "inherited_to_projects": False}
    assert not {"domain", "group", "resource_info"} & set(payload)
    place = f"/v3/OS-INHERIT/domains/default/groups/{group['id']}/roles/{role}/inherited_to_projects"
    assert admin.put("identity", place).status_code == 204
    assert admin.delete("identity", place).status_code == 204
    payload = listener.of("identity.role_assignment.deleted", group["id"])["payload"]
    assert (payload["domain"], payload["group"], payload["inherited_to_projects"]) == ("default", group["id"], True)


def test_no_secret_is_told(cadf: RunningCloud) -> None:
    listener, admin = Listener(cadf), cadf.login()
    user = make(admin, "user")
    grant(admin, user, "member", "domains/default")
    answer = try_login(cadf, user, {"domain": {"id": "default"}})
    admin.patch("identity", f"/v3/users/{user['id']}", json={"user": {"password": "another secret of theirs"}})
    admin.delete("identity", f"/v3/users/{user['id']}")
    listener.of("identity.user.deleted", user["id"])
    told = str(listener.told)
    secrets = [PASSWORD, ADMINS, "another secret of theirs", admin.token, answer.headers["X-Subject-Token"]]
    assert [secret for secret in secrets if secret in told] == []


def test_the_basic_form_holds_ids_alone(basic: RunningCloud) -> None:
    listener, admin = Listener(basic), basic.login()
    group, user = make(admin, "group"), make(admin, "user")
    told = listener.of("identity.group.created", group["id"])["payload"]
    assert told == {"resource_info": group["id"], "request_id": told["request_id"]}
    assert admin.put("identity", f"/v3/groups/{group['id']}/users/{user['id']}").status_code == 204
    told = listener.of("identity.group.updated", user["id"])["payload"]
    assert told == {
        "resource_info": group["id"],
        "actor_id": user["id"],
        "actor_type": "user",
        "actor_operation": "added",
        "request_id": told["request_id"],
    }
    # What has no basic form is told in the other.
    grant(admin, user, "reader", "system")
    assert listener.of("identity.role_assignment.created", user["id"])["payload"]["action"] == "created.role_assignment"


def test_a_login_that_succeeds_is_told_only_if_wanted(basic: RunningCloud) -> None:
    listener, admin = Listener(basic), basic.login()
    user = make(admin, "user")
    assert try_login(basic, user).status_code == 201
    assert try_login(basic, user, password="not the password").status_code == 401
    listener.of("identity.authenticate", user["id"])
    outcomes = [one["payload"]["outcome"] for one in listener.told if one["event_type"] == "identity.authenticate"]
    assert outcomes == ["failure"]


def test_both_forms_come_for_who_wants_both_and_none_for_who_wants_none() -> None:
    with running_cloud(bare=True, identity={"notification_format": "both"}) as cloud:
        listener, admin = Listener(cloud), cloud.login()
        role = make(admin, "role")
        make(admin, "role", name="later")
        listener.of("identity.role.created", "data/security/role")
        assert [("typeURI" in one["payload"]) for one in listener.all_of(role["id"])] == [False, True]
    with running_cloud(bare=True, identity={"notification_format": "none"}) as cloud:
        listener, admin = Listener(cloud), cloud.login()
        role = make(admin, "role")
        _until_sealed(admin, role["id"])
        with pytest.raises(AssertionError, match="Nobody tells"):
            listener._hear(0.3, "anything")


def _until_sealed(admin: Client, target_id: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not admin.get("identity", "/v3/HANEUL-AUDIT/records", params={"target_id": target_id}).json()["records"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
