"""What projects and domains may be called, how deep they stand, when they may change, and what their changes leave."""

from collections.abc import Iterator
from secrets import token_hex

import pytest
from tests.services.identity.delegates import credential, member
from tests.services.identity.entries import RECORDS, records
from tests.services.identity.limiting import limit, register, service_of, wanted
from tests.services.identity.people import grant, login, make, persona, whoami
from tests.support.cloud import Client, RunningCloud, running_cloud


@pytest.fixture(scope="module")
def strict() -> Iterator[Client]:
    """The administrator of a cloud that is stricter about projects."""
    rules = {"limit_model": "strict_two_level", "project_name_url_safe": "new", "domain_name_url_safe": "new"}
    with running_cloud(identity=rules) as running:
        yield running.login()


def change(admin: Client, kind: str, own_id: str, **fields: object) -> int:
    return admin.patch("identity", f"/v3/{kind}s/{own_id}", json={kind: fields}).status_code


def post(admin: Client, kind: str, **fields: object) -> tuple[int, str]:
    answer = admin.post("identity", f"/v3/{kind}s", json={kind: {"name": f"{kind}-{token_hex(4)}", **fields}})
    return answer.status_code, answer.text


@pytest.mark.parametrize("kind", ["project", "domain"])
def test_what_is_immutable_is_set_free_before_anything_else(admin: Client, kind: str) -> None:
    own_id = make(admin, kind, options={"immutable": True})["id"]
    free = {"immutable": False}
    assert change(admin, kind, own_id, description="new") == 403
    assert change(admin, kind, own_id, description="new", options=free) == 403
    assert change(admin, kind, own_id, options=free, colour="red") == 403
    assert admin.delete("identity", f"/v3/{kind}s/{own_id}").status_code == 403
    assert admin.put("identity", f"/v3/projects/{own_id}/tags/red").status_code == 403
    assert change(admin, kind, own_id, options={"immutable": None}) == 200
    shown = admin.get("identity", f"/v3/{kind}s/{own_id}").json()[kind]
    assert (shown["options"], shown["description"]) == ({}, "")
    assert change(admin, kind, own_id, description="new", enabled=False) == 200
    assert admin.delete("identity", f"/v3/{kind}s/{own_id}").status_code == 204


def test_in_a_disabled_domain_no_project_begins(admin: Client) -> None:
    domain = make(admin, "domain")
    project = make(admin, "project", domain_id=domain["id"], enabled=False)
    assert change(admin, "domain", domain["id"], enabled=False) == 200
    status, text = post(admin, "project", domain_id=domain["id"])
    assert (status, "branch containing a disabled project" in text) == (400, True)
    assert change(admin, "project", project["id"], enabled=True) == 403
    assert change(admin, "project", project["id"], name="other") == 200


def test_the_default_domain_stays() -> None:
    with running_cloud() as running:
        admin = running.login()
        outside = make(admin, "domain")
        steward = persona(running, admin, "admin", "system", domain_id=outside["id"])
        assert change(steward, "domain", "default", enabled=False) == 200
        # Its own administrator is out, but the cloud is not lost.
        assert whoami(admin) == 401
        refused = steward.delete("identity", "/v3/domains/default")
        assert (refused.status_code, "delete the default domain" in refused.text) == (403, True)
        assert change(steward, "domain", "default", enabled=True) == 200
        assert whoami(running.login()) == 200


def test_a_domain_is_changed_in_something(admin: Client) -> None:
    domain = make(admin, "domain")
    assert change(admin, "domain", domain["id"]) == 400
    assert change(admin, "domain", domain["id"], id="other") == 400
    assert change(admin, "project", domain["id"], is_domain=False) == 400
    assert change(admin, "project", domain["id"], domain_id="default") == 400


def test_tags_are_given_once(admin: Client) -> None:
    project = make(admin, "project", tags=[" red "])
    path = f"/v3/projects/{project['id']}/tags"
    assert project["tags"] == ["red"]
    assert post(admin, "project", tags=["red", "red"])[0] == 400
    assert change(admin, "project", project["id"], tags=["blue", "blue"]) == 400
    assert admin.put("identity", path, json={"tags": ["blue", " blue"]}).status_code == 400
    assert admin.put("identity", path, json={"tags": ["a" * 256]}).status_code == 400
    assert admin.put("identity", path, json={"tags": [str(number) for number in range(81)]}).status_code == 400
    assert [admin.put("identity", f"{path}/red").status_code for _ in range(2)] == [201, 201]
    assert admin.get("identity", path).json()["tags"] == ["red"]
    assert admin.put("identity", path, json={"tags": [str(number) for number in range(80)]}).status_code == 200
    assert admin.put("identity", f"{path}/more").status_code == 400


def test_names_may_have_to_be_fit_for_urls(admin: Client, strict: Client) -> None:
    for kind in ("project", "domain"):
        assert post(admin, kind, name=f"a/b {token_hex(4)}?")[0] == 201
        status, text = post(strict, kind, name="a/b?")
        assert (status, "reserved characters: /?" in text) == (400, True)
        own_id = make(strict, kind)["id"]
        assert change(strict, kind, own_id, name="#1") == 400
        assert change(strict, kind, own_id, name="number one") == 200


def test_the_strict_model_of_limits_knows_two_levels(strict: Client) -> None:
    domain = make(strict, "domain")
    first = make(strict, "project", domain_id=domain["id"])
    second = make(strict, "project", parent_id=first["id"])
    assert second["domain_id"] == domain["id"]
    assert post(strict, "project", parent_id=second["id"])[0] == 403


def test_relatives_are_shown_with_their_limits(cloud: RunningCloud, admin: Client) -> None:
    root = make(admin, "project")
    leaf, user = make(admin, "project", parent_id=root["id"]), make(admin, "user")
    service = service_of(admin)
    register(admin, service, "rose", 10)
    limit(admin, wanted(service, "rose", 5, project_id=root["id"]))
    for project in (root, leaf):
        grant(admin, user, "reader", f"projects/{project['id']}")
    client = login(cloud, user, {"project": {"id": leaf["id"]}})
    path = f"/v3/projects/{leaf['id']}?parents_as_list"
    (shown,) = client.get("identity", f"{path}&include_limits").json()["project"]["parents"]
    found = [(one["resource_name"], one["resource_limit"]) for one in shown["project"]["limits"]]
    assert found == [("rose", 5)]
    assert "limits" not in client.get("identity", path).json()["project"]["parents"][0]["project"]


def test_a_project_takes_what_hangs_on_it(cloud: RunningCloud, admin: Client) -> None:
    owner = member(cloud, admin)
    program = credential(owner)
    key = {"type": "cert", "blob": "secret", "project_id": owner.project["id"], "user_id": owner.user["id"]}
    kept = admin.post("identity", "/v3/credentials", json={"credential": key}).json()["credential"]
    service = service_of(admin)
    register(admin, service, "rose", 10)
    (bound,) = limit(admin, wanted(service, "rose", 5, project_id=owner.project["id"]))
    assert admin.delete("identity", f"/v3/projects/{owner.project['id']}").status_code == 204
    assert whoami(owner.client) == 401
    gone = (f"credentials/{kept['id']}", f"limits/{bound['id']}", f"{owner.path[4:]}/{program['id']}")
    assert [admin.get("identity", f"/v3/{path}").status_code for path in gone] == [404, 404, 404]


@pytest.mark.parametrize("kind", ["project", "domain"])
def test_changes_are_written_down(cloud: RunningCloud, admin: Client, kind: str) -> None:
    own_id = make(admin, kind)["id"]
    change(admin, kind, own_id, description="new")
    change(admin, kind, own_id, enabled=False)
    change(admin, kind, own_id, enabled=False)
    admin.delete("identity", f"/v3/{kind}s/{own_id}")
    done = ("created", "updated", "disabled", "updated", "updated", "deleted")
    assert records(cloud, own_id) == [f"{kind} {action}" for action in done]
    found = [one for one in cloud.cloud.store.read(lambda db: db.all(RECORDS)) if one.target_id == own_id]
    concerned = ("default", own_id) if kind == "project" else (own_id, "")
    assert {(one.domain_id, one.project_id) for one in found} == {concerned}
    assert found[1].details == {"changed": ["description"]}


def test_changes_of_tags_are_written_down(cloud: RunningCloud, admin: Client) -> None:
    project, tag = make(admin, "project"), token_hex(4)
    path = f"/v3/projects/{project['id']}/tags"
    admin.put("identity", f"{path}/{tag}")
    admin.delete("identity", f"{path}/{tag}")
    admin.put("identity", path, json={"tags": ["x"]})
    admin.delete("identity", path)
    assert records(cloud, tag) == ["project tag created", "project tag deleted"]
    assert records(cloud, project["id"]) == ["project created", *["project updated"] * 4]


def test_a_domain_that_goes_says_what_goes_with_it(cloud: RunningCloud, admin: Client) -> None:
    domain = make(admin, "domain")
    inside = {kind: make(admin, kind, domain_id=domain["id"])["id"] for kind in ("project", "user", "group", "role")}
    change(admin, "domain", domain["id"], enabled=False)
    assert admin.delete("identity", f"/v3/domains/{domain['id']}").status_code == 204
    for kind, own_id in inside.items():
        assert records(cloud, own_id) == [f"{kind} created", f"{kind} deleted"]
