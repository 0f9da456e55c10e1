"""What the real client shows of registered limits and of those of projects."""

from collections.abc import Iterator

import pytest

from tests.clients.openstack_cli import OpenStackCli
from tests.support.cloud import RunningCloud, running_cloud

REGISTERED = {"default_limit", "description", "id", "region_id", "resource_name", "service_id"}
LIMIT = {"description", "id", "project_id", "region_id", "resource_limit", "resource_name", "service_id"}


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    with running_cloud() as running:
        yield running


@pytest.fixture(scope="module")
def cli(cloud: RunningCloud) -> OpenStackCli:
    return OpenStackCli(cloud)


def test_limits_are_registered_set_for_a_project_shown_and_deleted(cloud: RunningCloud, cli: OpenStackCli) -> None:
    region = cloud.cloud.wanted.region
    made = cli.json(f"registered limit create --service nova --region {region} --default-limit 5 servers")
    assert made.keys() == REGISTERED
    assert (made["default_limit"], made["region_id"], made["resource_name"]) == (5, region, "servers")
    path = f"registered limit set --description few --default-limit 6 {made['id']}"
    assert cli.json(path) == {**made, "description": "few", "default_limit": 6}
    for filters in ("", "--service nova", "--resource-name servers", f"--region {region}"):
        (listed,) = cli.json(f"registered limit list {filters}")
        assert (listed["ID"], listed["Default Limit"]) == (made["id"], 6), filters
    own = cli.json(f"limit create --service nova --region {region} --project admin --resource-limit 9 servers")
    assert own.keys() == LIMIT
    assert cli.json(f"limit set --resource-limit 8 {own['id']}") == {**own, "resource_limit": 8}
    assert cli.json(f"limit show {own['id']}")["resource_limit"] == 8
    for filters in ("", "--service nova", "--project admin", "--resource-name servers"):
        (listed,) = cli.json(f"limit list {filters}")
        assert (listed["ID"], listed["Project ID"], listed["Resource Limit"]) == (own["id"], own["project_id"], 8)
    told = cli.json("limits show --absolute")
    assert next(one["Value"] for one in told if one["Name"] == "max_total_instances") == 8
    refused = cli.run(f"registered limit delete {made['id']}")
    assert refused.code == 1
    assert cli.run(f"limit delete {own['id']}").code == 0
    assert cli.run(f"registered limit delete {made['id']}").code == 0
    assert (cli.json("limit list"), cli.json("registered limit list")) == ([], [])
    assert cli.json("registered limit create --service glance --default-limit -1 images")["default_limit"] == -1
    (left,) = cli.json("registered limit list")
    assert cli.json(f"registered limit show {left['ID']}")["resource_name"] == "images"
