"""Networks that projects get made by themselves."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.clients.openstack_cli import OpenStackCli
from tests.services.network.routed import asked, made, outside, refused, shown
from tests.support.cloud import Client, RunningCloud
from tests.support.members import PASSWORD, member_of, project_of

from haneul.services.network.public import auto_allocated

URL = "/v2.0/auto-allocated-topology"


@pytest.fixture
def gardener(cloud: RunningCloud, admin: Client, request: pytest.FixtureRequest) -> Client:
    """Somebody in a project of his own for each test."""
    return member_of(cloud, admin, request.node.name)


@pytest.fixture(scope="module")
def outer(admin: Client) -> str:
    """The external network, which is not yet the default one."""
    return str(outside(admin, "203.0.113.0/24")["network_id"])


@pytest.fixture
def ground(admin: Client, outer: str) -> Iterator[str]:
    """What a cloud needs for it: a default external network and a default subnet pool. The pool's id."""
    asked(admin, "PUT", f"/v2.0/networks/{outer}", {"network": {"is_default": True}})
    pool = made(
        admin,
        "subnetpool",
        name="by itself",
        prefixes=["10.64.0.0/12"],
        default_prefixlen=24,
        shared=True,
        is_default=True,
    )
    yield str(pool["id"])
    asked(admin, "PUT", f"/v2.0/networks/{outer}", {"network": {"is_default": False}})
    asked(admin, "PUT", f"/v2.0/subnetpools/{pool['id']}", {"subnetpool": {"is_default": False}})


def topology(client: Client) -> dict[str, Any]:
    answer = asked(client, "GET", f"{URL}/{project_of(client)}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["auto_allocated_topology"]
    return found


def test_what_the_cloud_lacks_is_said(admin: Client, gardener: Client, outer: str) -> None:
    url = f"{URL}/{project_of(gardener)}"
    sentence = refused(asked(gardener, "GET", url), 409, "AutoAllocationFailure")
    assert sentence == "Deployment error: No default router:external network."
    asked(admin, "PUT", f"/v2.0/networks/{outer}", {"network": {"is_default": True}})
    try:
        sentence = refused(asked(gardener, "GET", url), 409, "AutoAllocationFailure")
        assert sentence == "Deployment error: Unable to provide project private network."
        sentence = refused(asked(gardener, "GET", url, params={"fields": "dry-run"}), 409, "AutoAllocationFailure")
        assert sentence == "Deployment error: No default subnetpools defined."
    finally:
        asked(admin, "PUT", f"/v2.0/networks/{outer}", {"network": {"is_default": False}})
    assert (
        asked(gardener, "GET", "/v2.0/networks", params={"project_id": project_of(gardener)}).json()["networks"] == []
    )


def test_a_project_gets_a_network_behind_a_router(
    cloud: RunningCloud, gardener: Client, outer: str, ground: str
) -> None:
    project_id = project_of(gardener)
    made_first = topology(gardener)
    assert made_first == {"id": made_first["id"], "project_id": project_id, "tenant_id": project_id}
    assert topology(gardener) == made_first
    assert cloud.cloud.store.write(lambda db: auto_allocated(db, project_id)).id == made_first["id"]
    network = shown(gardener, "network", made_first["id"])
    assert (network["name"], network["admin_state_up"]) == ("auto_allocated_network", True)
    own = shown(gardener, "subnet", network["subnets"][0])
    assert (own["subnetpool_id"], own["cidr"][-3:]) == (ground, "/24")
    (router,) = asked(gardener, "GET", "/v2.0/routers").json()["routers"]
    assert router["external_gateway_info"]["network_id"] == outer
    (leg,) = asked(gardener, "GET", "/v2.0/ports", params={"device_id": router["id"]}).json()["ports"]
    assert leg["fixed_ips"][0]["ip_address"] == own["gateway_ip"]

    assert asked(gardener, "DELETE", f"{URL}/{project_id}").status_code == 204
    assert asked(gardener, "DELETE", f"{URL}/{project_id}").status_code == 204
    assert asked(gardener, "GET", "/v2.0/routers").json() == {"routers": []}
    assert asked(gardener, "GET", f"/v2.0/networks/{network['id']}").status_code == 404
    assert topology(gardener)["id"] != made_first["id"]


def test_a_network_in_use_stays(gardener: Client, ground: str) -> None:
    network_id = topology(gardener)["id"]
    port = made(gardener, "port", network_id=network_id)
    refused(asked(gardener, "DELETE", f"{URL}/None"), 409, "NetworkInUse")
    assert topology(gardener)["id"] == network_id
    assert len(asked(gardener, "GET", "/v2.0/routers").json()["routers"]) == 1
    asked(gardener, "DELETE", f"/v2.0/ports/{port['id']}")
    assert asked(gardener, "DELETE", f"{URL}/None").status_code == 204


def test_what_was_deleted_by_hand_is_made_anew(gardener: Client, ground: str) -> None:
    network_id = topology(gardener)["id"]
    (router,) = asked(gardener, "GET", "/v2.0/routers").json()["routers"]
    (subnet_id,) = shown(gardener, "network", network_id)["subnets"]
    asked(gardener, "PUT", f"/v2.0/routers/{router['id']}/remove_router_interface", {"subnet_id": subnet_id})
    assert asked(gardener, "DELETE", f"/v2.0/routers/{router['id']}").status_code == 204
    assert asked(gardener, "DELETE", f"/v2.0/networks/{network_id}").status_code == 204
    assert topology(gardener)["id"] != network_id


def test_a_dry_run_makes_nothing(gardener: Client, ground: str) -> None:
    url = f"{URL}/{project_of(gardener)}"
    answer = asked(gardener, "GET", url, params={"fields": "dry-run"})
    assert answer.json()["auto_allocated_topology"]["id"] == "dry-run=pass"
    assert asked(gardener, "GET", "/v2.0/routers").json() == {"routers": []}
    refused(asked(gardener, "GET", url, params={"fields": "id"}), 400, "HTTPBadRequest")


def test_others_projects_are_others(cloud: RunningCloud, admin: Client, gardener: Client, ground: str) -> None:
    stranger = member_of(cloud, admin, "elsewhere")
    url = f"{URL}/{project_of(gardener)}"
    assert [asked(stranger, method, url).status_code for method in ("GET", "DELETE")] == [403, 403]
    assert asked(admin, "GET", url).json()["auto_allocated_topology"]["project_id"] == project_of(gardener)


def test_the_client_gets_one(cloud: RunningCloud, gardener: Client, ground: str) -> None:
    name = "test_the_client_gets_one"
    cli = OpenStackCli(cloud, user=name, password=PASSWORD, project=name)
    assert cli.run("network auto allocated topology create --check-resources").code == 0
    found = cli.json("network auto allocated topology create")
    assert found == {"id": topology(gardener)["id"], "project_id": project_of(gardener)}
    assert cli.run("network auto allocated topology delete").code == 0
    assert asked(gardener, "GET", "/v2.0/networks", params={"name": "auto_allocated_network"}).json()["networks"] == []
