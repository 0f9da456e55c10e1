"""`/v2.0/networks`: what they show to whom, who may change what of them, and what stands in the way of their end."""

from typing import Any

import pytest
from tests.clients.openstack_cli import OpenStackCli
from tests.services.network.routed import Host, asked, changed, gone, made, refused, shown, subnet
from tests.support.cloud import Client, RunningCloud
from tests.support.members import member_of, project_of

PROVIDER = {"provider:network_type", "provider:physical_network", "provider:segmentation_id"}


@pytest.fixture(scope="module")
def member(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "garden")


@pytest.fixture(scope="module")
def stranger(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "elsewhere")


def names(client: Client, query: str) -> list[str]:
    answer = asked(client, "GET", f"/v2.0/networks?{query}")
    assert answer.status_code == 200, answer.text
    return [network["name"] for network in answer.json()["networks"]]


def test_a_projects_network_is_a_vxlan(member: Client, admin: Client) -> None:
    network = made(member, "network", name="intnet", description="inside")
    project = project_of(member)
    assert network == {
        "id": network["id"],
        "name": "intnet",
        "description": "inside",
        "project_id": project,
        "tenant_id": project,
        "created_at": network["created_at"],
        "updated_at": network["created_at"],
        "revision_number": 0,
        "tags": [],
        "admin_state_up": True,
        "status": "ACTIVE",
        "shared": False,
        "router:external": False,
        "mtu": 1450,
        "subnets": [],
        "port_security_enabled": True,
        "dns_domain": "",
        "availability_zone_hints": [],
        "availability_zones": [],
        "ipv4_address_scope": None,
        "ipv6_address_scope": None,
        "vlan_transparent": None,
        "qos_policy_id": None,
        "l2_adjacency": True,
    }
    assert shown(member, "network", network["id"]) == network
    seen = shown(admin, "network", network["id"])
    assert seen.keys() - network.keys() == PROVIDER
    assert (seen["provider:network_type"], seen["provider:physical_network"]) == ("vxlan", None)
    assert 1 <= seen["provider:segmentation_id"] <= 65535


def test_what_a_member_may_not_say(member: Client, stranger: Client) -> None:
    for name, value in (
        ("shared", True),
        ("router:external", True),
        ("provider:network_type", "flat"),
        ("provider:segmentation_id", 7),
    ):
        assert asked(member, "POST", "/v2.0/networks", {"network": {name: value}}).status_code == 403, name
        network = made(member, "network")
        assert asked(member, "PUT", f"/v2.0/networks/{network['id']}", {"network": {name: value}}).status_code == 403, (
            name
        )
    wanted = {"network": {"project_id": project_of(stranger)}}
    assert asked(member, "POST", "/v2.0/networks", wanted).status_code in (400, 403)
    refused(asked(member, "POST", "/v2.0/networks", {"network": {"colour": "red"}}), 400, "HTTPBadRequest")


def test_who_sees_a_network(member: Client, stranger: Client, admin: Client) -> None:
    own = made(member, "network", name="own")
    shared = made(admin, "network", name="for all", shared=True)
    external = made(admin, "network", name="outside", **{"router:external": True})
    assert shown(stranger, "network", shared["id"])["shared"] is True
    seen = shown(stranger, "network", external["id"])
    assert (seen["shared"], seen["router:external"]) == (False, True)
    assert set(names(stranger, "")) == {"for all", "outside"}
    assert names(stranger, "router:external=true") == ["outside"]
    assert names(stranger, "shared=true") == ["for all"]
    for method in ("GET", "PUT", "DELETE"):
        body = {"network": {"name": "mine"}} if method == "PUT" else None
        refused(asked(stranger, method, f"/v2.0/networks/{own['id']}", body), 404, "NetworkNotFound")
    for network in (shared, external):
        assert asked(stranger, "DELETE", f"/v2.0/networks/{network['id']}").status_code == 403
    gone(admin, "network", shared["id"])
    gone(admin, "network", external["id"])


def test_lists_are_filtered_sorted_and_paged(stranger: Client) -> None:
    for name in ("b", "a", "c"):
        made(stranger, "network", name=name, admin_state_up=name != "c")
    assert names(stranger, "sort_key=name&sort_dir=desc") == ["c", "b", "a"]
    assert names(stranger, "admin_state_up=false") == ["c"]
    assert sorted(names(stranger, "name=a&name=b")) == ["a", "b"]
    page = asked(stranger, "GET", "/v2.0/networks?sort_key=name&limit=2&fields=name&fields=id").json()
    assert [set(network) for network in page["networks"]] == [{"name", "id"}] * 2
    (following,) = [link["href"] for link in page["networks_links"] if link["rel"] == "next"]
    rest = stranger.running.http.get(following, headers={"X-Auth-Token": stranger.token}).json()
    assert [network["name"] for network in rest["networks"]] == ["c"]
    assert asked(stranger, "GET", "/v2.0/networks?admin_state_up=perhaps").status_code == 400
    assert asked(stranger, "GET", "/v2.0/networks?limit=-1").status_code == 400


def test_many_are_created_at_once_or_none(member: Client) -> None:
    both = asked(member, "POST", "/v2.0/networks", {"networks": [{"name": "one"}, {"name": "two"}]})
    assert [network["name"] for network in both.json()["networks"]] == ["one", "two"]
    wrong = {"networks": [{"name": "three"}, {"name": "four", "mtu": 9000}]}
    assert asked(member, "POST", "/v2.0/networks", wrong).status_code == 400
    assert names(member, "name=three") == []


def test_a_change_counts_and_may_be_conditional(member: Client) -> None:
    network = made(member, "network", name="before")
    now = changed(member, "network", network["id"], name="after", admin_state_up=False)
    assert (now["name"], now["admin_state_up"], now["revision_number"]) == ("after", False, 1)
    stale = {"If-Match": "revision_number=0"}
    url = f"/v2.0/networks/{network['id']}"
    refused(asked(member, "PUT", url, {"network": {}}, headers=stale), 412, "RevisionNumberConstraintFailed")
    refused(asked(member, "DELETE", url, headers=stale), 412, "RevisionNumberConstraintFailed")
    assert asked(member, "DELETE", url, headers={"If-Match": "revision_number=1"}).status_code == 204


def test_segments_are_taken_once(admin: Client) -> None:
    vlan = {"provider:network_type": "vlan", "provider:physical_network": "physnet1", "provider:segmentation_id": 100}
    first = made(admin, "network", **vlan)
    assert first["mtu"] == 1500
    assert asked(admin, "POST", "/v2.0/networks", {"network": vlan}).status_code == 409
    gone(admin, "network", first["id"])
    gone(admin, "network", made(admin, "network", **vlan)["id"])
    for wrong in (
        {"provider:network_type": "carrier pigeon"},
        {"provider:network_type": "flat"},
        {"provider:network_type": "vlan", "provider:physical_network": "physnet1", "provider:segmentation_id": 4095},
        {"provider:segmentation_id": 5},
        {"provider:network_type": "local", "provider:segmentation_id": 5},
    ):
        refused(asked(admin, "POST", "/v2.0/networks", {"network": wrong}), 400, "InvalidInput")


def test_an_mtu_has_room_for_what_is_on_the_network(member: Client) -> None:
    network = made(member, "network", mtu=1400)
    refused(asked(member, "PUT", f"/v2.0/networks/{network['id']}", {"network": {"mtu": 1451}}), 400, "InvalidInput")
    assert changed(member, "network", network["id"], mtu=1200)["mtu"] == 1200
    wanted = {"network_id": network["id"], "ip_version": 6, "cidr": "2001:db8::/64"}
    refused(asked(member, "POST", "/v2.0/subnets", {"subnet": wanted}), 409, "NetworkMTUSubnetConflict")
    changed(member, "network", network["id"], mtu=1280)
    made(member, "subnet", **wanted)
    sentence = refused(
        asked(member, "PUT", f"/v2.0/networks/{network['id']}", {"network": {"mtu": 1279}}),
        409,
        "NetworkMTUSubnetConflict",
    )
    assert sentence.endswith("subnet requires a minimum of 1280")


def test_only_one_external_network_is_the_default(admin: Client) -> None:
    external = {"router:external": True}
    first = made(admin, "network", is_default=True, **external)
    assert first["is_default"] is True
    wanted = {"network": {"is_default": True, **external}}
    refused(asked(admin, "POST", "/v2.0/networks", wanted), 409, "DefaultExternalNetworkExists")
    second = made(admin, "network", **external)
    url = f"/v2.0/networks/{second['id']}"
    refused(asked(admin, "PUT", url, {"network": {"is_default": True}}), 409, "DefaultExternalNetworkExists")
    changed(admin, "network", first["id"], is_default=False)
    assert changed(admin, "network", second["id"], is_default=True)["is_default"] is True
    inside = changed(admin, "network", second["id"], **{"router:external": False})
    assert "is_default" not in inside
    assert changed(admin, "network", second["id"], **external)["is_default"] is False
    for network in (first, second):
        gone(admin, "network", network["id"])


def test_what_others_use_stays_shared(admin: Client, stranger: Client) -> None:
    network = made(admin, "network", name="common", shared=True)
    port = made(stranger, "port", network_id=network["id"])
    url = f"/v2.0/networks/{network['id']}"
    sentence = refused(asked(admin, "PUT", url, {"network": {"shared": False}}), 409, "InvalidSharedSetting")
    assert "common" in sentence
    gone(stranger, "port", port["id"])
    assert changed(admin, "network", network["id"], shared=False)["shared"] is False
    refused(asked(stranger, "GET", url), 404, "NetworkNotFound")


def test_a_network_goes_with_its_subnets_but_not_with_ports(member: Client) -> None:
    network = made(member, "network")
    inside = subnet(member, "10.0.0.0/24", network["id"])
    port = made(member, "port", network_id=network["id"])
    sentence = refused(asked(member, "DELETE", f"/v2.0/networks/{network['id']}"), 409, "NetworkInUse")
    assert sentence.endswith(f"id for these ports is: {port['id']}.")
    gone(member, "port", port["id"])
    gone(member, "network", network["id"])
    refused(asked(member, "GET", f"/v2.0/subnets/{inside['id']}"), 404, "SubnetNotFound")


def test_idle_floating_ips_go_with_their_network(admin: Client) -> None:
    external = made(admin, "network", **{"router:external": True})
    subnet(admin, "192.0.2.0/24", external["id"], enable_dhcp=False)
    floating = made(admin, "floatingip", floating_network_id=external["id"])
    gone(admin, "network", external["id"])
    assert asked(admin, "GET", f"/v2.0/floatingips/{floating['id']}").status_code == 404


def test_a_new_mtu_reaches_whatever_has_it(cloud: RunningCloud, admin: Client) -> None:
    host = Host(cloud, "mtu-host")
    host.beats()
    network = made(admin, "network")
    subnet(admin, "10.0.0.0/24", network["id"])
    port = made(admin, "port", network_id=network["id"], **{"binding:host_id": "mtu-host"})

    def generations() -> list[int]:
        plans = [host.asks(kind, thing).entries for kind, thing in (("segment", network["id"]), ("port", port["id"]))]
        return [entry for (entry,) in plans]  # type: ignore[misc]

    before = generations()
    changed(admin, "network", network["id"], mtu=1300)
    assert all(one != other for one, other in zip(before, generations(), strict=True))
    gone(admin, "port", port["id"])
    gone(admin, "network", network["id"])


def test_the_client_shows_networks(cloud: RunningCloud) -> None:
    cli = OpenStackCli(cloud)
    fields: set[str] = set(cli.json("network create intnet2"))
    assert fields >= {
        "admin_state_up",
        "availability_zone_hints",
        "availability_zones",
        "created_at",
        "description",
        "dns_domain",
        "id",
        "ipv4_address_scope",
        "ipv6_address_scope",
        "is_default",
        "is_vlan_transparent",
        "mtu",
        "name",
        "port_security_enabled",
        "project_id",
        "provider:network_type",
        "provider:physical_network",
        "provider:segmentation_id",
        "qos_policy_id",
        "revision_number",
        "router:external",
        "segments",
        "shared",
        "status",
        "subnets",
        "tags",
        "updated_at",
    }
    listed: list[dict[str, Any]] = cli.json("network list --name intnet2")
    assert [set(row) for row in listed] == [{"ID", "Name", "Subnets"}]
    assert cli.run("network set --description changed intnet2").code == 0
    assert cli.json("network show intnet2")["description"] == "changed"
    assert cli.run("network delete intnet2").code == 0
