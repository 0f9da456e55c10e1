"""Application credentials asked for, bound and forgotten by many at once, on every database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.servers.fixtures import mariadb_server, mariadb_url, postgresql_server, postgresql_url
from tests.services.identity.delegates import Member, ask, credential, member, try_credential
from tests.services.identity.people import make, role_id
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.kernel.errors import Unauthorized
from haneul.services.identity.application_credentials.logic import create
from haneul.services.identity.application_credentials.schemas import ApplicationCredentialCreate

__all__ = ["mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url"]

MANY = 6
RULE = {"service": "compute", "method": "GET", "path": "/v2.1/servers"}
SERVERS = [pytest.param(name, marks=pytest.mark.databases) for name in ("mariadb", "postgresql")]


@pytest.fixture(scope="module", params=["sqlite", *SERVERS])
def cloud(request: pytest.FixtureRequest) -> Iterator[RunningCloud]:
    db = "" if request.param == "sqlite" else request.getfixturevalue(f"{request.param}_url")
    with running_cloud(db, bare=True) as running:
        yield running


@pytest.fixture(scope="module")
def admin(cloud: RunningCloud) -> Client:
    return cloud.login()


@pytest.fixture
def owner(cloud: RunningCloud, admin: Client) -> Member:
    return member(cloud, admin)


def test_a_name_is_taken_once_and_a_rule_made_once(owner: Member) -> None:
    with ThreadPoolExecutor(MANY) as threads:
        same = [threads.submit(ask, owner, name="wanted", access_rules=[RULE]) for _ in range(MANY)]
        other = [threads.submit(ask, owner, access_rules=[RULE]) for _ in range(MANY)]
    assert sorted(one.result().status_code for one in same) == [201, *[409] * (MANY - 1)]
    assert [one.result().status_code for one in other] == [201] * MANY
    assert len(owner.client.get("identity", owner.rules_path).json()["access_rules"]) == 1


def test_a_rule_that_goes_as_it_is_used_leaves_no_credential_unbound(owner: Member) -> None:
    for _ in range(MANY):
        first = credential(owner, access_rules=[RULE])
        owner.client.delete("identity", f"{owner.path}/{first['id']}")
        rule_id = first["access_rules"][0]["id"]
        with ThreadPoolExecutor(2) as threads:
            used = threads.submit(ask, owner, access_rules=[{"id": rule_id}])
            gone = threads.submit(owner.client.delete, "identity", f"{owner.rules_path}/{rule_id}")
        assert (used.result().status_code, gone.result().status_code) in {(201, 403), (400, 204)}
        if used.result().status_code == 201:
            made = used.result().json()["application_credential"]
            assert made["access_rules"] == [{"id": rule_id, **RULE}]
            owner.client.delete("identity", f"{owner.path}/{made['id']}")


def test_a_credential_made_as_its_role_goes_is_worth_nothing(cloud: RunningCloud, admin: Client) -> None:
    for _ in range(MANY):
        owner = member(cloud, admin)
        role = f"/v3/projects/{owner.project['id']}/users/{owner.user['id']}/roles/{role_id(admin, 'member')}"
        with ThreadPoolExecutor(2) as threads:
            made = threads.submit(ask, owner)
            gone = threads.submit(admin.delete, "identity", role)
        assert gone.result().status_code == 204
        assert made.result().status_code in (201, 400, 401)
        if made.result().status_code == 201:
            assert try_credential(cloud, made.result().json()["application_credential"]).status_code == 401


def test_a_deleted_domain_takes_credentials_with_their_rules(cloud: RunningCloud, admin: Client) -> None:
    domain = make(admin, "domain")
    made_by = member(cloud, admin, domain_id=domain["id"])
    credential(made_by, access_rules=[RULE])
    path = f"/v3/domains/{domain['id']}"
    admin.patch("identity", path, json={"domain": {"enabled": False}})
    assert admin.delete("identity", path).status_code == 204
    assert admin.get("identity", made_by.path).json()["application_credentials"] == []


@pytest.mark.parametrize("kind", ["project", "user"])
def test_who_goes_meanwhile_gets_no_credential(cloud: RunningCloud, admin: Client, kind: str) -> None:
    for _ in range(3):
        owner = member(cloud, admin)
        gone = owner.project if kind == "project" else owner.user
        with ThreadPoolExecutor(MANY + 1) as threads:
            asked = [threads.submit(ask, owner, secret="chosen") for _ in range(MANY)]
            end = threads.submit(admin.delete, "identity", f"/v3/{kind}s/{gone['id']}")
        assert end.result().status_code == 204
        assert {one.result().status_code for one in asked} <= {201, 401}
        assert ask(owner).status_code == 401


def test_nor_does_a_token_that_no_role_is_left_of(cloud: RunningCloud, admin: Client, owner: Member) -> None:
    caller = cloud.cloud.identity.tokens.known(owner.client.token)
    caller = caller or cloud.cloud.store.read(lambda db: cloud.cloud.identity.tokens.look_up(db, owner.client.token))
    assert admin.delete("identity", f"/v3/projects/{owner.project['id']}").status_code == 204
    wanted = ApplicationCredentialCreate(name="late")
    with pytest.raises(Unauthorized):
        cloud.cloud.store.write(lambda db: create(db, caller, wanted, secret_hash="a hash"))
