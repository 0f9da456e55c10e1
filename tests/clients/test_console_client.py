"""The real client asks for a console, at the oldest microversion that it speaks by default and at newer ones."""

from collections.abc import Iterator

import pytest

from tests.clients.openstack_cli import OpenStackCli
from tests.laws import scenarios
from tests.support.cloud import running_cloud
from tests.support.hosts import simulated_host
from tests.support.viewers import looking_at, token_of

FIELDS = {"protocol", "type", "url"}


@pytest.fixture(scope="module")
def cli() -> Iterator[OpenStackCli]:
    """An admin whose server `screen` runs."""
    with running_cloud() as cloud, simulated_host(cloud):
        nova = cloud.login().with_headers(OpenStack_API_Version="compute 2.100")
        scenarios.small_flavor(nova)
        server = scenarios.active(nova)
        nova.put("compute", f"/v2.1/servers/{server}", json={"server": {"name": "screen"}})
        yield OpenStackCli(cloud)


@pytest.mark.parametrize("version", ["2.1", "2.6", "2.100"])
def test_a_console_is_shown(cli: OpenStackCli, version: str) -> None:
    shown = cli.json(f"--os-compute-api-version {version} console url show --novnc screen")
    assert set(shown) - FIELDS <= {"name"}
    assert shown["type"] == "novnc"
    with looking_at(shown["url"]) as viewer:
        assert viewer.greet().width == 720


def test_consoles_that_are_not_there_are_refused(cli: OpenStackCli) -> None:
    for kind, sentence in (("--spice", "spice-html5"), ("--serial", "serial"), ("--xvpvnc", "xvpvnc")):
        for version in ("2.1", "2.100"):
            said = cli.run(f"--os-compute-api-version {version} console url show {kind} screen")
            assert said.code == 1
            assert f"console type {sentence}" in said.err


def test_an_admin_sees_where_a_token_leads(cli: OpenStackCli) -> None:
    url = cli.json("--os-compute-api-version 2.100 console url show --novnc screen")["url"]
    shown = cli.json(f"--os-compute-api-version 2.100 console connection show {token_of(url)}")
    assert shown["host"] == "host-1"
    assert len(shown["instance_uuid"]) == 36
