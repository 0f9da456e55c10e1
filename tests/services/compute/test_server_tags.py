"""A server's tags, and lists of servers by them."""

from collections.abc import Iterator

import pytest
from tests.services.compute.test_servers import (
    create,
    flavor,
    image,
    is_gone,
    member_of_a_new_project,
    reaches,
    shown,
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
def server_id(nova: Client, flavor: str, image: str) -> Iterator[str]:
    made = create(nova, flavor, image, "tagged", tags=["web", "web", "prod"])
    reaches(nova, made, "ACTIVE")
    yield made
    delete(nova, made)


def delete(nova: Client, server_id: str) -> None:
    nova.delete("compute", f"/v2.1/servers/{server_id}")
    eventually(lambda: is_gone(nova, server_id))


@pytest.fixture
def path(server_id: str) -> str:
    return f"/v2.1/servers/{server_id}/tags"


def tags(nova: Client, path: str) -> list[str]:
    found: list[str] = nova.get("compute", path).json()["tags"]
    return found


def test_tags_are_added_replaced_and_taken(nova: Client, server_id: str, path: str) -> None:
    assert tags(nova, path) == ["web", "prod"] == shown(nova, server_id)["tags"]
    assert nova.get("compute", f"{path}/web").status_code == 204
    added = nova.put("compute", f"{path}/käse brot")
    assert (added.status_code, added.content) == (201, b"")
    assert added.headers["Location"].endswith(f"{path}/k%C3%A4se%20brot")
    assert nova.put("compute", f"{path}/web").status_code == 204
    assert tags(nova, path) == ["web", "prod", "käse brot"]
    assert nova.delete("compute", f"{path}/web").status_code == 204
    for answer in (nova.get("compute", f"{path}/web"), nova.delete("compute", f"{path}/web")):
        assert answer.status_code == 404
        assert answer.json()["itemNotFound"]["message"] == f"Server {server_id} has no tag 'web'"
    replaced = nova.put("compute", path, json={"tags": ["a", "b", "a"]})
    assert (replaced.status_code, replaced.json()) == (200, {"tags": ["a", "b"]})
    assert nova.delete("compute", path).status_code == 204
    assert tags(nova, path) == []


@pytest.mark.parametrize(
    ("end", "body"),
    [
        ("", {"tags": ["a,b"]}),
        ("", {"tags": ["a/b"]}),
        ("", {"tags": [""]}),
        ("", {"tags": ["x" * 61]}),
        ("", {"tags": [1]}),
        ("", {"tags": "a"}),
        ("", {"tags": [str(number) for number in range(51)]}),
        ("", {}),
        ("/a,b", None),
        ("/" + "x" * 61, None),
        ("/fine", {"tag": "fine"}),
    ],
)
def test_what_can_be_no_tag_is_refused(nova: Client, path: str, end: str, body: dict[str, object] | None) -> None:
    options = {} if body is None else {"json": body}
    assert nova.put("compute", path + end, **options).status_code == 400
    assert tags(nova, path) == ["web", "prod"]


def test_fifty_tags_are_enough(nova: Client, path: str) -> None:
    fifty = [str(number) for number in range(50)]
    assert nova.put("compute", path, json={"tags": fifty}).json() == {"tags": fifty}
    refused = nova.put("compute", f"{path}/one-more")
    assert refused.status_code == 400
    assert refused.json()["badRequest"]["message"] == "The number of tags exceeded the per-server limit 50"


def test_tags_came_with_a_version(nova: Client, path: str) -> None:
    older = nova.with_headers(OpenStack_API_Version="compute 2.25")
    for method, end in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/web"), ("PUT", "/x"), ("DELETE", "/web")):
        assert older.request(method, "compute", path + end).status_code == 404
    assert tags(nova, path) == ["web", "prod"]


def test_a_server_in_error_keeps_its_tags(cloud: RunningCloud, nova: Client, server_id: str, path: str) -> None:
    cloud.cloud.store.write(lambda db: logic.fail(db, server_id, "It broke."))
    for answer, action in (
        (nova.put("compute", f"{path}/new"), "update tag"),
        (nova.put("compute", path, json={"tags": []}), "update tags"),
        (nova.delete("compute", f"{path}/web"), "delete tag"),
        (nova.delete("compute", path), "delete tags"),
    ):
        assert answer.status_code == 409
        assert answer.json()["conflictingRequest"]["message"] == (
            f"Cannot '{action}' instance {server_id} while it is in vm_state error"
        )


def test_strangers_see_no_tags(cloud: RunningCloud, path: str) -> None:
    stranger = member_of_a_new_project(cloud, "tagger").with_headers(OpenStack_API_Version="compute 2.100")
    for method in ("GET", "DELETE"):
        assert stranger.request(method, "compute", path).status_code == 404
        assert stranger.request(method, "compute", f"{path}/web").status_code == 404


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"tags": "one"}, ["a", "ab"]),
        ({"tags": "one,two"}, ["ab"]),
        ({"tags": "One"}, []),
        ({"tags": "on"}, []),
        ({"tags-any": "one,two"}, ["a", "ab", "b"]),
        ({"not-tags": "one,two"}, ["a", "b", "none"]),
        ({"not-tags-any": "one,two"}, ["none"]),
        ({"tags": "one", "not-tags": "two"}, ["a"]),
        ({"tags": "%"}, []),
        ({"tags": "_ne"}, []),
    ],
)
def test_servers_are_found_by_their_tags(nova: Client, four: None, query: dict[str, str], names: list[str]) -> None:
    for where in ("", "/detail"):
        found = nova.get("compute", f"/v2.1/servers{where}", params={**query, "name": "^found-"}).json()["servers"]
        assert sorted(server["name"].removeprefix("found-") for server in found) == names
    older = nova.with_headers(OpenStack_API_Version="compute 2.25")
    assert len(older.get("compute", "/v2.1/servers", params={**query, "name": "^found-"}).json()["servers"]) == 4


@pytest.fixture(scope="module")
def four(nova: Client, flavor: str, image: str) -> Iterator[None]:
    given = {"a": ["one"], "b": ["two"], "ab": ["one", "two"], "none": []}
    made = [create(nova, flavor, image, f"found-{name}", tags=tags) for name, tags in given.items()]
    yield
    for server_id in made:
        delete(nova, server_id)
