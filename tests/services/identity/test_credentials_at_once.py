"""Credentials stored, counted, migrated and forgotten by many at once, on every database."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from tests.servers.fixtures import mariadb_server, mariadb_url, postgresql_server, postgresql_url
from tests.services.identity.delegates import Member, by_credential, credential, member
from tests.services.identity.signing import ask, by_version, new_keys, signed
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.services.identity.credentials.logic import blobs_of
from haneul.services.identity.credentials.migration import is_current, migrate
from haneul.services.identity.keys.ring import KeyRing, rotate_keys

__all__ = ["mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url"]

LIST = "/v3/credentials"
MANY = 6
MOST = 3
SERVERS = [pytest.param(name, marks=pytest.mark.databases) for name in ("mariadb", "postgresql")]


@pytest.fixture(scope="module", params=["sqlite", *SERVERS])
def cloud(request: pytest.FixtureRequest) -> Iterator[RunningCloud]:
    db = "" if request.param == "sqlite" else request.getfixturevalue(f"{request.param}_url")
    with running_cloud(db, bare=True, identity={"credentials_per_user_most": MOST}) as running:
        yield running


@pytest.fixture(scope="module")
def admin(cloud: RunningCloud) -> Client:
    return cloud.login()


@pytest.fixture
def owner(cloud: RunningCloud, admin: Client) -> Member:
    return member(cloud, admin)


def store(owner: Member, **fields: Any) -> httpx.Response:
    body = {"type": "cert", "blob": "x", "user_id": owner.user["id"], **fields}
    return owner.client.post("identity", LIST, json={"credential": body})


def test_of_many_at_once_only_so_many_are_stored(owner: Member) -> None:
    with ThreadPoolExecutor(MANY) as threads:
        answers = [threads.submit(store, owner) for _ in range(MANY)]
    assert Counter(one.result().status_code for one in answers) == {201: MOST, 403: MANY - MOST}
    assert len(owner.client.get("identity", LIST).json()["credentials"]) == MOST


def test_an_access_key_is_taken_once(owner: Member) -> None:
    blob = json.dumps({"access": owner.user["id"], "secret": "s"})
    fields = {"type": "ec2", "blob": blob, "project_id": owner.project["id"]}
    with ThreadPoolExecutor(MOST) as threads:
        answers = [threads.submit(store, owner, **fields) for _ in range(MOST)]
    assert sorted(one.result().status_code for one in answers) == [201, *[409] * (MOST - 1)]


def test_a_credential_stored_as_its_project_goes_is_gone_with_it(cloud: RunningCloud, admin: Client) -> None:
    for _ in range(MOST):
        owner, other = member(cloud, admin), member(cloud, admin)
        with ThreadPoolExecutor(2) as threads:
            made = threads.submit(store, owner, project_id=other.project["id"])
            gone = threads.submit(admin.delete, "identity", f"/v3/projects/{other.project['id']}")
        assert gone.result().status_code == 204
        assert made.result().status_code in (201, 404)
        assert owner.client.get("identity", LIST).json()["credentials"] == []


def test_types_that_mean_something_are_known_however_they_are_written(cloud: RunningCloud, owner: Member) -> None:
    """Some databases compare texts without regard to capitals or to spaces at the end."""
    assert store(owner, type="totp", blob="seed", project_id=owner.project["id"]).status_code == 201
    assert store(owner, type="TOTP ", blob="other", project_id=owner.project["id"]).status_code == 201
    keys = cloud.cloud.identity.credential_keys
    blobs = cloud.cloud.store.read(lambda db: blobs_of(db, keys, owner.user["id"], "totp"))
    assert "seed" in blobs
    delegate = by_credential(cloud, credential(owner, unrestricted=True))
    assert delegate.get("identity", LIST).json()["credentials"] == []
    assert store(owner, type="EC2 ", project_id=owner.project["id"]).status_code == 400


def test_requests_are_let_in_while_credentials_migrate(cloud: RunningCloud, admin: Client, owner: Member) -> None:
    ring: KeyRing = cloud.cloud.identity.credential_keys
    keys = new_keys(owner.client, owner.user["id"], owner.project["id"])
    rotate_keys(ring.folder, 3)

    def migrated() -> None:
        after: str | None = ""
        while after is not None:
            after = cloud.cloud.store.write(lambda db, after=after: migrate(db, ring, after, 1))

    with ThreadPoolExecutor(3) as threads:
        migrations = [threads.submit(migrated) for _ in range(2)]
        answers = [ask(admin, signed(by_version(2, keys), keys["secret"])) for _ in range(MANY)]
    assert [one.result() for one in migrations] == [None, None]
    assert {one.status_code for one in answers} == {200}
    assert cloud.cloud.store.read(lambda db: is_current(db, ring))
    own_id = hashlib.sha256(keys["access"].encode()).hexdigest()
    shown = owner.client.get("identity", f"{LIST}/{own_id}").json()["credential"]
    assert json.loads(shown["blob"])["secret"] == keys["secret"]
