"""Limits of projects, and what they have of them."""

import pytest
from tests.clients.openstack_cli import OpenStackCli
from tests.services.network.routed import asked, made, refused
from tests.support.cloud import Client, RunningCloud, running_cloud
from tests.support.members import member_of, project_of

from haneul.services.network.quotas.logic import stand_on

DEFAULTS = {
    "network": 100,
    "subnet": 100,
    "subnetpool": -1,
    "port": 500,
    "router": 10,
    "floatingip": 50,
    "security_group": 10,
    "security_group_rule": 100,
    "rbac_policy": 10,
}


@pytest.fixture
def gardener(cloud: RunningCloud, admin: Client, request: pytest.FixtureRequest) -> Client:
    """Somebody in a project of his own for each test."""
    return member_of(cloud, admin, request.node.name)


@pytest.fixture
def url(gardener: Client) -> str:
    return f"/v2.0/quotas/{project_of(gardener)}"


def test_a_project_begins_with_the_defaults(admin: Client, gardener: Client, url: str) -> None:
    for client in (admin, gardener):
        assert asked(client, "GET", url).json() == {"quota": DEFAULTS}
        assert asked(client, "GET", f"{url}/default").json() == {"quota": DEFAULTS}


def test_an_admin_changes_limits(admin: Client, gardener: Client, url: str) -> None:
    answer = asked(admin, "PUT", url, {"quota": {"network": 1, "port": "-1"}})
    assert (answer.status_code, answer.json()) == (200, {"quota": {**DEFAULTS, "network": 1, "port": -1}})
    project_id = project_of(gardener)
    own = {**answer.json()["quota"], "project_id": project_id, "tenant_id": project_id}
    assert own in asked(admin, "GET", "/v2.0/quotas").json()["quotas"]
    made(gardener, "network")
    refused(asked(gardener, "POST", "/v2.0/networks", {"network": {}}), 409, "OverQuota")
    assert asked(gardener, "GET", f"{url}/default").json() == {"quota": DEFAULTS}
    assert asked(admin, "DELETE", url).status_code == 204
    assert asked(gardener, "GET", url).json() == {"quota": DEFAULTS}
    refused(asked(admin, "DELETE", url), 404, "TenantQuotaNotFound")
    assert own not in asked(admin, "GET", "/v2.0/quotas").json()["quotas"]


def test_no_limit_goes_below_what_is_used(admin: Client, gardener: Client, url: str) -> None:
    for _ in range(2):
        made(gardener, "network")
    sentence = refused(asked(admin, "PUT", url, {"quota": {"network": 1, "router": 3}}), 400, "HTTPBadRequest")
    assert "for network must be greater than or equal to already used 2" in sentence
    assert asked(admin, "GET", url).json() == {"quota": DEFAULTS}
    assert asked(admin, "PUT", url, {"quota": {"network": 2, "check_limit": True}}).status_code == 200
    assert asked(admin, "PUT", url, {"quota": {"network": -1}}).status_code == 200
    assert asked(admin, "PUT", url, {"quota": {"network": 1, "force": True}}).json()["quota"]["network"] == 1


def test_details_tell_what_is_used(admin: Client, gardener: Client, url: str) -> None:
    network = made(gardener, "network")
    made(gardener, "subnet", network_id=network["id"], ip_version=4, cidr="10.0.0.0/24")
    made(gardener, "port", network_id=network["id"])
    made(gardener, "router")
    asked(admin, "PUT", url, {"quota": {"router": 2}})
    for end in ("details", "details.json"):
        details = asked(gardener, "GET", f"{url}/{end}").json()["quota"]
        assert details.keys() == DEFAULTS.keys()
        assert details["router"] == {"limit": 2, "used": 1, "reserved": 0}
        assert {name: figures["used"] for name, figures in details.items()} == {
            "network": 1,
            "subnet": 1,
            "subnetpool": 0,
            "port": 1,
            "router": 1,
            "floatingip": 0,
            "security_group": 1,
            "security_group_rule": 4,
            "rbac_policy": 0,
        }


def test_what_makes_no_sense_is_refused(admin: Client, url: str) -> None:
    for wrong in ({"network": -2}, {"network": 2**31}, {"network": "many"}, {"tree": 1}):
        assert asked(admin, "PUT", url, {"quota": wrong}).status_code == 400
    assert asked(admin, "PUT", url, {"network": 1}).status_code == 400


def test_projects_see_only_their_own(cloud: RunningCloud, admin: Client, gardener: Client, url: str) -> None:
    stranger = member_of(cloud, admin, "elsewhere")
    for path in (url, f"{url}/default", f"{url}/details", "/v2.0/quotas"):
        assert asked(stranger, "GET", path).status_code == 403
    for method in ("PUT", "DELETE"):
        assert asked(gardener, method, url, {"quota": {}} if method == "PUT" else None).status_code == 403


def test_the_client_sets_and_shows(cloud: RunningCloud, admin: Client, gardener: Client) -> None:
    cli, name = OpenStackCli(cloud), "test_the_client_sets_and_shows"
    assert cli.run(f"quota set --networks 7 --secgroups 3 {name}").code == 0
    limits = {row["Resource"]: row["Limit"] for row in cli.json(f"quota show --network {name}")}
    assert (limits["networks"], limits["security_groups"], limits["ports"]) == (7, 3, 500)
    shown = {row["Resource"]: row["In Use"] for row in cli.json(f"quota show --network --usage {name}")}
    assert shown["networks"] == 0
    assert {"cores", "networks"} <= {row["Resource"] for row in cli.json(f"quota show {name}")}
    (row,) = [row for row in cli.json("quota list --network") if row["Project ID"] == project_of(gardener)]
    assert row["Networks"] == 7
    assert cli.run(f"quota delete --network {name}").code == 0
    assert asked(admin, "GET", f"/v2.0/quotas/{project_of(gardener)}").json() == {"quota": DEFAULTS}


def test_the_configuration_says_what_projects_begin_with() -> None:
    try:
        with running_cloud(network={"quotas": {"router": 1}}) as other:
            admin = other.login()
            made(admin, "router")
            refused(asked(admin, "POST", "/v2.0/routers", {"router": {}}), 409, "OverQuota")
            assert asked(admin, "GET", f"/v2.0/quotas/{project_of(admin)}/default").json()["quota"]["router"] == 1
        with pytest.raises(ValueError, match="no quotas of roofs"):
            stand_on({"roofs": 1})
    finally:
        stand_on({})
