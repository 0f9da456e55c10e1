"""Tags of every type of resource that has them."""

from typing import Any

import pytest
from tests.clients.openstack_cli import OpenStackCli
from tests.services.network.routed import asked, made, outside, refused, shown, subnet
from tests.support.cloud import Client, RunningCloud
from tests.support.members import member_of

NOBODY = "00000000-0000-4000-8000-000000000000"
NOUNS = {
    "networks": "network",
    "subnets": "subnet",
    "ports": "port",
    "routers": "router",
    "floatingips": "floatingip",
    "security-groups": "security_group",
    "subnetpools": "subnetpool",
}


@pytest.fixture(scope="module")
def gardener(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "garden")


@pytest.fixture(scope="module")
def stranger(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "elsewhere")


@pytest.fixture(scope="module")
def things(admin: Client, gardener: Client) -> dict[str, str]:
    """The id of one of each type."""
    inside = subnet(gardener, "10.1.0.0/24")
    port = made(gardener, "port", network_id=inside["network_id"])
    outer = outside(admin, "203.0.113.0/24")
    group = asked(gardener, "POST", "/v2.0/security-groups", {"security_group": {"name": "web"}}).json()[
        "security_group"
    ]
    return {
        "networks": inside["network_id"],
        "subnets": inside["id"],
        "ports": port["id"],
        "routers": made(gardener, "router")["id"],
        "floatingips": made(gardener, "floatingip", floating_network_id=outer["network_id"])["id"],
        "security-groups": group["id"],
        "subnetpools": made(gardener, "subnetpool", name="pool", prefixes=["10.9.0.0/16"], min_prefixlen=24)["id"],
    }


def seen(client: Client, path: str, thing_id: str) -> dict[str, Any]:
    answer = asked(client, "GET", f"/v2.0/{path}/{thing_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()[NOUNS[path]]
    return found


@pytest.mark.parametrize("path", NOUNS)
def test_tags_come_and_go(gardener: Client, things: dict[str, str], path: str) -> None:
    url = f"/v2.0/{path}/{things[path]}/tags"
    answer = asked(gardener, "PUT", url, {"tags": ["red", "blue"]})
    assert (answer.status_code, answer.json()) == (200, {"tags": ["red", "blue"]})
    assert asked(gardener, "GET", url).json() == {"tags": ["blue", "red"]}
    assert seen(gardener, path, things[path])["tags"] == ["blue", "red"]
    assert asked(gardener, "POST", url, {"tags": ["green", "red"]}).status_code == 201
    assert asked(gardener, "PUT", f"{url}/small").status_code == 201
    assert asked(gardener, "PUT", f"{url}/small").status_code == 201
    assert asked(gardener, "GET", f"{url}/small").status_code == 204
    assert asked(gardener, "GET", url).json() == {"tags": ["blue", "green", "red", "small"]}
    assert asked(gardener, "DELETE", f"{url}/small").status_code == 204
    assert "small" in refused(asked(gardener, "GET", f"{url}/small"), 404, "TagNotFound")
    refused(asked(gardener, "DELETE", f"{url}/small"), 404, "TagNotFound")
    assert asked(gardener, "PUT", url, {"tags": ["blue"]}).json() == {"tags": ["blue"]}
    assert asked(gardener, "GET", url).json() == {"tags": ["blue"]}
    assert asked(gardener, "DELETE", url).status_code == 204
    assert asked(gardener, "GET", url).json() == {"tags": []}


@pytest.mark.parametrize("path", NOUNS)
def test_a_change_of_tags_is_a_change_of_the_resource(gardener: Client, things: dict[str, str], path: str) -> None:
    url, before = f"/v2.0/{path}/{things[path]}/tags", seen(gardener, path, things[path])
    asked(gardener, "PUT", f"{url}/new")
    after = seen(gardener, path, things[path])
    assert after["revision_number"] > before["revision_number"]
    asked(gardener, "PUT", f"{url}/new")
    assert seen(gardener, path, things[path])["revision_number"] == after["revision_number"]
    asked(gardener, "DELETE", url)
    assert seen(gardener, path, things[path])["revision_number"] > after["revision_number"]


@pytest.mark.parametrize("path", NOUNS)
def test_what_somebody_may_not_see_is_not_there(stranger: Client, things: dict[str, str], path: str) -> None:
    for thing_id in (things[path], NOBODY):
        for method, end, body in (("GET", "", None), ("PUT", "", {"tags": ["mine"]}), ("PUT", "/mine", None)):
            answer = asked(stranger, method, f"/v2.0/{path}/{thing_id}/tags{end}", body)
            assert answer.status_code == 404, answer.text


def test_who_may_only_see_may_not_tag(admin: Client, stranger: Client) -> None:
    url = f"/v2.0/networks/{made(admin, 'network', shared=True)['id']}/tags"
    asked(admin, "PUT", url, {"tags": ["public"]})
    assert asked(stranger, "GET", url).json() == {"tags": ["public"]}
    assert asked(stranger, "PUT", f"{url}/mine").status_code == 403
    assert asked(stranger, "DELETE", url).status_code == 403


def test_tags_have_limits(gardener: Client, things: dict[str, str]) -> None:
    url = f"/v2.0/routers/{things['routers']}/tags"
    refused(asked(gardener, "PUT", url, {"tags": ["one", "one"]}), 400, "InvalidInput")
    refused(asked(gardener, "PUT", f"{url}/{'x' * 256}"), 400, "InvalidInput")
    assert asked(gardener, "PUT", url, {"tags": ["x" * 256]}).status_code == 400
    assert asked(gardener, "PUT", url, {"words": []}).status_code == 400
    many = [f"tag {number}" for number in range(50)]
    assert asked(gardener, "PUT", url, {"tags": many}).status_code == 200
    assert "limit of 50" in refused(asked(gardener, "PUT", f"{url}/last"), 400, "HTTPBadRequest")
    assert asked(gardener, "PUT", url, {"tags": [*many, "last"]}).status_code == 400
    assert asked(gardener, "GET", url).json() == {"tags": sorted(many)}
    asked(gardener, "DELETE", url)


def test_ports_come_with_tags(gardener: Client, things: dict[str, str]) -> None:
    wanted = [{"network_id": things["networks"], "tags": tags} for tags in (["a", "b"], [])]
    ports = asked(gardener, "POST", "/v2.0/ports", {"ports": wanted}).json()["ports"]
    assert [port["tags"] for port in ports] == [["a", "b"], []]
    found = asked(gardener, "GET", "/v2.0/ports", params={"tags": "a,b"}).json()["ports"]
    assert [port["id"] for port in found] == [ports[0]["id"]]
    assert asked(gardener, "DELETE", f"/v2.0/ports/{ports[0]['id']}").status_code == 204
    assert asked(gardener, "GET", f"/v2.0/ports/{ports[0]['id']}/tags").status_code == 404


def test_lists_are_filtered_by_tags(gardener: Client) -> None:
    words: dict[str, list[str]] = {"one": ["red"], "two": ["red", "blue"], "three": ["green"]}
    named = {made(gardener, "network", name=name)["id"]: name for name in words}
    for network_id, name in named.items():
        asked(gardener, "PUT", f"/v2.0/networks/{network_id}/tags", {"tags": words[name]})

    def with_(**parameters: str) -> set[str]:
        found = asked(gardener, "GET", "/v2.0/networks", params=parameters).json()["networks"]
        return {named[network["id"]] for network in found if network["id"] in named}

    assert with_(tags="red") == {"one", "two"}
    assert with_(tags="red,blue") == {"two"}
    assert with_(**{"tags-any": "blue,green"}) == {"two", "three"}
    assert with_(**{"not-tags": "red"}) == {"three"}
    assert with_(**{"not-tags-any": "blue,green"}) == {"one"}


def test_the_client_tags(cloud: RunningCloud, admin: Client) -> None:
    cli = OpenStackCli(cloud)
    network = made(admin, "network", name="tagged")
    assert cli.run("network set --tag seen --tag known tagged").code == 0
    assert sorted(cli.json("network show tagged")["tags"]) == ["known", "seen"]
    assert cli.run("network unset --tag seen tagged").code == 0
    assert shown(admin, "network", network["id"])["tags"] == ["known"]
