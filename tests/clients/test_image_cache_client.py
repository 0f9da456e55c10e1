"""What the real client does with the caches of images, on the control host and on compute hosts."""

from collections.abc import Iterator

import pytest

from tests.clients.openstack_cli import OpenStackCli
from tests.services.image.shelf import create, uploaded
from tests.services.image.wire import until
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.hosts import eventually, simulated_host

COLUMNS = ["ID", "State", "Last Accessed (UTC)", "Last Modified (UTC)", "Size", "Hits"]


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    with running_cloud(image={"cache": {"enabled": True}}) as running:
        yield running


@pytest.fixture(scope="module")
def cli(cloud: RunningCloud) -> OpenStackCli:
    return OpenStackCli(cloud)


def test_images_are_queued_listed_deleted_and_cleared(cloud: RunningCloud, cli: OpenStackCli) -> None:
    admin = cloud.login()
    images = [uploaded(admin, b"bytes", name=name)["id"] for name in ("one", "two")]
    assert cli.run("cached image queue one two").code == 0
    until(lambda: {row["State"] for row in cli.json("cached image list")} == {"cached"})
    rows = cli.json("cached image list")
    assert [list(row) for row in rows] == [COLUMNS] * 2
    assert {(row["ID"], row["Size"], row["Hits"]) for row in rows} == {(image_id, 5, 0) for image_id in images}
    assert cli.run("cached image delete one").code == 0
    assert [row["ID"] for row in cli.json("cached image list")] == [images[1]]
    for target in ("--queue", "--cache", ""):
        assert cli.run(f"cached image clear {target}").code == 0
    assert cli.json("cached image list") == []


def test_the_client_is_told_why_an_image_is_not_queued(cloud: RunningCloud, cli: OpenStackCli) -> None:
    create(cloud.login(), name="empty")
    said = cli.run("cached image queue empty")
    assert (said.code, "Failed to queue 1 of 1 images" in said.err) == (1, True)


def test_an_aggregates_hosts_fetch_an_image(cloud: RunningCloud, cli: OpenStackCli) -> None:
    image_id = uploaded(cloud.login(), b"bytes", name="wanted")["id"]
    with simulated_host(cloud, "anna"):
        assert cli.run("aggregate create attic").code == 0
        assert cli.run("aggregate add host attic anna").code == 0
        assert cli.run("--os-compute-api-version 2.81 aggregate cache image attic wanted").code == 0
        eventually((cloud.cloud.wanted.state / "anna" / "agent" / "fake_images" / image_id).exists)
