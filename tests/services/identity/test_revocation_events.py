import pytest
from tests.services.identity.people import grant, login, make, persona, whoami
from tests.support.cloud import Client, RunningCloud


def events(client: Client, **params: str) -> list[dict[str, str]]:
    answer = client.get("identity", "/v3/OS-REVOKE/events", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, str]] = answer.json()["events"]
    return found


def test_what_ends_tokens_is_listed(cloud: RunningCloud, admin: Client) -> None:
    user, project = make(admin, "user"), make(admin, "project")
    token = login(cloud, user)
    about = {"X-Subject-Token": token.token}
    audit_id = token.get("identity", "/v3/auth/tokens", headers=about).json()["token"]["audit_ids"][0]
    assert token.delete("identity", "/v3/auth/tokens", headers=about).status_code == 204
    admin.patch("identity", f"/v3/users/{user['id']}", json={"user": {"enabled": False}})
    admin.patch("identity", f"/v3/projects/{project['id']}", json={"project": {"enabled": False}})
    found = events(admin)
    for name, value in (("audit_id", audit_id), ("user_id", user["id"]), ("project_id", project["id"])):
        [event] = [one for one in found if one.get(name) == value]
        assert event.keys() == {name, "issued_before", "revoked_at"}


def test_since_leaves_out_what_was_before(cloud: RunningCloud, admin: Client) -> None:
    user = make(admin, "user")
    admin.patch("identity", f"/v3/users/{user['id']}", json={"user": {"enabled": False}})
    last = events(admin)[-1]
    assert last in events(admin, since=last["revoked_at"])
    assert events(admin, since="2100-01-01T00:00:00Z") == []
    assert admin.get("identity", "/v3/OS-REVOKE/events", params={"since": "yesterday"}).status_code == 400


def test_services_and_administrators_read_them(cloud: RunningCloud, admin: Client) -> None:
    project = make(admin, "project")
    place = f"projects/{project['id']}"
    for role, status in (("service", 200), ("member", 403), ("reader", 403)):
        caller = persona(cloud, admin, role, place)
        assert caller.get("identity", "/v3/OS-REVOKE/events").status_code == status, role


@pytest.mark.parametrize("kind", ["project", "domain"])
def test_tokens_of_a_disabled_place_stay_dead_when_it_comes_back(cloud: RunningCloud, admin: Client, kind: str) -> None:
    user, place = make(admin, "user"), make(admin, kind)
    grant(admin, user, "member", f"{kind}s/{place['id']}")
    scope = {kind: {"id": place["id"]}}
    before = login(cloud, user, scope)
    assert whoami(before) == 200
    for enabled in (False, True):
        body = {kind: {"enabled": enabled}}
        assert admin.patch("identity", f"/v3/{kind}s/{place['id']}", json=body).status_code == 200
        assert whoami(before) == 401
    assert whoami(login(cloud, user, scope)) == 200


def test_a_disabled_domain_ends_its_users_tokens(cloud: RunningCloud, admin: Client) -> None:
    domain = make(admin, "domain")
    token = login(cloud, make(admin, "user", domain_id=domain["id"]))
    for enabled in (False, True):
        admin.patch("identity", f"/v3/domains/{domain['id']}", json={"domain": {"enabled": enabled}})
        assert whoami(token) == 401
