from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.services.identity.delegates import by_credential, credential, member
from tests.services.identity.entries import RECORDS
from tests.services.identity.people import grant, login, make, persona, role_id, whoami
from tests.services.identity.trusting import TRUSTS, Pair, acting, by_trust
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.kernel.clock import iso_microseconds, now
from haneul.services.identity.trusts.logic import consume_use, flush
from haneul.services.identity.trusts.models import trusts


@pytest.fixture
def pair(cloud: RunningCloud, admin: Client) -> Pair:
    return Pair(cloud, admin)


@pytest.fixture(scope="module")
def passing_cloud() -> Iterator[RunningCloud]:
    """A cloud whose trusts may be passed on."""
    with running_cloud(identity={"allow_redelegated_trust": True}) as running:
        yield running


def test_a_trust_is_created_shown_listed_and_deleted(pair: Pair, admin: Client) -> None:
    expiry = iso_microseconds(now() + timedelta(hours=1))
    made = pair.create(expires_at=expiry, remaining_uses=3, impersonation=True, reason="night shift")
    path = f"{TRUSTS}/{made['id']}"
    assert made["links"]["self"].endswith(path)
    assert made["roles_links"] == {
        "self": f"{pair.cloud.url('identity')}{path}/roles",
        "next": None,
        "previous": None,
    }
    assert [role["name"] for role in made["roles"]] == ["member"]
    assert {name: made[name] for name in made if name not in ("id", "links", "roles", "roles_links")} == {
        "trustor_user_id": pair.trustor["id"],
        "trustee_user_id": pair.trustee["id"],
        "project_id": pair.project["id"],
        "impersonation": True,
        "expires_at": expiry,
        "remaining_uses": 3,
        "redelegated_trust_id": None,
        "redelegation_count": 0,
        "deleted_at": None,
        "reason": "night shift",
    }
    for client in (pair.client, admin, login(pair.cloud, pair.trustee)):
        assert client.get("identity", path).json()["trust"] == made
    listed = admin.get("identity", TRUSTS).json()["trusts"]
    mine = next(one for one in listed if one["id"] == made["id"])
    assert ("roles" in mine, mine["expires_at"]) == (False, expiry)
    assert pair.client.delete("identity", path).status_code == 204
    assert [client.get("identity", path).status_code for client in (pair.client, admin)] == [404, 404]
    assert made["id"] not in {one["id"] for one in admin.get("identity", TRUSTS).json()["trusts"]}


def test_its_roles_are_listed_and_looked_for(pair: Pair) -> None:
    made = pair.create(roles=[{"id": role_id(pair.admin, "reader")}, {"name": "member"}])
    path = f"{TRUSTS}/{made['id']}/roles"
    found = pair.client.get("identity", path).json()
    assert [role["name"] for role in found["roles"]] == ["member", "reader"]
    assert found["links"] == made["roles_links"]
    reader = role_id(pair.admin, "reader")
    assert pair.client.get("identity", f"{path}/{reader}").json()["role"]["name"] == "reader"
    for method in ("GET", "HEAD"):
        statuses = [
            pair.client.request(method, "identity", f"{path}/{one}").status_code
            for one in (reader, role_id(pair.admin, "admin"))
        ]
        assert statuses == [200, 404]
    assert [pair.client.request("HEAD", "identity", at).status_code for at in (path, f"{TRUSTS}/{made['id']}")] == [
        200,
        200,
    ]


def test_lists_are_of_the_trustor_or_of_the_trustee(pair: Pair, admin: Client) -> None:
    made, other = pair.create(), pair.create()
    trustee = login(pair.cloud, pair.trustee)

    def listed(client: Client, **filters: str) -> set[str]:
        answer = client.get("identity", TRUSTS, params=filters)
        return {one["id"] for one in answer.json()["trusts"]} if answer.status_code == 200 else {"refused"}

    both = {made["id"], other["id"]}
    assert listed(pair.client, trustor_user_id=pair.trustor["id"]) == both
    assert listed(trustee, trustee_user_id=pair.trustee["id"]) == both
    assert listed(admin, trustee_user_id=pair.trustee["id"]) == both
    assert listed(admin, trustor_user_id=pair.trustee["id"]) == set()
    assert listed(trustee, trustor_user_id=pair.trustor["id"]) == {"refused"}
    assert listed(pair.client, trustee_user_id=pair.trustee["id"]) == {"refused"}
    assert listed(pair.client) == {"refused"}
    assert listed(persona(pair.cloud, admin, "reader", "system")) >= both
    assert pair.client.request("HEAD", "identity", f"{TRUSTS}?trustor_user_id={pair.trustor['id']}").status_code == 200


def test_a_page_of_trusts_leads_to_the_next(pair: Pair) -> None:
    made = sorted(pair.create()["id"] for _ in range(3))
    page = pair.client.get("identity", TRUSTS, params={"trustor_user_id": pair.trustor["id"], "limit": 2}).json()
    following = pair.cloud.http.get(page["links"]["next"], headers={"X-Auth-Token": pair.client.token}).json()
    assert [one["id"] for one in page["trusts"] + following["trusts"]] == made


def test_only_who_has_to_do_with_a_trust_sees_it(pair: Pair, admin: Client) -> None:
    made = pair.create()
    path = f"{TRUSTS}/{made['id']}"
    trustee = login(pair.cloud, pair.trustee)
    stranger = persona(pair.cloud, admin, "member", f"projects/{pair.project['id']}")
    assert [client.get("identity", path).status_code for client in (trustee, stranger)] == [200, 403]
    assert [client.get("identity", f"{path}/roles").status_code for client in (trustee, stranger)] == [200, 403]
    assert [client.delete("identity", path).status_code for client in (trustee, stranger)] == [403, 403]
    # Whoever asks for one that isn't there learns just that.
    assert stranger.get("identity", f"{TRUSTS}/{'0' * 32}").status_code == 404
    assert admin.delete("identity", path).status_code == 204


def test_nobody_gives_what_he_does_not_have(pair: Pair, admin: Client) -> None:
    assert pair.refused(trustor_user_id=pair.trustee["id"])[0] == 403
    assert pair.refused(trustee_user_id="nobody") == (404, "Could not find user: nobody.")
    assert pair.refused(project_id="nowhere") == (404, "Could not find project: nowhere.")
    assert pair.refused(roles=[]) == (
        403,
        "You are not authorized to perform the requested action: At least one role should be specified.",
    )
    # Not by its name: a domain may have a role that is called so too.
    assert pair.refused(roles=[{"id": role_id(admin, "admin")}])[0] == 404
    assert pair.refused(roles=[{"name": "no such role"}])[0] == 404
    assert pair.refused(project_id=None)[0] == 404
    assert pair.refused(redelegated_trust_id="0" * 32)[0] == 403
    nothing = pair.create(project_id=None, roles=[])
    assert (nothing["project_id"], nothing["roles"]) == (None, [])
    grant(admin, pair.trustor, "member", "domains/default")
    on_domain = login(pair.cloud, pair.trustor, {"domain": {"id": "default"}})
    assert on_domain.post("identity", TRUSTS, json=pair.body()).status_code == 403


def test_an_application_credential_has_nothing_to_do_with_trusts(cloud: RunningCloud, admin: Client) -> None:
    owner = member(cloud, admin)
    program = by_credential(cloud, credential(owner, unrestricted=True))
    trust = {
        "trustor_user_id": owner.user["id"],
        "trustee_user_id": owner.user["id"],
        "project_id": owner.project["id"],
        "impersonation": True,
        "roles": [{"name": "member"}],
    }
    made = owner.client.post("identity", TRUSTS, json={"trust": trust}).json()["trust"]
    path = f"{TRUSTS}/{made['id']}"
    refused = [
        program.post("identity", TRUSTS, json={"trust": trust}),
        program.get("identity", TRUSTS, params={"trustor_user_id": owner.user["id"]}),
        program.get("identity", path),
        program.get("identity", f"{path}/roles"),
        program.delete("identity", path),
    ]
    assert [answer.status_code for answer in refused] == [403] * 5
    assert "'application_credential'" in refused[-1].json()["error"]["message"]


def test_what_a_trust_may_say_is_checked(pair: Pair) -> None:
    several: tuple[dict[str, Any], ...] = (
        {"remaining_uses": 0},
        {"remaining_uses": "2"},
        {"impersonation": "yes"},
        {"redelegation_count": -1},
        {"roles": [{}]},
        {"roles": [{"id": "a", "name": "b"}]},
        {"roles": [{"colour": "red"}]},
        {"expires_at": "tomorrow"},
        {"expires_at": "2099-01-01T00:00:00+02:00"},
        {"expires_at": iso_microseconds(now() - timedelta(seconds=1))},
        {"allow_redelegation": True, "remaining_uses": 2},
        {"trustee_user_id": None},
    )
    for wrong in several:
        assert pair.refused(**wrong)[0] == 400, wrong
    assert pair.refused(allow_redelegation=True, redelegation_count=4)[0] == 403
    without = {name: value for name, value in pair.body()["trust"].items() if name != "impersonation"}
    assert pair.client.post("identity", TRUSTS, json={"trust": without}).status_code == 400
    assert pair.create(expires_at="2099-01-01T00:00:00")["expires_at"] == "2099-01-01T00:00:00.000000Z"
    assert pair.refused(expires_at="2099-01-01T00:00:00Z")[0] == 409


def test_a_role_of_two_domains_is_named_by_its_id(pair: Pair, admin: Client) -> None:
    domains = [make(admin, "domain"), make(admin, "domain")]
    first, _ = (make(admin, "role", name=f"twice-{pair.project['id']}", domain_id=one["id"]) for one in domains)
    status, sentence = pair.refused(roles=[{"name": first["name"]}])
    assert (status, sentence.startswith("There are multiple role entities named")) == (400, True)


def test_an_inherited_role_of_a_domain_can_be_delegated(cloud: RunningCloud, admin: Client) -> None:
    domain = make(admin, "domain")
    project, user = make(admin, "project", domain_id=domain["id"]), make(admin, "user")
    own = make(admin, "role", domain_id=domain["id"])
    grant(admin, user, "reader", f"projects/{project['id']}")
    inherited = f"/v3/OS-INHERIT/domains/{domain['id']}/users/{user['id']}/roles/{own['id']}/inherited_to_projects"
    assert admin.put("identity", inherited).status_code == 204
    body = {
        "trustor_user_id": user["id"],
        "trustee_user_id": user["id"],
        "project_id": project["id"],
        "impersonation": False,
        "roles": [{"id": own["id"]}],
    }
    made = login(cloud, user, {"project": {"id": project["id"]}}).post("identity", TRUSTS, json={"trust": body})
    assert (made.status_code, made.json()["trust"]["roles"][0]["id"]) == (201, own["id"])


def test_the_trustee_acts_in_the_trustors_project(pair: Pair) -> None:
    made = pair.create()
    client = acting(pair.cloud, pair.trustee, made["id"])
    assert whoami(client) == 200
    assert client.get("identity", f"/v3/projects/{pair.project['id']}").status_code == 200
    assert pair.client.delete("identity", f"{TRUSTS}/{made['id']}").status_code == 204
    assert (whoami(client), by_trust(pair.cloud, pair.trustee, made["id"]).status_code in (401, 403, 404)) == (
        401,
        True,
    )


def test_a_trust_is_used_as_often_as_it_says(pair: Pair) -> None:
    made = pair.create(remaining_uses=2)
    first = acting(pair.cloud, pair.trustee, made["id"])
    assert pair.client.get("identity", f"{TRUSTS}/{made['id']}").json()["trust"]["remaining_uses"] == 1
    acting(pair.cloud, pair.trustee, made["id"])
    assert by_trust(pair.cloud, pair.trustee, made["id"]).status_code >= 400
    assert pair.client.get("identity", f"{TRUSTS}/{made['id']}").status_code == 404
    assert whoami(first) == 200


def test_a_trust_cannot_be_passed_on_unless_the_cloud_says_so(pair: Pair, admin: Client) -> None:
    made = pair.create(allow_redelegation=True, impersonation=True)
    assert made["redelegation_count"] == 3
    third = make(admin, "user")
    refused = acting(pair.cloud, pair.trustee, made["id"]).post(
        "identity", TRUSTS, json=pair.body(trustee_user_id=third["id"])
    )
    assert refused.status_code == 403


def test_a_trust_is_passed_on_within_its_bounds(passing_cloud: RunningCloud) -> None:
    cloud, admin = passing_cloud, passing_cloud.login()
    pair, third, fourth = Pair(cloud, admin), make(admin, "user"), make(admin, "user")
    expiry = iso_microseconds(now() + timedelta(hours=1))
    first = pair.create(
        allow_redelegation=True, redelegation_count=2, impersonation=True, expires_at=expiry, roles=[{"name": "reader"}]
    )
    client = acting(cloud, pair.trustee, first["id"])

    def passed(client: Client, **fields: Any) -> tuple[int, dict[str, Any]]:
        wanted = {"trustee_user_id": third["id"], "roles": [{"name": "reader"}], "impersonation": True, **fields}
        answer = client.post("identity", TRUSTS, json=pair.body(**wanted))
        return answer.status_code, answer.json()

    other = make(admin, "project")
    grant(admin, pair.trustor, "reader", f"projects/{other['id']}")
    assert passed(client, roles=[{"name": "member"}])[0] == 403
    assert passed(client, remaining_uses=1)[0] == 403
    assert passed(client, expires_at=iso_microseconds(now() + timedelta(hours=2)))[0] == 403
    assert passed(client, allow_redelegation=True, redelegation_count=2)[0] == 403
    assert passed(client, project_id=other["id"])[0] == 403
    status, found = passed(client, allow_redelegation=True, redelegated_trust_id=first["id"])
    second = found["trust"]
    assert (status, second["redelegated_trust_id"], second["redelegation_count"]) == (201, first["id"], 1)
    assert second["expires_at"] == expiry
    deeper = acting(cloud, third, second["id"])
    status, found = passed(deeper, trustee_user_id=fourth["id"], allow_redelegation=True)
    assert (status, found["trust"]["redelegation_count"]) == (201, 0)
    last = acting(cloud, fourth, found["trust"]["id"])
    assert passed(last, trustee_user_id=pair.trustee["id"])[0] == 403
    admin.patch("identity", f"/v3/users/{third['id']}", json={"user": {"enabled": False}})
    assert pair.client.get("identity", f"{TRUSTS}/{found['trust']['id']}").status_code == 403
    admin.patch("identity", f"/v3/users/{third['id']}", json={"user": {"enabled": True}})
    assert pair.client.delete("identity", f"{TRUSTS}/{first['id']}").status_code == 204
    assert [whoami(one) for one in (client, deeper, last)] == [401, 401, 401]
    assert pair.client.get("identity", TRUSTS, params={"trustor_user_id": pair.trustor["id"]}).json()["trusts"] == []


def test_who_was_not_impersonated_impersonates_nobody(passing_cloud: RunningCloud) -> None:
    cloud, admin = passing_cloud, passing_cloud.login()
    pair, third = Pair(cloud, admin), make(admin, "user")
    first = pair.create(allow_redelegation=True)
    client = acting(cloud, pair.trustee, first["id"])
    wanted = {"trustor_user_id": pair.trustee["id"], "trustee_user_id": third["id"]}
    refused = client.post("identity", TRUSTS, json=pair.body(**wanted, impersonation=True))
    assert (refused.status_code, "Impersonation is not allowed" in refused.text) == (403, True)
    passed = client.post("identity", TRUSTS, json=pair.body(**wanted))
    assert (passed.status_code, passed.json()["trust"]["trustor_user_id"]) == (201, pair.trustee["id"])


@pytest.mark.parametrize("gone", ["trustor", "trustee", "project"])
def test_a_trust_ends_with_what_it_is_about(pair: Pair, gone: str) -> None:
    made = pair.create(impersonation=True)
    client = acting(pair.cloud, pair.trustee, made["id"])
    own_id = {"trustor": pair.trustor, "trustee": pair.trustee, "project": pair.project}[gone]["id"]
    kind = "projects" if gone == "project" else "users"
    assert pair.admin.delete("identity", f"/v3/{kind}/{own_id}").status_code == 204
    assert whoami(client) == 401
    assert pair.admin.get("identity", f"{TRUSTS}/{made['id']}").status_code == 404
    listed = pair.admin.get("identity", TRUSTS, params={"trustor_user_id": pair.trustor["id"]}).json()["trusts"]
    assert listed == []


def test_a_trust_ends_with_the_domain_of_its_trustee(pair: Pair, admin: Client) -> None:
    domain = make(admin, "domain")
    pair.trustee = make(admin, "user", domain_id=domain["id"])
    made = pair.create()
    path = f"/v3/domains/{domain['id']}"
    assert admin.patch("identity", path, json={"domain": {"enabled": False}}).status_code == 200
    assert admin.delete("identity", path).status_code == 204
    assert pair.client.get("identity", f"{TRUSTS}/{made['id']}").status_code == 404


def test_ended_and_expired_trusts_are_flushed(pair: Pair, admin: Client) -> None:
    ended, lasting = pair.create(), pair.create()
    soon = pair.create(expires_at=iso_microseconds(now() + timedelta(minutes=1)))
    pair.client.delete("identity", f"{TRUSTS}/{ended['id']}")
    store = pair.cloud.cloud.store

    def flushed(before: datetime, **bounds: str) -> int:
        return store.write(lambda db: flush(db, before=before, **bounds))

    own = {"trustor": pair.trustor["id"]}
    assert flushed(now(), **own, project_id="another") == 0
    assert flushed(now(), trustee=pair.trustee["id"], project_id=pair.project["id"]) == 1
    assert flushed(now() + timedelta(minutes=2), **own) == 1
    assert flushed(now() + timedelta(minutes=2), **own) == 0
    statuses = [pair.client.get("identity", f"{TRUSTS}/{one['id']}").status_code for one in (soon, lasting)]
    assert statuses == [404, 200]


def test_an_expired_trust_is_there_no_longer(pair: Pair) -> None:
    made = pair.create(expires_at=iso_microseconds(now() + timedelta(hours=1)))
    past = now() - timedelta(seconds=1)
    pair.cloud.cloud.store.write(lambda db: db.update(trusts, {"id": made["id"]}, expires_at=past))
    path = f"{TRUSTS}/{made['id']}"
    assert [pair.client.get("identity", at).status_code for at in (path, f"{path}/roles")] == [404, 404]
    assert pair.client.delete("identity", path).status_code == 404
    assert by_trust(pair.cloud, pair.trustee, made["id"]).status_code >= 400


def test_of_many_at_the_last_use_one_gets_it(pair: Pair) -> None:
    made = pair.create(remaining_uses=2)
    store = pair.cloud.cloud.store
    with ThreadPoolExecutor(5) as threads:
        used = list(threads.map(lambda _: store.write(lambda db: consume_use(db, made["id"])), range(5)))
    assert sorted(used) == [False, False, False, True, True]


def test_changes_of_trusts_are_written_down(pair: Pair) -> None:
    made = pair.create()
    pair.client.delete("identity", f"{TRUSTS}/{made['id']}")
    found = [one for one in pair.cloud.cloud.store.read(lambda db: db.all(RECORDS)) if one.target_id == made["id"]]
    assert [(one.resource, one.action, one.project_id, one.domain_id, one.user_id) for one in found] == [
        ("OS-TRUST:trust", action, pair.project["id"], "default", pair.trustor["id"])
        for action in ("created", "deleted")
    ]
