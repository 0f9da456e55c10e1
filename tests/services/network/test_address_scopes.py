"""`/v2.0/address-scopes`: which pools they hold, and which networks are in them."""

from typing import Any

import pytest
from tests.clients.openstack_cli import OpenStackCli
from tests.services.network.routed import asked, changed, made, refused, shown
from tests.support.cloud import Client, RunningCloud
from tests.support.members import member_of, project_of

URL = "/v2.0/address-scopes"


@pytest.fixture(scope="module")
def member(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "garden")


@pytest.fixture(scope="module")
def stranger(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "elsewhere")


def scope_of(client: Client, **wanted: Any) -> dict[str, Any]:
    answer = asked(client, "POST", URL, {"address_scope": {"name": "scope", "ip_version": 4, **wanted}})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["address_scope"]
    return found


def pool_of(client: Client, prefix: str, scope_id: str | None = None) -> dict[str, Any]:
    return made(client, "subnetpool", name="pool", prefixes=[prefix], default_prefixlen=26, address_scope_id=scope_id)


def wanted_pool(prefix: str, scope_id: str) -> dict[str, Any]:
    return {"subnetpool": {"name": "pool", "prefixes": [prefix], "address_scope_id": scope_id}}


def test_a_scope_is_made_shown_changed_and_deleted(member: Client) -> None:
    scope = scope_of(member)
    project = project_of(member)
    assert scope == {
        "id": scope["id"],
        "name": "scope",
        "project_id": project,
        "tenant_id": project,
        "ip_version": 4,
        "shared": False,
    }
    url = f"{URL}/{scope['id']}"
    assert asked(member, "GET", url).json()["address_scope"] == scope
    renamed = asked(member, "PUT", url, {"address_scope": {"name": "after"}}).json()["address_scope"]
    assert renamed == {**scope, "name": "after"}
    assert asked(member, "GET", f"{URL}?name=after&ip_version=4").json()["address_scopes"] == [renamed]
    assert asked(member, "GET", f"{URL}?ip_version=6").json()["address_scopes"] == []
    assert asked(member, "DELETE", url).status_code == 204
    refused(asked(member, "GET", url), 404, "AddressScopeNotFound")
    refused(asked(member, "POST", URL, {"address_scope": {"ip_version": 5}}), 400, "HTTPBadRequest")


def test_who_sees_and_shares_a_scope(member: Client, stranger: Client, admin: Client) -> None:
    own = scope_of(member)
    for method in ("GET", "PUT", "DELETE"):
        body = {"address_scope": {"name": "mine"}} if method == "PUT" else None
        refused(asked(stranger, method, f"{URL}/{own['id']}", body), 404, "AddressScopeNotFound")
    shared = {"address_scope": {"ip_version": 4, "shared": True}}
    assert asked(member, "POST", URL, shared).status_code == 403
    assert asked(member, "PUT", f"{URL}/{own['id']}", {"address_scope": {"shared": True}}).status_code == 403
    common = scope_of(admin)
    url = f"{URL}/{common['id']}"
    assert asked(admin, "PUT", url, {"address_scope": {"shared": True}}).json()["address_scope"]["shared"] is True
    assert asked(stranger, "GET", url).json()["address_scope"]["shared"] is True
    assert [one["id"] for one in asked(stranger, "GET", f"{URL}?shared=true").json()["address_scopes"]] == [
        common["id"]
    ]
    assert asked(stranger, "DELETE", url).status_code == 403
    refused(asked(admin, "PUT", url, {"address_scope": {"shared": False}}), 400, "AddressScopeUpdateError")


def test_pools_of_a_scope_do_not_overlap(member: Client) -> None:
    scope, six = scope_of(member), scope_of(member, ip_version=6)
    pool = pool_of(member, "10.0.0.0/16", scope["id"])
    for body, status, kind in (
        (wanted_pool("10.0.0.0/24", scope["id"]), 409, "AddressScopePrefixConflict"),
        (wanted_pool("10.1.0.0/16", six["id"]), 400, "IllegalSubnetPoolIpVersionAssociationToAddressScope"),
        (wanted_pool("10.1.0.0/16", "none"), 400, "HTTPBadRequest"),
    ):
        refused(asked(member, "POST", "/v2.0/subnetpools", body), status, kind)
    other = pool_of(member, "10.1.0.0/16", scope["id"])
    grown = {"subnetpool": {"prefixes": ["10.0.0.0/15"]}}
    refused(asked(member, "PUT", f"/v2.0/subnetpools/{other['id']}", grown), 409, "AddressScopePrefixConflict")
    refused(asked(member, "DELETE", f"{URL}/{scope['id']}"), 409, "AddressScopeInUse")
    for one in (pool, other):
        assert changed(member, "subnetpool", one["id"], address_scope_id=None)["address_scope_id"] is None
    assert asked(member, "DELETE", f"{URL}/{scope['id']}").status_code == 204


def test_others_scopes(member: Client, stranger: Client, admin: Client) -> None:
    own, common = scope_of(member), scope_of(admin, shared=True)
    body = wanted_pool("10.0.0.0/16", own["id"])
    refused(asked(stranger, "POST", "/v2.0/subnetpools", body), 404, "AddressScopeNotFound")
    pool = pool_of(stranger, "10.0.0.0/16", common["id"])
    url = f"/v2.0/subnetpools/{pool['id']}"
    refused(asked(stranger, "PUT", url, {"subnetpool": {"name": "after"}}), 400, "IllegalSubnetPoolUpdate")
    assert changed(admin, "subnetpool", pool["id"], name="after")["name"] == "after"


def test_a_networks_subnets_are_all_in_one_scope(member: Client) -> None:
    scope = scope_of(member)
    one, two = pool_of(member, "10.0.0.0/16", scope["id"]), pool_of(member, "10.1.0.0/16", scope["id"])
    outside = pool_of(member, "10.2.0.0/16")
    network = made(member, "network")["id"]
    for pool in (one, two):
        made(member, "subnet", network_id=network, ip_version=4, subnetpool_id=pool["id"])
    assert shown(member, "network", network)["ipv4_address_scope"] == scope["id"]
    wanted = {"subnet": {"network_id": network, "ip_version": 4, "subnetpool_id": outside["id"]}}
    refused(asked(member, "POST", "/v2.0/subnets", wanted), 400, "NetworkAddressScopeAffinityError")
    moved = {"subnetpool": {"address_scope_id": scope_of(member)["id"]}}
    refused(asked(member, "PUT", f"/v2.0/subnetpools/{one['id']}", moved), 400, "NetworkAddressScopeAffinityError")


def test_the_client_shows_scopes(cloud: RunningCloud) -> None:
    cli = OpenStackCli(cloud)
    found = cli.json("address scope create --ip-version 6 demo")
    assert found.keys() >= {"id", "ip_version", "name", "project_id", "shared"}
    project = found["project_id"]
    assert cli.json("address scope list --name demo") == [
        {"ID": found["id"], "Name": "demo", "IP Version": 6, "Shared": False, "Project": project}
    ]
    assert cli.run("address scope set --name after --share demo").code == 0
    assert cli.json("address scope show after")["shared"] is True
    assert cli.run("address scope delete after").code == 0
