"""Trees of projects, and trusts, as many work on them at once: on every database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from tests.servers.fixtures import mariadb_server, mariadb_url, postgresql_server, postgresql_url
from tests.services.identity.people import grant, login, make, whoami
from tests.services.identity.trusting import TRUSTS, Pair, acting, by_trust
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.kernel.clock import now
from haneul.services.identity.trusts.logic import flush

__all__ = ["mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url"]

MANY = 6
SERVERS = [pytest.param(name, marks=pytest.mark.databases) for name in ("mariadb", "postgresql")]


@pytest.fixture(scope="module", params=["sqlite", *SERVERS])
def cloud(request: pytest.FixtureRequest) -> Iterator[RunningCloud]:
    db = "" if request.param == "sqlite" else request.getfixturevalue(f"{request.param}_url")
    with running_cloud(db, bare=True, identity={"allow_redelegated_trust": True}) as running:
        yield running


@pytest.fixture(scope="module")
def admin(cloud: RunningCloud) -> Client:
    return cloud.login()


def test_a_trust_of_two_uses_lets_in_twice(cloud: RunningCloud, admin: Client) -> None:
    pair = Pair(cloud, admin)
    made = pair.create(remaining_uses=2)
    with ThreadPoolExecutor(MANY) as threads:
        answers = list(threads.map(lambda _: by_trust(cloud, pair.trustee, made["id"]).status_code, range(MANY)))
    assert (answers.count(201), len(answers)) == (2, MANY)


def test_a_chain_of_trusts_ends_with_its_first(cloud: RunningCloud, admin: Client) -> None:
    pair, third = Pair(cloud, admin), make(admin, "user")
    first = pair.create(allow_redelegation=True, impersonation=True)
    client = acting(cloud, pair.trustee, first["id"])
    body = pair.body(trustee_user_id=third["id"], impersonation=True)
    second = client.post("identity", TRUSTS, json=body).json()["trust"]
    last = acting(cloud, third, second["id"])
    with ThreadPoolExecutor(2) as threads:
        ends = list(threads.map(lambda one: pair.client.delete("identity", f"{TRUSTS}/{one}"), [first["id"]] * 2))
    assert {one.status_code for one in ends} <= {204, 404}
    assert (whoami(client), whoami(last)) == (401, 401)
    store = cloud.cloud.store
    bounds = {"trustor": pair.trustor["id"], "before": now() + timedelta(days=1)}
    assert [store.write(lambda db: flush(db, **bounds)) for _ in range(2)] == [2, 0]


def test_a_parent_that_goes_leaves_no_orphan(admin: Client) -> None:
    for _ in range(MANY):
        parent = make(admin, "project")
        child = {"project": {"name": f"child of {parent['id']}", "parent_id": parent["id"]}}
        with ThreadPoolExecutor(2) as threads:
            made = threads.submit(admin.post, "identity", "/v3/projects", json=child)
            gone = threads.submit(admin.delete, "identity", f"/v3/projects/{parent['id']}")
        assert (made.result().status_code, gone.result().status_code) in {(201, 403), (400, 204)}


def test_a_domain_that_goes_takes_what_comes_meanwhile(admin: Client) -> None:
    for _ in range(MANY):
        domain = make(admin, "domain")
        path, name = f"/v3/domains/{domain['id']}", f"late in {domain['id']}"[:64]
        project = make(admin, "project", domain_id=domain["id"])
        admin.patch("identity", path, json={"domain": {"enabled": False}})
        admin.patch("identity", path, json={"domain": {"enabled": True}})
        with ThreadPoolExecutor(2) as threads:
            body = {"project": {"name": name, "parent_id": project["id"]}}
            threads.submit(admin.post, "identity", "/v3/projects", json=body)
            threads.submit(admin.patch, "identity", path, json={"domain": {"enabled": False}})
        assert admin.delete("identity", path).status_code == 204
        assert admin.get("identity", "/v3/projects", params={"name": name}).json()["projects"] == []


def test_parts_of_names_and_tags_mean_the_same_everywhere(admin: Client) -> None:
    domain = make(admin, "domain")
    for name in ("Rose_1", "rosemary", "primrose"):
        make(admin, "project", name=name, domain_id=domain["id"], tags=["plant", name[0]])

    def found(**filters: Any) -> list[str]:
        params = {"domain_id": domain["id"], **filters}
        return sorted(one["name"] for one in admin.get("identity", "/v3/projects", params=params).json()["projects"])

    assert found(name__contains="rose") == ["primrose", "rosemary"]
    assert found(name__istartswith="ROSE") == ["Rose_1", "rosemary"]
    assert found(name__iendswith="E_1") == ["Rose_1"]
    assert found(name__endswith="E_1") == []
    assert found(**{"tags": "plant,p", "not-tags-any": "r"}) == ["primrose"]
    assert found(name="rose_1") == []
    assert make(admin, "project", name="ROSE_1", domain_id=domain["id"])["name"] == "ROSE_1"


def test_a_domain_goes_with_its_trusts(cloud: RunningCloud, admin: Client) -> None:
    domain = make(admin, "domain")
    pair = Pair(cloud, admin)
    pair.trustee = make(admin, "user", domain_id=domain["id"])
    inside = make(admin, "project", domain_id=domain["id"])
    grant(admin, pair.trustor, "member", f"projects/{inside['id']}")
    owned = pair.create()
    elsewhere = login(cloud, pair.trustor, {"project": {"id": inside["id"]}})
    body = pair.body(project_id=inside["id"], trustee_user_id=pair.trustor["id"])
    other = elsewhere.post("identity", TRUSTS, json=body).json()["trust"]
    admin.patch("identity", f"/v3/domains/{domain['id']}", json={"domain": {"enabled": False}})
    assert admin.delete("identity", f"/v3/domains/{domain['id']}").status_code == 204
    assert [admin.get("identity", f"{TRUSTS}/{one['id']}").status_code for one in (owned, other)] == [404, 404]
