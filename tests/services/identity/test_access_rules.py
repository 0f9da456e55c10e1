from typing import Any

import pytest
from tests.services.identity.delegates import Member, ask, by_credential, credential, member
from tests.services.identity.people import persona
from tests.support.cloud import Client, RunningCloud

SERVERS = {"service": "compute", "method": "GET", "path": "/v2.1/servers"}
USERS = {"service": "identity", "method": "GET", "path": "/v3/users/*/application_credentials"}


@pytest.fixture
def owner(cloud: RunningCloud, admin: Client) -> Member:
    return member(cloud, admin)


def rules_of(client: Client, owner: Member, **filters: str) -> list[dict[str, Any]]:
    answer = client.get("identity", owner.rules_path, params=filters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["access_rules"]
    return found


def test_rules_are_made_with_a_credential_shown_and_listed(owner: Member) -> None:
    made = credential(owner, access_rules=[SERVERS, USERS])
    bound = {rule["service"]: rule for rule in made["access_rules"]}
    assert bound["compute"] == {"id": bound["compute"]["id"], **SERVERS}
    assert "access_rules" not in credential(owner)
    one = f"{owner.rules_path}/{bound['compute']['id']}"
    shown = owner.client.get("identity", one).json()["access_rule"]
    assert shown | {"links": {}} == {"id": bound["compute"]["id"], **SERVERS, "links": {}}
    assert shown["links"]["self"].endswith(one)
    assert shown in rules_of(owner.client, owner)
    assert [owner.client.request("HEAD", "identity", path).status_code for path in (one, owner.rules_path)] == [200] * 2
    for filters in ({"service": "compute"}, {"path": SERVERS["path"]}):
        assert rules_of(owner.client, owner, **filters) == [shown]
    assert len(rules_of(owner.client, owner, method="GET")) == 2
    assert rules_of(owner.client, owner, method="POST") == []


def test_an_equal_rule_is_used_again_by_what_it_allows_or_by_its_id(owner: Member) -> None:
    [first] = credential(owner, access_rules=[SERVERS])["access_rules"]
    assert credential(owner, access_rules=[SERVERS, SERVERS])["access_rules"] == [first]
    assert credential(owner, access_rules=[{"id": first["id"]}])["access_rules"] == [first]
    assert credential(owner, access_rules=[first])["access_rules"] == [first]
    assert len(rules_of(owner.client, owner)) == 1


def test_anothers_rule_is_neither_seen_nor_used_nor_deleted(cloud: RunningCloud, admin: Client, owner: Member) -> None:
    [rule] = credential(owner, access_rules=[SERVERS])["access_rules"]
    thief = member(cloud, admin)
    assert ask(thief, access_rules=[{"id": rule["id"]}]).status_code == 400
    disguised = f"{thief.rules_path}/{rule['id']}"
    assert thief.client.get("identity", disguised).status_code == 404
    assert thief.client.delete("identity", disguised).status_code == 404
    assert thief.client.get("identity", f"{owner.rules_path}/{rule['id']}").status_code == 403
    [own] = credential(thief, access_rules=[rule])["access_rules"]
    assert (own["id"] != rule["id"], own["path"]) == (True, rule["path"])


def test_a_rule_in_use_stays(owner: Member) -> None:
    made = credential(owner, access_rules=[SERVERS])
    one = f"{owner.rules_path}/{made['access_rules'][0]['id']}"
    refused = owner.client.delete("identity", one)
    assert (refused.status_code, refused.json()["error"]["message"]) == (403, "May not delete access rule in use")
    assert owner.client.delete("identity", f"{owner.path}/{made['id']}").status_code == 204
    assert owner.client.get("identity", one).status_code == 200
    assert owner.client.delete("identity", one).status_code == 204
    assert owner.client.delete("identity", one).status_code == 404


@pytest.mark.parametrize(
    "rule",
    [
        {"service": "compute", "method": "GET"},
        {**SERVERS, "path": "v2.1/servers"},
        {**SERVERS, "path": "/" + "x" * 225},
        {**SERVERS, "method": "TRACE"},
        {**SERVERS, "service": ""},
        {"id": "0" * 32},
        {},
    ],
)
def test_a_malformed_rule_is_refused(owner: Member, rule: dict[str, Any]) -> None:
    assert ask(owner, access_rules=[rule]).status_code == 400
    assert rules_of(owner.client, owner) == []


def test_a_bound_credential_makes_no_other_call(cloud: RunningCloud, owner: Member) -> None:
    client = by_credential(cloud, credential(owner, access_rules=[USERS]))
    assert client.get("identity", owner.path).status_code == 200
    assert client.get("identity", owner.rules_path).status_code in (401, 403)
    assert client.delete("identity", f"{owner.path}/any").status_code in (401, 403)


def test_an_empty_list_of_rules_binds_to_nothing(cloud: RunningCloud, owner: Member) -> None:
    made = credential(owner, access_rules=[])
    assert "access_rules" not in made
    assert by_credential(cloud, made).get("identity", owner.rules_path).status_code == 200


def test_who_may_see_and_delete_rules(cloud: RunningCloud, admin: Client, owner: Member) -> None:
    made = credential(owner, access_rules=[SERVERS])
    owner.client.delete("identity", f"{owner.path}/{made['id']}")
    one = f"{owner.rules_path}/{made['access_rules'][0]['id']}"
    assert admin.get("identity", one).status_code == 403
    assert admin.delete("identity", one).status_code == 403
    seen = {("reader", "system"): (200, 403), ("admin", "domains/default"): (403, 403), ("admin", "system"): (200, 204)}
    for (role, place), (shown, deleted) in seen.items():
        client = persona(cloud, admin, role, place)
        assert client.get("identity", owner.rules_path).status_code == shown, (role, place)
        assert client.get("identity", one).status_code == shown, (role, place)
        assert client.delete("identity", one).status_code == deleted, (role, place)
