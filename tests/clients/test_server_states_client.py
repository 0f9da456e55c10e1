"""What the real client does with a server that is there: stop its time, make it anew, describe it, lock it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from haneul.services.compute.seeds import seed_flavors
from tests.clients.openstack_cli import OpenStackCli
from tests.services.image.shelf import qcow2
from tests.support.cloud import running_cloud
from tests.support.hosts import eventually, simulated_host


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenStackCli]:
    """A shell in a cloud with two images and one server."""
    image = Path(tmp_path_factory.mktemp("images") / "disk.qcow2")
    image.write_bytes(qcow2())
    with running_cloud() as cloud:
        cloud.cloud.store.write(seed_flavors)
        with simulated_host(cloud, "compute"):
            cli = OpenStackCli(cloud)
            for name in ("cirros", "debian"):
                cli.json(f"image create --disk-format qcow2 --container-format bare --public --file {image} {name}")
            cli.json("--os-compute-api-version 2.37 server create --image cirros --flavor m1.tiny --nic none pet")
            reaches(cli, "ACTIVE")
            yield cli


def reaches(cli: OpenStackCli, status: str) -> dict[str, Any]:
    def there() -> dict[str, Any] | None:
        found: dict[str, Any] = cli.json("--os-compute-api-version 2.73 server show pet")
        return found if found["status"] == status and not found["OS-EXT-STS:task_state"] else None

    return eventually(there)  # type: ignore[return-value]


def do(cli: OpenStackCli, command: str) -> str:
    said = cli.run(command)
    assert said.code == 0, f"openstack {command}: {said.err}"
    return said.out


@pytest.mark.parametrize(
    ("there", "status", "back"), [("pause", "PAUSED", "unpause"), ("suspend", "SUSPENDED", "resume")]
)
def test_a_server_stands_still_and_goes_on(cli: OpenStackCli, there: str, status: str, back: str) -> None:
    assert do(cli, f"server {there} pet") == ""
    reaches(cli, status)
    (row,) = cli.json(f"server list --status {status}")
    assert (row["Name"], row["Status"]) == ("pet", status)
    refused = cli.run(f"server {there} pet")
    assert refused.code == 1
    assert f"Cannot '{there}' instance" in refused.err
    assert do(cli, f"server {back} pet") == ""
    reaches(cli, "ACTIVE")


def test_a_server_is_rebuilt(cli: OpenStackCli) -> None:
    made = cli.json("server rebuild --image debian --password secret pet")
    assert made.keys() >= {"adminPass", "id", "image", "name", "status"}
    assert made["adminPass"] == "secret"
    assert reaches(cli, "ACTIVE")["image"].startswith("debian")
    # With --wait it shows progress before the table, and with no image it takes the server's own.
    newest = "--os-compute-api-version 2.90"
    said = do(cli, f"{newest} server rebuild --wait --description anew --property shade=blue --hostname pet-2 pet")
    assert "| adminPass " in said
    shown = cli.json(f"{newest} server show pet")
    assert (shown["description"], shown["properties"]) == ("anew", {"shade": "blue"})
    assert shown["OS-EXT-SRV-ATTR:hostname"] == "pet-2"


def test_a_server_is_locked_and_unlocked(cli: OpenStackCli) -> None:
    newer = "--os-compute-api-version 2.73"
    assert do(cli, f"{newer} server lock --reason evidence pet") == ""
    shown = cli.json(f"{newer} server show pet")
    assert (shown["locked"], shown["locked_reason"]) == (True, "evidence")
    (row,) = cli.json(f"{newer} server list --locked")
    assert row["Name"] == "pet"
    assert do(cli, f"{newer} server unlock pet") == ""
    assert cli.json(f"{newer} server show pet")["locked"] is False
    assert cli.json(f"{newer} server list --locked") == []


def test_a_server_is_described_and_tagged(cli: OpenStackCli) -> None:
    newer = "--os-compute-api-version 2.26"
    assert do(cli, f"{newer} server set --property colour=red --property size=2 --tag web --tag prod pet") == ""
    shown = cli.json(f"{newer} server show pet")
    assert {"colour": "red", "size": "2"}.items() <= shown["properties"].items()
    assert sorted(shown["tags"]) == ["prod", "web"]
    for wanted, found in (("--tags web", 1), ("--tags web --tags none", 0), ("--not-tags web", 0)):
        assert len(cli.json(f"{newer} server list {wanted}")) == found
    assert do(cli, f"{newer} server unset --property size --tag web pet") == ""
    shown = cli.json(f"{newer} server show pet")
    assert ("size" in shown["properties"], shown["tags"]) == (False, ["prod"])


def test_an_admin_sets_a_state(cli: OpenStackCli) -> None:
    for state, status in (("error", "ERROR"), ("active", "ACTIVE")):
        do(cli, f"server set --auto-approve --state {state} pet")
        assert cli.json("server show pet")["status"] == status


def test_what_was_done_is_listed(cli: OpenStackCli) -> None:
    for action in ("pause", "unpause"):
        do(cli, f"server {action} pet")
        reaches(cli, "PAUSED" if action == "pause" else "ACTIVE")
    for command in ("lock pet", "unlock pet", "set --auto-approve --state active pet"):
        do(cli, f"server {command}")
    done = [row["Action"] for row in cli.json("server event list pet")]
    assert done[:5] == ["resetState", "unlock", "lock", "unpause", "pause"]
    assert done[-1] == "create"
