import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from tests.services.identity.people import PASSWORD, grant, login, make, try_login, whoami
from tests.support.cloud import PASSWORD as ADMIN_PASSWORD
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.kernel.clock import now, to_microseconds
from haneul.kernel.db import Db
from haneul.kernel.errors import Unauthorized
from haneul.services.identity.authentication.logic import Attempt, conclude_at_once
from haneul.services.identity.authentication.schemas import Auth
from haneul.services.identity.revocation.logic import revoke_user
from haneul.services.identity.tokens.models import Payload


@pytest.fixture(scope="module", params=["fernet", "jws"])
def cloud(request: pytest.FixtureRequest) -> Iterator[RunningCloud]:
    """A cloud with each form of tokens in turn: both keep every promise."""
    with running_cloud(identity={"token_provider": request.param}) as running:
        yield running


@pytest.fixture(scope="module")
def admin(cloud: RunningCloud) -> Client:
    return cloud.login()


ADMIN = {"name": "admin", "domain": {"id": "default"}, "password": ADMIN_PASSWORD}


def ask(cloud: RunningCloud, identity: dict[str, Any], scope: Any = None) -> Any:
    auth: dict[str, Any] = {"identity": identity}
    if scope is not None:
        auth["scope"] = scope
    return cloud.http.post(cloud.url("identity") + "/v3/auth/tokens", json={"auth": auth})


def with_password(user: Any) -> dict[str, Any]:
    return {"methods": ["password"], "password": {"user": user}}


def with_token(token: str) -> dict[str, Any]:
    return {"methods": ["token"], "token": {"id": token}}


def shown(client: Client, token: str, **options: Any) -> Any:
    return client.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": token}, **options)


def test_a_token_says_who_where_and_until_when(cloud: RunningCloud) -> None:
    answer = ask(cloud, with_password(ADMIN), {"project": {"name": "admin", "domain": {"name": "Default"}}})
    token = answer.json()["token"]
    assert answer.status_code == 201
    assert token["user"] | {"id": ""} == {
        "id": "",
        "name": "admin",
        "domain": {"id": "default", "name": "Default"},
        "password_expires_at": None,
    }
    assert token["project"]["name"] == "admin"
    assert token["project"]["domain"] == {"id": "default", "name": "Default"}
    assert {role["name"] for role in token["roles"]} == {"admin", "manager", "member", "reader"}
    assert (token["methods"], token["is_domain"], len(token["audit_ids"])) == (["password"], False, 1)
    assert token["expires_at"].endswith("Z")
    assert token["catalog"]
    again = shown(Client(cloud, answer.headers["X-Subject-Token"]), answer.headers["X-Subject-Token"])
    assert (again.status_code, again.json()["token"]) == (200, token)


def test_tokens_are_for_a_project_a_domain_the_system_or_nothing(cloud: RunningCloud, admin: Client) -> None:
    user, project = make(admin, "user"), make(admin, "project")
    for place in (f"projects/{project['id']}", "domains/default", "system"):
        grant(admin, user, "reader", place)
    scopes: list[tuple[Any, str]] = [
        ({"project": {"id": project["id"]}}, "project"),
        ({"project": {"name": project["name"], "domain": {"id": "default"}}}, "project"),
        ({"domain": {"name": "Default"}}, "domain"),
        ({"system": {"all": True}}, "system"),
    ]
    for scope, word in scopes:
        token = try_login(cloud, user, scope).json()["token"]
        assert [name for name in ("project", "domain", "system") if name in token] == [word]
        assert [role["name"] for role in token["roles"]] == ["reader"]
    unscoped = try_login(cloud, user).json()["token"]
    assert {"project", "domain", "system", "roles", "catalog"}.isdisjoint(unscoped)


def test_a_domain_is_known_in_any_capitals_if_there_is_only_one(cloud: RunningCloud, admin: Client) -> None:
    asked = with_password({**ADMIN, "domain": {"name": "default"}})
    answer = ask(cloud, asked, {"project": {"name": "admin", "domain": {"name": "DEFAULT"}}})
    assert answer.status_code == 201
    assert answer.json()["token"]["project"]["domain"] == {"id": "default", "name": "Default"}
    made = [
        admin.post("identity", "/v3/domains", json={"domain": {"name": name}}).json()["domain"]
        for name in ("Orchard", "ORCHARD")
    ]
    user = {"name": "gardener", "password": "spade", "domain_id": made[0]["id"]}
    assert admin.post("identity", "/v3/users", json={"user": user}).status_code == 201
    for name, status in (("Orchard", 201), ("ORCHARD", 401), ("orchard", 401)):
        named = {"name": "gardener", "password": "spade", "domain": {"name": name}}
        assert ask(cloud, with_password(named)).status_code == status, name


def test_without_a_scope_the_default_project_counts_if_there_is_a_role(cloud: RunningCloud, admin: Client) -> None:
    project = make(admin, "project")
    user = make(admin, "user", default_project_id=project["id"])
    proof = with_password({"id": user["id"], "password": PASSWORD})
    assert "project" not in ask(cloud, proof).json()["token"]
    grant(admin, user, "member", f"projects/{project['id']}")
    assert ask(cloud, proof).json()["token"]["project"]["id"] == project["id"]
    assert "project" not in ask(cloud, proof, "unscoped").json()["token"]


def test_a_token_gets_another_that_ends_no_later(cloud: RunningCloud, admin: Client) -> None:
    user, project = make(admin, "user"), make(admin, "project")
    grant(admin, user, "member", f"projects/{project['id']}")
    first = try_login(cloud, user)
    second = ask(cloud, with_token(first.headers["X-Subject-Token"]), {"project": {"id": project["id"]}})
    old, new = first.json()["token"], second.json()["token"]
    assert (second.status_code, new["expires_at"]) == (201, old["expires_at"])
    assert set(new["methods"]) == {"password", "token"}
    assert new["audit_ids"][1:] == old["audit_ids"]


def test_a_revoked_token_ends_with_those_made_of_it_and_no_other(cloud: RunningCloud, admin: Client) -> None:
    user = make(admin, "user")
    first, other = login(cloud, user), login(cloud, user)
    made_of_it = Client(cloud, ask(cloud, with_token(first.token)).headers["X-Subject-Token"])
    assert first.delete("identity", "/v3/auth/tokens", headers={"X-Subject-Token": first.token}).status_code == 204
    assert (whoami(first), whoami(made_of_it), whoami(other)) == (401, 401, 200)
    assert shown(admin, first.token).status_code == 404
    assert ask(cloud, with_token(first.token)).status_code == 404


def test_a_tokens_own_revocation_leaves_its_parent(cloud: RunningCloud, admin: Client) -> None:
    first = login(cloud, make(admin, "user"))
    second = Client(cloud, ask(cloud, with_token(first.token)).headers["X-Subject-Token"])
    assert second.delete("identity", "/v3/auth/tokens", headers={"X-Subject-Token": second.token}).status_code == 204
    assert (whoami(second), whoami(first)) == (401, 200)


MANGLED: list[Callable[[str], str]] = [
    lambda token: "",
    lambda token: "nonsense",
    lambda token: token[:-1],
    lambda token: token[: len(token) // 2],
    lambda token: token + "A",
    lambda token: token[:20] + ("A" if token[20] != "A" else "B") + token[21:],
    lambda token: token.swapcase(),
    lambda token: "gAAAA" + "A" * 300,
    lambda token: "x" * 5000,
    lambda token: "\u00e9" * 20,
]


@pytest.mark.parametrize("mangle", MANGLED)
def test_a_token_that_is_none_of_ours_opens_nothing(
    cloud: RunningCloud, admin: Client, mangle: Callable[[str], str]
) -> None:
    forged = mangle(admin.token).encode()
    headers = {b"X-Auth-Token": forged}
    assert cloud.http.get(cloud.url("identity") + "/v3/users", headers=headers).status_code == 401
    about = {b"X-Auth-Token": admin.token.encode(), b"X-Subject-Token": forged}
    assert cloud.http.get(cloud.url("identity") + "/v3/auth/tokens", headers=about).status_code == 404
    if forged.isascii():
        assert ask(cloud, with_token(forged.decode())).status_code in (400, 404)


def test_an_expired_token_opens_nothing(cloud: RunningCloud, admin: Client) -> None:
    admin_id = shown(admin, admin.token).json()["token"]["user"]["id"]
    now = int(time.time() * 1e6)

    def token(issued_at: int, expires_at: int) -> Client:
        payload = Payload(admin_id, ("password",), "", "", issued_at, expires_at, ("made-by-a-test",))
        return Client(cloud, cloud.cloud.identity.tokens.provider.write(payload))

    assert whoami(token(now - 10_000_000, now + 60_000_000)) == 200
    assert whoami(token(now - 10_000_000, now - 1)) == 401
    soon = token(now, int(time.time() * 1e6) + 400_000)
    assert whoami(soon) == 200
    time.sleep(0.45)
    assert whoami(soon) == 401


def test_a_payload_that_names_nobody_opens_nothing(cloud: RunningCloud) -> None:
    now = int(time.time() * 1e6)
    keys = cloud.cloud.identity.receipt_keys
    nobody = Payload("nobody", ("password",), "system", "all", now, now + 60_000_000, ("made-by-a-test",))
    assert whoami(Client(cloud, cloud.cloud.identity.tokens.provider.write(nobody))) == 401
    for content in (b"", b"\xff", msgspec.msgpack.encode(["short"])):
        assert whoami(Client(cloud, keys.encrypt(content))) == 401


def test_validation_is_for_oneself_and_those_who_serve(cloud: RunningCloud, admin: Client) -> None:
    first, second = login(cloud, make(admin, "user")), login(cloud, make(admin, "user"))
    server, project = make(admin, "user"), make(admin, "project")
    grant(admin, server, "service", f"projects/{project['id']}")
    service = login(cloud, server, {"project": {"id": project["id"]}})
    assert [shown(client, first.token).status_code for client in (first, second, service, admin)] == [
        200,
        403,
        200,
        200,
    ]
    headers = {"X-Subject-Token": first.token}
    checked = [client.request("HEAD", "identity", "/v3/auth/tokens", headers=headers) for client in (first, second)]
    assert [answer.status_code for answer in checked] == [200, 403]
    assert second.delete("identity", "/v3/auth/tokens", headers=headers).status_code == 403
    assert (admin.get("identity", "/v3/auth/tokens").status_code, whoami(first)) == (404, 200)


def test_whose_token_counts_no_longer_learns_just_that(cloud: RunningCloud, admin: Client) -> None:
    user = make(admin, "user")
    ended, asking = login(cloud, user), login(cloud, user)
    assert asking.delete("identity", "/v3/auth/tokens", headers={"X-Subject-Token": ended.token}).status_code == 204
    assert [shown(client, ended.token).status_code for client in (asking, admin)] == [404, 404]
    assert shown(asking, "no-token").status_code == 404
    assert asking.get("identity", "/v3/auth/tokens").status_code == 403


def test_the_catalog_can_be_left_out(admin: Client) -> None:
    assert "catalog" not in shown(admin, admin.token, params={"nocatalog": ""}).json()["token"]
    assert "catalog" in shown(admin, admin.token).json()["token"]


def test_a_wrong_login_tells_nothing_of_what_was_wrong(cloud: RunningCloud, admin: Client) -> None:
    user = make(admin, "user")
    disabled = make(admin, "user", enabled=False)
    claims = [
        {"id": user["id"], "password": "wrong"},
        {"id": "0123456789abcdef0123456789abcdef", "password": "wrong"},
        {"name": "nobody", "domain": {"id": "default"}, "password": "wrong"},
        {"name": "admin", "domain": {"name": "nowhere"}, "password": ADMIN_PASSWORD},
        {"id": disabled["id"], "password": PASSWORD},
    ]
    answers = [ask(cloud, with_password(claim)) for claim in claims]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    scopes = ({"project": {"id": "nowhere"}}, {"system": {"all": True}}, {"domain": {"id": "default"}})
    assert [try_login(cloud, user, scope).status_code for scope in scopes] == [401, 401, 401]


@pytest.mark.parametrize(
    ("identity", "scope", "status"),
    [
        ({"methods": []}, None, 400),
        ({"methods": ["password"]}, None, 400),
        ({"methods": "password"}, None, 400),
        ({"methods": ["saml2"]}, None, 401),
        (with_password({"name": "admin", "password": ADMIN_PASSWORD}), None, 400),
        (with_password({"password": ADMIN_PASSWORD}), None, 400),
        (with_password({**ADMIN, "password": 5}), None, 400),
        (with_password({**ADMIN, "password": "x" * 4097}), None, 400),
        (with_password({**ADMIN, "domain": {}}), None, 400),
        (with_password("admin"), None, 400),
        (with_password(ADMIN), "everything", 400),
        (with_password(ADMIN), {}, 400),
        (with_password(ADMIN), {"project": {"name": "admin"}}, 400),
        (with_password(ADMIN), {"project": {"id": "a"}, "system": {"all": True}}, 400),
        (with_password(ADMIN), {"project": "admin"}, 400),
        (with_password(ADMIN), {"system": {"all": False}}, 400),
    ],
)
def test_a_login_that_makes_no_sense_is_refused(
    cloud: RunningCloud, identity: dict[str, Any], scope: Any, status: int
) -> None:
    answer = ask(cloud, identity, scope)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, status)
    assert "X-Subject-Token" not in answer.headers


def test_the_password_is_proved_as_it_was_when_the_login_began(cloud: RunningCloud, admin: Client) -> None:
    """What an old password has proved does not outlive the reset that came while it was being checked."""
    user = make(admin, "user")
    began = int(time.time() * 1e6)
    admin.patch("identity", f"/v3/users/{user['id']}", json={"user": {"password": "new"}})
    late = Payload(user["id"], ("password",), "", "", began, began + 60_000_000, ("made-by-a-test",))
    assert whoami(Client(cloud, cloud.cloud.identity.tokens.provider.write(late))) == 401


CHANGE = """
import sys
from haneul.kernel.db import Store
from haneul.services.identity.users import logic
from haneul.services.identity.users.schemas import UserUpdate
store = Store(sys.argv[1])
store.write(lambda db: logic.update(db, sys.argv[2], UserUpdate(enabled=False), extra={}))
store.close()
"""


def test_what_another_process_changes_counts_within_a_second(cloud: RunningCloud, admin: Client) -> None:
    user = make(admin, "user")
    client = login(cloud, user)
    assert whoami(client) == 200
    subprocess.run([sys.executable, "-c", CHANGE, cloud.cloud.wanted.db_url, user["id"]], check=True)
    changed_at = time.monotonic()
    while whoami(client) == 200:
        assert time.monotonic() < changed_at + 1.0
        time.sleep(0.02)
    assert whoami(client) == 401


def test_two_proofs_must_be_of_one_user(cloud: RunningCloud, admin: Client) -> None:
    """A token says by which methods its user has proved himself: another's proof is none of his."""
    user = make(admin, "user")
    by_password = {"user": {"id": user["id"], "password": PASSWORD}}
    own, anothers = login(cloud, user).token, admin.token
    both = {"methods": ["token", "password"], "password": by_password}
    assert ask(cloud, {**both, "token": {"id": own}}, "unscoped").status_code == 201
    assert ask(cloud, {**both, "token": {"id": anothers}}, "unscoped").status_code == 401


def test_a_token_gets_none_while_it_is_being_ended(cloud: RunningCloud, admin: Client) -> None:
    """What ends it has been written, but isn't there to be seen by others yet; the login began after that moment."""
    user = make(admin, "user")
    ended = login(cloud, user)
    assert whoami(ended) == 200
    auth = msgspec.convert({"identity": with_token(ended.token)}, Auth)

    def end_and_ask(db: Db) -> object:
        revoke_user(db, user["id"])
        began_at = to_microseconds(now()) + 1
        return conclude_at_once(db, cloud.cloud.identity, Attempt(auth, None, True, began_at, began_at + 10**9))

    assert isinstance(cloud.cloud.store.write(end_and_ask), Unauthorized)
