"""A server's metadata: GET, POST and PUT of all, GET, PUT and DELETE of one."""

from collections.abc import Iterator

import pytest
from tests.services.compute.test_servers import (
    act,
    create,
    flavor,
    image,
    is_gone,
    member_of_a_new_project,
    project_of,
    reaches,
)
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually, simulated_host

from haneul.services.compute.servers import logic

__all__ = ["flavor", "image"]


@pytest.fixture(scope="module")
def nova(cloud: RunningCloud) -> Iterator[Client]:
    with simulated_host(cloud):
        yield cloud.login().with_headers(OpenStack_API_Version="compute 2.100")


@pytest.fixture
def described(nova: Client, flavor: str, image: str) -> Iterator[str]:
    made = create(nova, flavor, image, "described", metadata={"a": "1", "b": "2"})
    reaches(nova, made, "ACTIVE")
    yield made
    nova.delete("compute", f"/v2.1/servers/{made}")
    eventually(lambda: is_gone(nova, made))


@pytest.fixture
def metadata_path(described: str) -> str:
    return f"/v2.1/servers/{described}/metadata"


def metadata(nova: Client, metadata_path: str) -> dict[str, str]:
    found: dict[str, str] = nova.get("compute", metadata_path).json()["metadata"]
    return found


def test_items_are_added_replaced_and_deleted(nova: Client, described: str, metadata_path: str) -> None:
    assert metadata(nova, metadata_path) == {"a": "1", "b": "2"}
    added = nova.post("compute", metadata_path, json={"metadata": {"b": "3", "c d:e.f_g-h": ""}})
    assert (added.status_code, added.json()) == (200, {"metadata": {"a": "1", "b": "3", "c d:e.f_g-h": ""}})
    replaced = nova.put("compute", metadata_path, json={"metadata": {"x": "y", "z": "1"}})
    assert (replaced.status_code, replaced.json()) == (200, {"metadata": {"x": "y", "z": "1"}})
    assert nova.get("compute", f"{metadata_path}/x").json() == {"meta": {"x": "y"}}
    changed = nova.put("compute", f"{metadata_path}/x", json={"meta": {"x": "more"}})
    assert (changed.status_code, changed.json()) == (200, {"meta": {"x": "more"}})
    assert nova.delete("compute", f"{metadata_path}/z").status_code == 204
    assert metadata(nova, metadata_path) == {"x": "more"}
    shown = nova.get("compute", f"/v2.1/servers/{described}").json()["server"]
    assert shown["metadata"] == {"x": "more"}


def test_items_that_are_not_there_are_not_found(nova: Client, metadata_path: str) -> None:
    for answer in (nova.get("compute", f"{metadata_path}/none"), nova.delete("compute", f"{metadata_path}/none")):
        assert (answer.status_code, answer.json()["itemNotFound"]["message"]) == (404, "Metadata item was not found")


@pytest.mark.parametrize(
    ("method", "end", "body", "status"),
    [
        ("POST", "", {"metadata": {"": "v"}}, 400),
        ("POST", "", {"metadata": {"k": 1}}, 400),
        ("POST", "", {"metadata": {"k": None}}, 400),
        ("POST", "", {"metadata": {"k/l": "v"}}, 400),
        ("POST", "", {"metadata": {"k" * 256: "v"}}, 400),
        ("POST", "", {"metadata": {"k": "v" * 256}}, 400),
        ("POST", "", {"metadata": None}, 400),
        ("POST", "", {"meta": {"k": "v"}}, 400),
        ("POST", "", {}, 400),
        ("PUT", "", {"metadata": ["k"]}, 400),
        ("PUT", "/k", {"meta": {}}, 400),
        ("PUT", "/k", {"meta": {"k": "v", "l": "v"}}, 400),
        ("PUT", "/k", {"meta": {"l": "v"}}, 400),
        ("POST", "", {"metadata": {f"k{number}": "v" for number in range(127)}}, 403),
        ("PUT", "", {"metadata": {f"k{number}": "v" for number in range(129)}}, 403),
    ],
)
def test_a_wrong_request_changes_nothing(
    nova: Client, metadata_path: str, method: str, end: str, body: dict[str, object], status: int
) -> None:
    assert nova.request(method, "compute", metadata_path + end, json=body).status_code == status
    assert metadata(nova, metadata_path) == {"a": "1", "b": "2"}


def test_a_projects_limit_counts(nova: Client, metadata_path: str) -> None:
    quota = f"/v2.1/os-quota-sets/{project_of(nova)}"
    nova.put("compute", quota, json={"quota_set": {"metadata_items": 3}})
    try:
        refused = nova.post("compute", metadata_path, json={"metadata": {"c": "3", "d": "4"}})
        assert refused.status_code == 403
        assert refused.json()["forbidden"]["message"] == "Maximum number of metadata items exceeds 3"
        assert nova.post("compute", metadata_path, json={"metadata": {"c": "3"}}).status_code == 200
    finally:
        nova.delete("compute", quota)


def test_states_in_which_nothing_is_changed(
    cloud: RunningCloud, nova: Client, described: str, metadata_path: str
) -> None:
    store = cloud.cloud.store
    store.write(lambda db: logic.set_state(db, logic.current(db, described), task_state="rebooting"))
    assert nova.put("compute", f"{metadata_path}/a", json={"meta": {"a": "busy"}}).status_code == 200
    store.write(lambda db: logic.fail(db, described, "It broke."))
    for answer, action in (
        (nova.put("compute", metadata_path, json={"metadata": {}}), "update"),
        (nova.delete("compute", f"{metadata_path}/a"), "delete"),
    ):
        assert answer.status_code == 409
        assert answer.json()["conflictingRequest"]["message"] == (
            f"Cannot '{action} metadata' instance {described} while it is in vm_state error"
        )


def test_a_locked_server_and_one_of_others(cloud: RunningCloud, flavor: str, image: str) -> None:
    member = member_of_a_new_project(cloud, "describer").with_headers(OpenStack_API_Version="compute 2.100")
    described = create(member, flavor, image, "sealed")
    metadata_path = f"/v2.1/servers/{described}/metadata"
    reaches(member, described, "ACTIVE")
    assert member.put("compute", metadata_path, json={"metadata": {"k": "v"}}).status_code == 200
    stranger = member_of_a_new_project(cloud, "reader")
    assert stranger.get("compute", metadata_path).status_code == 404
    assert stranger.put("compute", metadata_path, json={"metadata": {}}).status_code == 404
    act(member, described, lock=None)
    assert member.delete("compute", f"{metadata_path}/k").status_code == 409
    assert metadata(member, metadata_path) == {"k": "v"}
    act(member, described, unlock=None)
    member.delete("compute", f"/v2.1/servers/{described}")
    eventually(lambda: is_gone(member, described))
