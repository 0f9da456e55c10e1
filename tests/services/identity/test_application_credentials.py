from typing import Any

import pytest
from tests.services.identity.delegates import Member, ask, by_credential, credential, member, try_credential
from tests.services.identity.people import grant, login, make, persona, role_id
from tests.support.cloud import Client, RunningCloud

from haneul.services.identity.audit.models import audit_records


@pytest.fixture
def owner(cloud: RunningCloud, admin: Client) -> Member:
    return member(cloud, admin)


def listed(client: Client, owner: Member, **filters: Any) -> list[str]:
    answer = client.get("identity", owner.path, params=filters)
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["application_credentials"]]


def names_of(made: dict[str, Any]) -> list[str]:
    return sorted(role["name"] for role in made["roles"])


def test_a_credential_is_made_shown_listed_and_deleted(owner: Member) -> None:
    made = credential(owner, name="monitoring", description="For dashboards.")
    assert len(made["secret"]) == 86
    shown = {name: value for name, value in made.items() if name != "secret"}
    one = f"{owner.path}/{made['id']}"
    assert shown | {"roles": [], "links": {}} == {
        "id": made["id"],
        "name": "monitoring",
        "description": "For dashboards.",
        "user_id": owner.user["id"],
        "project_id": owner.project["id"],
        "system": None,
        "expires_at": None,
        "unrestricted": False,
        "roles": [],
        "links": {},
    }
    assert made["links"]["self"].endswith(one)
    assert owner.client.get("identity", one).json()["application_credential"] == shown
    assert owner.client.get("identity", owner.path).json()["application_credentials"] == [shown]
    assert [owner.client.request("HEAD", "identity", path).status_code for path in (one, owner.path)] == [200, 200]
    assert owner.client.delete("identity", one).status_code == 204
    assert owner.client.get("identity", one).status_code == 404
    assert owner.client.delete("identity", one).status_code == 404


def test_what_a_role_shows_is_what_keystone_shows(owner: Member, admin: Client) -> None:
    [reader] = [role for role in credential(owner)["roles"] if role["name"] == "reader"]
    assert reader.keys() == {"id", "name", "domain_id", "description", "options"}
    assert (reader["id"], reader["domain_id"]) == (role_id(admin, "reader"), None)


def test_credentials_log_in_with_generated_and_with_chosen_secrets(cloud: RunningCloud, owner: Member) -> None:
    chosen = credential(owner, secret="rEaqvJka48mpv")
    assert chosen["secret"] == "rEaqvJka48mpv"
    for made in (credential(owner), chosen, credential(owner, secret=None), credential(owner, secret="")):
        assert try_credential(cloud, made).status_code == 201
        assert try_credential(cloud, made, secret=made["secret"] + "x").status_code == 401


def test_secrets_are_nowhere_in_clear(cloud: RunningCloud, owner: Member) -> None:
    made, chosen = credential(owner), credential(owner, secret="do not keep this")
    tables = ("identity_application_credentials", "identity_audit_records")
    for table in tables:
        kept = cloud.cloud.store.read(
            lambda db, table=table: str(db.connection.exec_driver_sql(f"SELECT * FROM {table}").all())
        )
        assert made["id"] in kept
        assert made["secret"] not in kept
        assert chosen["secret"] not in kept


def test_roles_are_those_of_the_token_or_some_with_what_they_imply(cloud: RunningCloud, admin: Client) -> None:
    owner = member(cloud, admin, "manager")
    assert names_of(credential(owner)) == ["manager", "member", "reader"]
    assert names_of(credential(owner, roles=[{"name": "member"}])) == ["member", "reader"]
    assert names_of(credential(owner, roles=[{"id": role_id(admin, "reader")}])) == ["reader"]
    assert names_of(credential(owner, roles=[])) == ["manager", "member", "reader"]
    narrow = credential(owner, roles=[{"name": "reader"}])
    about = {"X-Subject-Token": (client := by_credential(cloud, narrow)).token}
    token = client.get("identity", "/v3/auth/tokens", headers=about).json()["token"]
    assert (names_of(token), token["project"]["id"]) == (["reader"], owner.project["id"])


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        ([{"name": "admin"}], 400),
        ([{"id": "0" * 32}], 400),
        ([{"name": "no such role"}], 404),
        ([{}], 400),
        ([{"name": "reader", "id": "0" * 32}], 400),
        ([{"name": "reader", "color": "blue"}], 400),
    ],
)
def test_a_role_that_the_token_does_not_hold_is_refused(owner: Member, roles: list[Any], status: int) -> None:
    answer = ask(owner, roles=roles)
    assert answer.status_code == status, answer.text
    if roles == [{"name": "admin"}]:
        assert "Cannot create an application credential with unassigned role" in answer.json()["error"]["message"]


def test_an_expiry_is_shown_and_ends_the_credential(cloud: RunningCloud, owner: Member) -> None:
    for wanted in ("2099-02-12T20:52:43", "2099-02-12T20:52:43Z", "2099-02-12T20:52:43.000000Z"):
        assert credential(owner, expires_at=wanted)["expires_at"] == "2099-02-12T20:52:43.000000"
    for wanted in ("2019-02-12T20:52:43Z", "soon", "", "2099-02-12T20:52:43+09:00", "2099-13-01T00:00:00Z"):
        assert ask(owner, expires_at=wanted).status_code == 400, wanted
    assert "must not be before now" in ask(owner, expires_at="2019-02-12T20:52:43").json()["error"]["message"]


def test_a_name_stands_once_for_a_user(cloud: RunningCloud, admin: Client, owner: Member) -> None:
    credential(owner, name="twin")
    again = ask(owner, name="twin")
    assert again.status_code == 409
    assert again.json()["error"]["message"].endswith("Duplicate entry found with name twin.")
    assert credential(member(cloud, admin), name="twin")["name"] == "twin"


@pytest.mark.parametrize("fields", [{"name": ""}, {"name": "  "}, {"color": "blue"}, {"unrestricted": "yes"}])
def test_a_malformed_request_is_refused(owner: Member, fields: dict[str, Any]) -> None:
    assert ask(owner, **fields).status_code == 400


def test_a_client_may_send_what_it_was_shown(owner: Member) -> None:
    made = credential(owner, id="mine", project_id="another", system=None)
    assert (made["id"] != "mine", made["project_id"]) == (True, owner.project["id"])


def test_the_list_can_be_filtered_and_paged(owner: Member) -> None:
    for number in range(3):
        credential(owner, name=f"listed-{number}")
    assert listed(owner.client, owner) == ["listed-0", "listed-1", "listed-2"]
    assert listed(owner.client, owner, name="listed-1") == ["listed-1"]
    assert listed(owner.client, owner, name="listed") == []
    assert listed(owner.client, owner, limit=2) == ["listed-0", "listed-1"]
    answer = owner.client.get("identity", owner.path, params={"limit": 2})
    rest = owner.client.running.http.get(answer.json()["links"]["next"], headers={"X-Auth-Token": owner.client.token})
    assert [one["name"] for one in rest.json()["application_credentials"]] == ["listed-2"]


def test_only_the_user_makes_his_credentials(cloud: RunningCloud, admin: Client, owner: Member) -> None:
    other = member(cloud, admin)
    assert ask(owner, other.client).status_code == 403
    assert ask(owner, admin).status_code == 403
    for scope in ({"system": {"all": True}}, {"domain": {"id": "default"}}):
        place = "system" if "system" in scope else "domains/default"
        grant(admin, owner.user, "member", place)
        assert ask(owner, login(cloud, owner.user, scope)).status_code == 403
    assert ask(owner, login(cloud, owner.user)).status_code == 400


def test_who_may_see_and_delete_a_credential(cloud: RunningCloud, admin: Client, owner: Member) -> None:
    project = make(admin, "project")
    one = f"{owner.path}/{credential(owner)['id']}"
    seen = {
        ("reader", "system"): (200, 403),
        ("member", f"projects/{project['id']}"): (403, 403),
        ("manager", "domains/default"): (403, 403),
        ("admin", "domains/default"): (403, 403),
        ("admin", "system"): (200, 204),
    }
    for (role, place), (shown, deleted) in seen.items():
        client = persona(cloud, admin, role, place)
        assert client.get("identity", owner.path).status_code == shown, (role, place)
        assert client.get("identity", one).status_code == shown, (role, place)
        assert client.delete("identity", one).status_code == deleted, (role, place)
    assert admin.delete("identity", f"{owner.path}/{credential(owner)['id']}").status_code == 204


def test_an_address_does_not_make_anothers_credential_ones_own(
    cloud: RunningCloud, admin: Client, owner: Member
) -> None:
    thief, made = member(cloud, admin), credential(owner)
    disguised = f"{thief.path}/{made['id']}"
    assert thief.client.get("identity", disguised).status_code == 403
    assert thief.client.delete("identity", disguised).status_code == 403
    assert thief.client.get("identity", f"{thief.path}/nothing").status_code == 404


def test_a_restricted_credential_makes_and_deletes_none(cloud: RunningCloud, owner: Member) -> None:
    made = credential(owner)
    client = by_credential(cloud, made)
    for answer in (ask(owner, client), client.delete("identity", f"{owner.path}/{made['id']}")):
        assert answer.status_code == 403
        assert answer.json()["error"]["message"] == (
            "You are not authorized to perform the requested action: Using method 'application_credential' is not "
            "allowed for managing additional application credentials."
        )
    assert listed(client, owner) == [made["name"]]


def test_an_unrestricted_credential_passes_on_no_more_than_it_has(cloud: RunningCloud, owner: Member) -> None:
    wide = credential(owner, unrestricted=True, roles=[{"name": "reader"}])
    assert wide["unrestricted"] is True
    client = by_credential(cloud, wide)
    assert ask(owner, client, roles=[{"name": "member"}]).status_code == 400
    child = ask(owner, client).json()["application_credential"]
    assert names_of(child) == ["reader"]
    assert client.delete("identity", f"{owner.path}/{child['id']}").status_code == 204


def test_a_trustee_sees_and_makes_no_credentials(cloud: RunningCloud, admin: Client, owner: Member) -> None:
    trustee = make(admin, "user")
    made = credential(owner, access_rules=[{"service": "identity", "method": "GET", "path": "/v3/**"}])
    wanted = {
        "trustor_user_id": owner.user["id"],
        "trustee_user_id": trustee["id"],
        "project_id": owner.project["id"],
        "impersonation": True,
        "roles": [{"name": "member"}],
    }
    trust = owner.client.post("identity", "/v3/OS-TRUST/trusts", json={"trust": wanted})
    assert trust.status_code == 201, trust.text
    client = login(cloud, trustee, {"OS-TRUST:trust": {"id": trust.json()["trust"]["id"]}})
    rule = f"{owner.rules_path}/{made['access_rules'][0]['id']}"
    for path in (owner.path, f"{owner.path}/{made['id']}", owner.rules_path, rule):
        assert client.get("identity", path).status_code == 403, path
    assert ask(owner, client).status_code == 403
    assert client.delete("identity", f"{owner.path}/{made['id']}").status_code == 403
    assert client.delete("identity", rule).status_code == 403


def test_every_change_is_written_down(cloud: RunningCloud, owner: Member) -> None:
    rule = {"service": "compute", "method": "GET", "path": "/v2.1/servers"}
    made = credential(owner, access_rules=[rule])
    owner.client.delete("identity", f"{owner.path}/{made['id']}")
    owner.client.delete("identity", f"{owner.rules_path}/{made['access_rules'][0]['id']}")
    columns = audit_records.c
    told = columns.resource, columns.action, columns.target_id, columns.project_id, columns.domain_id
    statement = audit_records.select().with_only_columns(*told).order_by(columns.id)
    found = cloud.cloud.store.read(
        lambda db: db.tuples(statement.where(columns.user_id == owner.user["id"], columns.resource.like("a%")))
    )
    rule_id, project_id = made["access_rules"][0]["id"], owner.project["id"]
    kept = [tuple(row) for row in found if row.action != "authenticate"]
    assert kept == [
        ("access_rule", "created", rule_id, "", "default"),
        ("application_credential", "created", made["id"], project_id, "default"),
        ("application_credential", "deleted", made["id"], project_id, "default"),
        ("access_rule", "deleted", rule_id, "", "default"),
    ]
