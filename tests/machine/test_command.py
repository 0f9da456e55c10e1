"""The command on the real machine: guests outlive it, and a wiped cloud leaves nothing."""

from pathlib import Path

import pytest
from tests.cli.commands import CommandedCloud, cloud_to_command, haneul, processes_of

from haneul.host.namespaces import list_namespaces

pytestmark = pytest.mark.machine


def test_demo_boots_a_server_that_outlives_control_and_agent_and_is_wiped_with_the_cloud() -> None:
    with cloud_to_command() as cloud:
        said = cloud.up("--no-simulate", "--json")
        assert said.code == 0, said
        network, image = said.json["seeded"]
        assert network.startswith("the external network public (172.24.")
        assert image == "the image haneul-guest"
        shown = cloud.run("demo", "--json")
        assert shown.code == 0, shown
        assert any(step.startswith("ssh cirros@172.24.") for step in shown.json["seconds"])
        assert "login as 'cirros' user. default password: 'gocubsgo'." in shown.json["console"]
        assert guests(cloud) == [shown.json["server"]]

        assert cloud.run("down", "--json").json["guests_left"] == [shown.json["server"]]
        assert any("qemu-system" in line for line in processes_of(cloud.state))
        assert haneul("up", "--state", str(cloud.state)).code == 0
        assert guests(cloud) == [shown.json["server"]]
        audit = cloud.run("doctor", "--audit")
        assert audit.code == 0, audit

        cloud_id = (cloud.state / "cloud-id").read_text()
        assert f"haneul-{cloud_id}" in list_namespaces()
        assert cloud.run("down", "--wipe", "--yes", "--json").json["guests_stopped"] == [shown.json["server"]]
        assert not any(cloud_id in name for name in list_namespaces())
        assert processes_of(cloud.state) == []
        assert not Path(cloud.state).exists()


def guests(cloud: CommandedCloud) -> list[str]:
    found: list[str] = cloud.run("status", "--json").json["guests"]
    return found
