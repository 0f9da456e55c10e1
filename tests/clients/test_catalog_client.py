"""What the real client shows of the catalog: regions, services, endpoints, their groups and policies."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.openstack_cli import OpenStackCli
from tests.support.cloud import RunningCloud, running_cloud


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    with running_cloud() as running:
        yield running


@pytest.fixture(scope="module")
def cli(cloud: RunningCloud) -> OpenStackCli:
    return OpenStackCli(cloud)


def ids(cli: OpenStackCli, command: str) -> list[str]:
    return [str(row.get("ID") or row["Region"]) for row in cli.json(command)]


def runs(cli: OpenStackCli, *commands: str) -> None:
    for command in commands:
        said = cli.run(command)
        assert said.code == 0, f"{command}: {said.err}"


def test_regions_stand_inside_each_other(cli: OpenStackCli) -> None:
    made = cli.json("region create --parent-region RegionOne --description Inner within")
    assert made == {"region": "within", "parent_region": "RegionOne", "description": "Inner"}
    assert ids(cli, "region list --parent-region RegionOne") == ["within"]
    runs(cli, "region create apart", "region set --parent-region apart --description Moved within")
    assert cli.json("region show within") == {"region": "within", "parent_region": "apart", "description": "Moved"}
    runs(cli, "region delete apart")
    assert ids(cli, "region list") == ["RegionOne"]


def endpoint_made(cli: OpenStackCli, kind: str) -> dict[str, Any]:
    runs(cli, f"service create --name {kind}-name --description Made {kind}")
    found: dict[str, Any] = cli.json(f"endpoint create --region RegionOne {kind} public http://host/%(tenant_id)s")
    return found


def test_a_service_and_its_endpoint_are_changed(cli: OpenStackCli) -> None:
    endpoint = endpoint_made(cli, "changing")
    runs(cli, "service set --name new --description Changed --disable changing-name", "service set --enable new")
    shown = cli.json("service show changing")
    assert (shown["name"], shown["description"], shown["enabled"]) == ("new", "Changed", True)
    runs(cli, "region create RegionTwo")
    url = "http://other/$(project_id)s"
    runs(cli, f"endpoint set --url '{url}' --interface admin --region RegionTwo --disable {endpoint['id']}")
    shown = cli.json(f"endpoint show {endpoint['id']}")
    assert (shown["url"], shown["interface"], shown["region"], shown["enabled"]) == (url, "admin", "RegionTwo", False)
    assert ids(cli, "endpoint list --service new --interface admin --region RegionTwo") == [endpoint["id"]]
    runs(cli, f"endpoint set --enable {endpoint['id']}")
    entry = cli.json("catalog show new")
    assert [one["interface"] for one in entry["endpoints"]] == ["admin"]
    assert {row["Name"] for row in cli.json("catalog list")} >= {"keystone", "new"}
    runs(cli, f"endpoint delete {endpoint['id']}", "service delete new", "region delete RegionTwo")


def test_projects_are_given_endpoints(cli: OpenStackCli, tmp_path: Path) -> None:
    endpoint, project = endpoint_made(cli, "given"), cli.json("project create given-one")
    runs(cli, f"endpoint add project {endpoint['id']} given-one")
    assert ids(cli, "endpoint list --project given-one") == [endpoint["id"]]
    assert ids(cli, f"endpoint list --endpoint {endpoint['id']}") == [project["id"]]
    runs(cli, f"endpoint remove project {endpoint['id']} given-one")
    assert ids(cli, "endpoint list --project given-one") == []
    filters = tmp_path / "filters.json"
    filters.write_text(json.dumps({"service_id": endpoint["service_id"], "interface": "public"}))
    group = cli.json(f"endpoint group create --description Some these {filters}")
    assert group.keys() == {"description", "filters", "id", "name"}
    runs(cli, "endpoint group add project these given-one")
    assert ids(cli, "endpoint group list --project given-one") == [group["id"]]
    assert ids(cli, "endpoint group list --endpointgroup these") == [project["id"]]
    assert ids(cli, "endpoint list --project given-one") == [endpoint["id"]]
    filters.write_text(json.dumps({"interface": "admin"}))
    runs(cli, "endpoint group set --name those --description Other these")
    runs(cli, f"endpoint group set --filters {filters} those")
    assert cli.json("endpoint group show those")["filters"] == {"interface": "admin"}
    assert ids(cli, "endpoint group list") == [group["id"]]
    runs(cli, "endpoint group remove project those given-one", "endpoint group delete those")
    assert ids(cli, "endpoint group list") == []


def test_a_policy_is_kept(cli: OpenStackCli, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text("{}")
    made = cli.json(f"policy create --type text/plain {rules}")
    assert (made["rules"], made["type"]) == ("{}", "text/plain")
    rules.write_text('{"a": "role:b"}')
    runs(cli, f"policy set --rules {rules} --type text/other {made['id']}")
    assert cli.json(f"policy show {made['id']}") == {"id": made["id"], "rules": '{"a": "role:b"}', "type": "text/other"}
    assert ids(cli, "policy list --long") == [made["id"]]
    runs(cli, f"policy delete {made['id']}")
    assert ids(cli, "policy list") == []
