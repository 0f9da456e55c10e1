"""What `/v3/auth/projects`, `/v3/auth/domains` and `/v3/auth/system` say of the token's user."""

from tests.services.identity.people import grant, login, make
from tests.support.cloud import Client, RunningCloud


def test_a_user_sees_what_he_may_log_in_to(cloud: RunningCloud, admin: Client) -> None:
    user, domain = make(admin, "user"), make(admin, "domain")
    first, second = make(admin, "project", name="first-of-two"), make(admin, "project", name="second-of-two")
    for place in (f"projects/{first['id']}", f"projects/{second['id']}", f"domains/{domain['id']}"):
        grant(admin, user, "member", place)
    client = login(cloud, user)
    projects = client.get("identity", "/v3/auth/projects").json()
    assert [project["name"] for project in projects["projects"]] == ["first-of-two", "second-of-two"]
    assert projects["links"]["self"].endswith("/v3/auth/projects")
    domains = client.get("identity", "/v3/auth/domains").json()["domains"]
    assert [one["id"] for one in domains] == [domain["id"]]
    assert client.get("identity", "/v3/auth/system").json()["system"] == []
    grant(admin, user, "reader", "system")
    assert client.get("identity", "/v3/auth/system").json()["system"] == [{"all": True}]


def test_what_is_disabled_is_not_offered(cloud: RunningCloud, admin: Client) -> None:
    user, project = make(admin, "user"), make(admin, "project")
    grant(admin, user, "member", f"projects/{project['id']}")
    admin.patch("identity", f"/v3/projects/{project['id']}", json={"project": {"enabled": False}})
    client = login(cloud, user)
    assert client.get("identity", "/v3/auth/projects").json()["projects"] == []
    whole = client.get("identity", f"/v3/users/{user['id']}/projects").json()["projects"]
    assert [one["id"] for one in whole] == [project["id"]]


def test_head_answers_without_a_body(admin: Client) -> None:
    for name in ("catalog", "projects", "domains", "system"):
        answer = admin.request("HEAD", "identity", f"/v3/auth/{name}")
        assert (answer.status_code, answer.content) == (200, b""), name


def test_nobody_is_told_anything_without_a_token(cloud: RunningCloud) -> None:
    for name in ("catalog", "projects", "domains", "system"):
        assert cloud.anonymous().get("identity", f"/v3/auth/{name}").status_code == 401, name
