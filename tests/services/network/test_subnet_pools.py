"""`/v2.0/subnetpools`: prefixes, what subnets get of them, and how they change.

`add_prefixes`, `remove_prefixes`, `onboard_network_subnets`.
"""

from typing import Any

import httpx
import pytest
from tests.clients.openstack_cli import OpenStackCli
from tests.services.network.routed import asked, changed, gone, made, refused, shown, subnet
from tests.support.cloud import Client, RunningCloud
from tests.support.members import member_of, project_of


@pytest.fixture(scope="module")
def member(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "garden")


@pytest.fixture(scope="module")
def stranger(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "elsewhere")


@pytest.fixture
def network(member: Client) -> str:
    return str(made(member, "network")["id"])


def pool_of(client: Client, *prefixes: str, **wanted: Any) -> dict[str, Any]:
    return made(client, "subnetpool", name="pool", prefixes=list(prefixes), **wanted)


def taken(client: Client, network_id: str, pool_id: str | None, **wanted: Any) -> httpx.Response:
    """The answer to who asks for a subnet of a pool."""
    named = {"subnetpool_id": pool_id} if pool_id else {}
    body = {"network_id": network_id, "ip_version": 4, **named, **wanted}
    return asked(client, "POST", "/v2.0/subnets", {"subnet": body})


def cidr(answer: httpx.Response) -> str:
    assert answer.status_code == 201, answer.text
    return str(answer.json()["subnet"]["cidr"])


def test_a_pool_and_what_is_not_said_of_it(member: Client) -> None:
    pool = pool_of(member, "10.1.0.0/16", "10.0.0.0/16", "10.9.0.0/24", description="ours")
    project = project_of(member)
    assert pool == {
        "id": pool["id"],
        "name": "pool",
        "description": "ours",
        "project_id": project,
        "tenant_id": project,
        "created_at": pool["created_at"],
        "updated_at": pool["created_at"],
        "revision_number": 0,
        "tags": [],
        "ip_version": 4,
        "prefixes": ["10.0.0.0/15", "10.9.0.0/24"],
        "min_prefixlen": "8",
        "max_prefixlen": "32",
        "default_prefixlen": "8",
        "default_quota": None,
        "is_default": False,
        "shared": False,
        "address_scope_id": None,
    }
    assert shown(member, "subnetpool", pool["id"]) == pool
    six = pool_of(member, "2001:db8::/48")
    lengths = [six[f"{word}_prefixlen"] for word in ("min", "max", "default")]
    assert (six["ip_version"], lengths) == (6, ["64", "128", "64"])


@pytest.mark.parametrize(
    ("prefixes", "wanted", "kind"),
    [
        ([], {}, "EmptySubnetPoolPrefixList"),
        (["10.0.0.0/8", "2001:db8::/48"], {}, "PrefixVersionMismatch"),
        (["10.0.0.0/255.0.0.0"], {}, "HTTPBadRequest"),
        (["ten"], {}, "HTTPBadRequest"),
        (["10.0.0.0/8", "10.0.0.0/8"], {}, "HTTPBadRequest"),
        (["10.0.0.0/8"], {"min_prefixlen": 25, "max_prefixlen": 24}, "IllegalSubnetPoolPrefixBounds"),
        (["10.0.0.0/8"], {"max_prefixlen": 33}, "IllegalSubnetPoolPrefixBounds"),
        (["10.0.0.0/8"], {"default_prefixlen": 7}, "IllegalSubnetPoolPrefixBounds"),
        (["10.0.0.0/8"], {"max_prefixlen": 24, "default_prefixlen": 25}, "IllegalSubnetPoolPrefixBounds"),
        (["10.0.0.0/8"], {"min_prefixlen": -1}, "HTTPBadRequest"),
        (["10.0.0.0/8"], {"name": ""}, "HTTPBadRequest"),
    ],
)
def test_pools_that_there_are_not(member: Client, prefixes: list[str], wanted: dict[str, Any], kind: str) -> None:
    body = {"subnetpool": {"name": "pool", "prefixes": prefixes, **wanted}}
    refused(asked(member, "POST", "/v2.0/subnetpools", body), 400, kind)


def test_bits_of_hosts_are_dropped(member: Client) -> None:
    assert pool_of(member, "10.11.12.13/24")["prefixes"] == ["10.11.12.0/24"]


def test_what_lies_beyond_a_prefix_does_not_take_it(member: Client, network: str) -> None:
    prefixes = ["10.20.0.0/24", "10.30.0.0/24"]
    pool = made(member, "subnetpool", name="two", prefixes=prefixes, default_prefixlen=24)
    url = f"/v2.0/subnetpools/{pool['id']}"
    grown = asked(member, "PUT", f"{url}/add_prefixes", {"prefixes": ["10.40.0.0/24"]})
    assert grown.json()["prefixes"] == [*prefixes, "10.40.0.0/24"]
    shrunk = asked(member, "PUT", f"{url}/remove_prefixes", {"prefixes": ["10.40.0.0/24"]})
    assert shrunk.json()["prefixes"] == prefixes
    got = {cidr(taken(member, network, pool["id"])) for _ in range(2)}
    assert got == set(prefixes)


def test_subnets_get_what_is_free_and_give_it_back(member: Client, network: str) -> None:
    pool = pool_of(member, "10.0.0.0/22", default_prefixlen=24, min_prefixlen=23, max_prefixlen=26)
    first = taken(member, network, pool["id"])
    assert cidr(first) == "10.0.0.0/24"
    found = first.json()["subnet"]
    assert (found["subnetpool_id"], found["gateway_ip"]) == (pool["id"], "10.0.0.1")
    assert found["allocation_pools"] == [{"start": "10.0.0.2", "end": "10.0.0.254"}]
    assert cidr(taken(member, network, pool["id"], prefixlen=26, gateway_ip=None)) == "10.0.1.0/26"
    assert cidr(taken(member, network, pool["id"], cidr="10.0.2.0/24")) == "10.0.2.0/24"
    for wanted, status, kind in (
        ({"prefixlen": 27}, 400, "MaxPrefixSubnetAllocationError"),
        ({"prefixlen": 22}, 400, "MinPrefixSubnetAllocationError"),
        ({"prefixlen": 23}, 409, "SubnetAllocationError"),
        ({"cidr": "10.0.2.128/25"}, 409, "SubnetAllocationError"),
        ({"cidr": "10.0.4.0/24"}, 409, "SubnetAllocationError"),
        ({"cidr": "10.0.3.0/24", "prefixlen": 24}, 400, "HTTPBadRequest"),
        ({"ip_version": 6}, 400, "HTTPBadRequest"),
        ({"allocation_pools": [{"start": "10.0.3.2", "end": "10.0.3.3"}]}, 400, "HTTPBadRequest"),
        ({"use_default_subnetpool": True}, 400, "HTTPBadRequest"),
    ):
        refused(taken(member, network, pool["id"], **wanted), status, kind)
    refused(asked(member, "DELETE", f"/v2.0/subnetpools/{pool['id']}"), 400, "SubnetPoolDeleteError")
    gone(member, "subnet", found["id"])
    assert cidr(taken(member, network, pool["id"])) == "10.0.0.0/24"


def test_a_prefix_of_ipv6(member: Client, network: str) -> None:
    pool = pool_of(member, "2001:db8::/48")
    found = taken(member, network, pool["id"], ip_version=6).json()["subnet"]
    assert (found["cidr"], found["gateway_ip"]) == ("2001:db8::/64", "2001:db8::1")
    assert cidr(taken(member, network, pool["id"], ip_version=6)) == "2001:db8:0:1::/64"


def test_a_networks_subnets_are_all_of_one_pool(member: Client, network: str) -> None:
    one, other = (pool_of(member, f"10.{n}.0.0/16", default_prefixlen=24) for n in (1, 2))
    cidr(taken(member, network, one["id"]))
    refused(taken(member, network, other["id"]), 400, "NetworkSubnetPoolAffinityError")
    refused(taken(member, network, None, cidr="10.3.0.0/24"), 400, "NetworkSubnetPoolAffinityError")


def test_each_project_has_its_share(member: Client, network: str, admin: Client) -> None:
    pool = pool_of(member, "10.0.0.0/16", default_prefixlen=24, default_quota=300)
    assert pool["default_quota"] == 300
    cidr(taken(member, network, pool["id"]))
    refused(taken(member, network, pool["id"]), 409, "SubnetPoolQuotaExceeded")
    cidr(taken(member, network, pool["id"], prefixlen=27))
    cidr(taken(admin, network, pool["id"], project_id=project_of(admin)))


def test_pools_change_but_lose_no_prefix(member: Client) -> None:
    pool = pool_of(member, "10.0.0.0/16")
    now = changed(member, "subnetpool", pool["id"], name="after", prefixes=["10.0.0.0/15"], default_prefixlen=26)
    assert (now["name"], now["prefixes"], now["default_prefixlen"]) == ("after", ["10.0.0.0/15"], "26")
    assert now["revision_number"] == 1
    url = f"/v2.0/subnetpools/{pool['id']}"
    for wanted, kind in (
        ({"prefixes": ["10.0.0.0/16"]}, "IllegalSubnetPoolPrefixUpdate"),
        ({"prefixes": ["2001:db8::/48"]}, "PrefixVersionMismatch"),
        ({"max_prefixlen": 25}, "IllegalSubnetPoolPrefixBounds"),
        ({"shared": True}, "HTTPBadRequest"),
    ):
        refused(asked(member, "PUT", url, {"subnetpool": wanted}), 400, kind)
    stale = {"If-Match": "revision_number=0"}
    refused(asked(member, "DELETE", url, headers=stale), 412, "RevisionNumberConstraintFailed")
    gone(member, "subnetpool", pool["id"])
    refused(asked(member, "GET", url), 404, "SubnetPoolNotFound")


def test_prefixes_come_and_go(member: Client, network: str) -> None:
    pool = pool_of(member, "10.0.0.0/24")

    def told(verb: str, *prefixes: str) -> httpx.Response:
        return asked(member, "PUT", f"/v2.0/subnetpools/{pool['id']}/{verb}", {"prefixes": list(prefixes)})

    assert told("add_prefixes", "10.0.1.0/24", "10.0.4.0/24").json() == {"prefixes": ["10.0.0.0/23", "10.0.4.0/24"]}
    assert told("remove_prefixes", "10.0.1.128/25").json()["prefixes"] == ["10.0.0.0/24", "10.0.1.0/25", "10.0.4.0/24"]
    assert told("remove_prefixes", "10.7.0.0/16").json()["prefixes"] == ["10.0.0.0/24", "10.0.1.0/25", "10.0.4.0/24"]
    cidr(taken(member, network, pool["id"], cidr="10.0.4.0/24"))
    refused(told("remove_prefixes", "10.0.4.128/25"), 400, "IllegalSubnetPoolPrefixUpdate")
    refused(told("add_prefixes", "2001:db8::/48"), 400, "PrefixVersionMismatch")
    for verb in ("add_prefixes", "remove_prefixes"):
        refused(told(verb), 400, "HTTPBadRequest")
        refused(told(verb, "ten"), 400, "HTTPBadRequest")


def test_a_networks_subnets_are_taken_in(member: Client, stranger: Client, network: str) -> None:
    four = subnet(member, "10.8.0.0/24", network)
    subnet(member, "2001:db8::/64", network)
    pool = pool_of(member, "10.0.0.0/24")

    def onboard(network_id: str) -> httpx.Response:
        return asked(
            member, "PUT", f"/v2.0/subnetpools/{pool['id']}/onboard_network_subnets", {"network_id": network_id}
        )

    assert onboard(network).json() == [{"id": four["id"], "cidr": "10.8.0.0/24"}]
    assert shown(member, "subnet", four["id"])["subnetpool_id"] == pool["id"]
    assert shown(member, "subnetpool", pool["id"])["prefixes"] == ["10.0.0.0/24", "10.8.0.0/24"]
    again = made(member, "network")["id"]
    subnet(member, "10.8.0.0/25", again)
    refused(onboard(again), 400, "IllegalSubnetPoolUpdate")
    refused(onboard(made(stranger, "network")["id"]), 404, "NetworkNotFound")


def test_others_networks_are_not_taken_in(member: Client, admin: Client) -> None:
    common = made(admin, "network", shared=True)["id"]
    pool = pool_of(member, "10.0.0.0/24")
    url = f"/v2.0/subnetpools/{pool['id']}/onboard_network_subnets"
    assert asked(member, "PUT", url, {"network_id": common}).status_code == 403


def test_who_sees_and_shares_a_pool(member: Client, stranger: Client, admin: Client) -> None:
    own = pool_of(member, "10.0.0.0/24")
    for method in ("GET", "PUT", "DELETE"):
        change = {"subnetpool": {"name": "mine"}} if method == "PUT" else None
        refused(asked(stranger, method, f"/v2.0/subnetpools/{own['id']}", change), 404, "SubnetPoolNotFound")
    for wanted in ({"shared": True}, {"is_default": True}):
        body: dict[str, Any] = {"subnetpool": {"name": "pool", "prefixes": ["10.0.0.0/24"], **wanted}}
        assert asked(member, "POST", "/v2.0/subnetpools", body).status_code == 403, wanted
    assert (
        asked(member, "PUT", f"/v2.0/subnetpools/{own['id']}", {"subnetpool": {"is_default": True}}).status_code == 403
    )
    common = pool_of(admin, "10.0.0.0/16", shared=True, default_prefixlen=24)
    assert shown(stranger, "subnetpool", common["id"])["shared"] is True
    assert [pool["id"] for pool in asked(stranger, "GET", "/v2.0/subnetpools?shared=true").json()["subnetpools"]] == [
        common["id"]
    ]
    assert (
        asked(stranger, "PUT", f"/v2.0/subnetpools/{common['id']}", {"subnetpool": {"name": "mine"}}).status_code == 403
    )
    assert cidr(taken(stranger, made(stranger, "network")["id"], common["id"])) == "10.0.0.0/24"
    refused(taken(stranger, made(stranger, "network")["id"], own["id"]), 404, "SubnetPoolNotFound")


def test_one_pool_of_a_version_is_the_default(member: Client, admin: Client, network: str) -> None:
    refused(taken(member, network, None, use_default_subnetpool=True), 400, "HTTPBadRequest")
    default = pool_of(admin, "10.64.0.0/16", shared=True, is_default=True, default_prefixlen=26)
    assert cidr(taken(member, network, None, use_default_subnetpool=True)) == "10.64.0.0/26"
    body = {"subnetpool": {"name": "pool", "prefixes": ["10.65.0.0/16"], "is_default": True}}
    refused(asked(admin, "POST", "/v2.0/subnetpools", body), 400, "InvalidInput")
    other = pool_of(admin, "10.65.0.0/16")
    url = f"/v2.0/subnetpools/{other['id']}"
    refused(asked(admin, "PUT", url, {"subnetpool": {"is_default": True}}), 400, "InvalidInput")
    assert changed(admin, "subnetpool", default["id"], is_default=False)["is_default"] is False
    assert changed(admin, "subnetpool", other["id"], is_default=True)["is_default"] is True
    gone(admin, "subnetpool", other["id"])


def test_lists_are_filtered_and_paged(stranger: Client) -> None:
    for name in ("b", "a"):
        made(stranger, "subnetpool", name=name, prefixes=["10.0.0.0/24"])

    def names(query: str) -> list[str]:
        return [pool["name"] for pool in asked(stranger, "GET", f"/v2.0/subnetpools?{query}").json()["subnetpools"]]

    assert names("shared=false&sort_key=name") == ["a", "b"]
    assert names("name=a&ip_version=4") == ["a"]
    assert names("ip_version=6") == []
    page = asked(stranger, "GET", "/v2.0/subnetpools?shared=false&limit=1&sort_key=name&fields=name").json()
    assert (page["subnetpools"], page["subnetpools_links"][0]["rel"]) == ([{"name": "a"}], "next")


def test_many_subnets_of_a_pool_at_once(member: Client, network: str) -> None:
    pool = pool_of(member, "10.0.0.0/8", default_prefixlen=29)
    wanted = [{"network_id": network, "ip_version": 4, "subnetpool_id": pool["id"]} for _ in range(40)]
    both = asked(member, "POST", "/v2.0/subnets", {"subnets": wanted})
    assert both.status_code == 201, both.text
    cidrs = [one["cidr"] for one in both.json()["subnets"]]
    assert (cidrs[0], cidrs[-1], len(set(cidrs))) == ("10.0.0.0/29", "10.0.1.56/29", 40)


def test_the_client_shows_pools(cloud: RunningCloud) -> None:
    cli = OpenStackCli(cloud)
    found = cli.json("subnet pool create --pool-prefix 10.0.0.0/16 --default-prefix-length 26 --default-quota 512 demo")
    assert found.keys() >= {
        "address_scope_id",
        "created_at",
        "default_prefixlen",
        "default_quota",
        "description",
        "id",
        "ip_version",
        "is_default",
        "max_prefixlen",
        "min_prefixlen",
        "name",
        "prefixes",
        "project_id",
        "revision_number",
        "shared",
        "tags",
        "updated_at",
    }
    assert cli.json("subnet pool list --name demo") == [
        {"ID": found["id"], "Name": "demo", "Prefixes": ["10.0.0.0/16"]}
    ]
    assert cli.run("subnet pool set --pool-prefix 10.1.0.0/16 --description changed demo").code == 0
    now = cli.json("subnet pool show demo")
    assert (now["prefixes"], now["description"], now["default_quota"]) == (["10.0.0.0/15"], "changed", 512)
    assert cli.run("network create pooled").code == 0
    assert cli.json("subnet create --network pooled --subnet-pool demo pooled")["cidr"] == "10.0.0.0/26"
    assert cli.run("network delete pooled").code == 0
    assert cli.run("subnet pool delete demo").code == 0
