"""The unmodified client's commands of volumes, snapshots and transfers, on a simulated host."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.openstack_cli import OpenStackCli
from tests.support.cloud import RunningCloud
from tests.support.hosts import eventually, simulated_host

NEWEST = "--os-volume-api-version 3.71"


@pytest.fixture(scope="module", autouse=True)
def host(cloud: RunningCloud) -> Iterator[None]:
    with simulated_host(cloud):
        yield


@pytest.fixture(scope="module", params=["", NEWEST], ids=["default", "newest"])
def cli(cloud: RunningCloud, request: pytest.FixtureRequest) -> "Typed":
    return Typed(OpenStackCli(cloud), request.param)


class Typed:
    """A shell that speaks one version of the API."""

    def __init__(self, cli: OpenStackCli, options: str) -> None:
        self.cli, self.options = cli, options

    def json(self, line: str) -> Any:
        return self.cli.json(f"{self.options} {line}")

    def does(self, *lines: str) -> None:
        for line in lines:
            said = self.cli.run(f"{self.options} {line}")
            assert said.code == 0, f"{line}: {said.err}"

    def names(self, line: str) -> list[str]:
        return [row["Name"] for row in self.json(line)]

    def becomes(self, noun: str, thing: str, status: str) -> dict[str, Any]:
        def there() -> Any:
            found = self.json(f"{noun} show {thing}")
            return found if found["status"] == status else None

        found = eventually(there)
        assert isinstance(found, dict)
        return found

    def goes(self, noun: str, thing: str) -> None:
        eventually(lambda: thing not in self.names(f"{noun} list"))


def test_volumes(cli: Typed) -> None:
    made = cli.json("volume create --size 1 --description tree --property a=b --bootable oak")
    assert (made["size"], made["status"]) == (1, "creating")
    found = cli.becomes("volume", "oak", "available")
    assert (found["description"], found["properties"]) == ("tree", {"a": "b"})
    cli.does("volume set --name elm --property c=d --bootable --read-only --image-property os=x oak")
    cli.does("volume set --size 2 elm")
    found = cli.becomes("volume", "elm", "available")
    assert (found["size"], found["bootable"]) == (2, True)
    assert found["properties"] == {"a": "b", "c": "d", "readonly": "True"}
    assert found["volume_image_metadata"] == {"os": "x"}
    cli.does("volume unset --property c --image-property os elm", "volume set --read-write --non-bootable elm")
    assert cli.json("volume show elm")["properties"] == {"a": "b", "readonly": "False"}
    cli.json("volume create --source elm fir")
    assert cli.becomes("volume", "fir", "available")["size"] == 2
    assert sorted(cli.names("volume list --long")) == ["elm", "fir"]
    assert cli.names("volume list --name elm --status available --limit 1") == ["elm"]
    cli.does("volume set --state error fir")
    assert cli.names("volume list --all-projects --status error") == ["fir"]
    cli.does("volume delete --force fir", "volume delete elm")
    cli.goes("volume", "fir")
    cli.goes("volume", "elm")


def test_snapshots(cli: Typed) -> None:
    cli.json("volume create --size 1 oak")
    cli.becomes("volume", "oak", "available")
    made = cli.json("volume snapshot create --volume oak --description then --property a=b --force first")
    assert made["status"] == "creating"
    found = cli.becomes("volume snapshot", "first", "available")
    assert (found["description"], found["size"], found["properties"]) == ("then", 1, {"a": "b"})
    cli.does("volume snapshot set --name once --description x --property c=d first")
    cli.does("volume snapshot unset --property a once", "volume snapshot set --state error once")
    assert cli.json("volume snapshot show once")["properties"] == {"c": "d"}
    assert cli.names("volume snapshot list --long --all-projects --status error --volume oak") == ["once"]
    cli.does("volume snapshot set --state available once")
    cli.json("volume create --snapshot once copy")
    cli.becomes("volume", "copy", "available")
    cli.does("volume snapshot delete once")
    cli.goes("volume snapshot", "once")
    cli.json("volume snapshot create --volume oak second")
    cli.becomes("volume snapshot", "second", "available")
    cli.does("volume delete --purge oak", "volume delete copy")
    cli.goes("volume", "oak")
    cli.goes("volume", "copy")
    assert cli.names("volume snapshot list") == []


def test_transfers(cli: Typed) -> None:
    cli.json("volume create --size 1 oak")
    cli.becomes("volume", "oak", "available")
    made = cli.json("volume transfer request create --name gift oak")
    assert cli.names("volume transfer request list") == ["gift"]
    assert cli.json("volume transfer request show gift")["id"] == made["id"]
    # The client takes names where it shows, and ids alone where it deletes.
    cli.does(f"volume transfer request delete {made['id']}")
    made = cli.json("volume transfer request create --name gift oak")
    cli.json(f"volume transfer request accept --auth-key {made['auth_key']} {made['id']}")
    cli.becomes("volume", "oak", "available")
    assert cli.names("volume transfer request list --all-projects") == []
    cli.does("volume delete oak")
    cli.goes("volume", "oak")


def test_what_came_later(cloud: RunningCloud) -> None:
    cli = Typed(OpenStackCli(cloud), NEWEST)
    cli.json("volume create --size 2 --property a=b oak")
    cli.becomes("volume", "oak", "available")
    found = cli.json("volume summary")
    assert (found["Total Count"], found["Total Size"], found["Metadata"]) == (1, 2, {"a": ["b"]})
    snapshot = cli.json("volume snapshot create --volume oak first")["id"]
    cli.becomes("volume snapshot", "first", "available")
    cli.does(f"volume revert {snapshot}")
    cli.becomes("volume", "oak", "available")
    made = cli.json("volume transfer request create --no-snapshots --name gift oak")
    cli.does(f"volume transfer request delete {made['id']}", "volume delete --purge oak")
    cli.goes("volume", "oak")
