"""What other services and the program itself ask of images."""

from pathlib import Path

import pytest
from tests.services.image.shelf import create, files, qcow2, show, uploaded
from tests.support.cloud import Client, RunningCloud

from haneul.kernel.auth import Caller
from haneul.kernel.bus import CONTROL, BusError, BusSettings, open_bus
from haneul.kernel.errors import BadRequest, NotFound, Unacceptable
from haneul.services.image.public import (
    ImageAsk,
    ImageBytes,
    ImageFacts,
    ImagePart,
    NewImage,
    bootable,
    facts_of,
    import_file,
)


def test_an_image_is_bootable_for_whom_it_is_visible(cloud: RunningCloud, alice: Client, bob: Client) -> None:
    image = uploaded(alice, hw_disk_bus="virtio")
    owner = Caller(user_id="u", project_id=image["owner"])
    other = Caller(user_id="u", project_id=create(bob)["owner"])
    store = cloud.cloud.store
    found = store.read(lambda db: bootable(db, image["id"], owner))
    assert (found.row.id, found.properties) == (image["id"], {"hw_disk_bus": "virtio"})
    with pytest.raises(NotFound):
        store.read(lambda db: bootable(db, image["id"], other))
    queued = create(alice)["id"]
    with pytest.raises(BadRequest, match="is not active"):
        store.read(lambda db: bootable(db, queued, owner))


def test_a_host_reads_an_image_part_by_part(cloud: RunningCloud, admin: Client) -> None:
    image = uploaded(admin, b"0123456789")
    store, reader = cloud.cloud.store, ImageBytes(cloud.cloud.images)
    facts = store.read(lambda db: facts_of(db, image["id"]))
    assert (facts.disk_format, facts.size, facts.virtual_size) == ("raw", 10, 10)
    assert facts.sha512 == image["os_hash_value"]
    parts = [reader.read_part(store, ImagePart(image["id"], offset, 4)) for offset in (0, 4, 8, 12)]
    assert parts == [b"0123", b"4567", b"89", b""]
    with pytest.raises(NotFound):
        store.read(lambda db: facts_of(db, "no-such-image"))


def test_an_agent_asks_over_the_bus(cloud: RunningCloud, admin: Client) -> None:
    image = uploaded(admin, b"0123456789")
    agent = open_bus(cloud.cloud.wanted.bus_url, "a-host", settings=BusSettings(cloud_id=cloud.cloud.cloud_id))
    agent.start()
    try:
        facts = agent.call(CONTROL, "image.facts", ImageAsk(image["id"]), returns=ImageFacts, deadline_s=10)
        part = agent.call(CONTROL, "image.part", ImagePart(image["id"], 2, 3), returns=bytes, deadline_s=10)
        with pytest.raises(BusError, match="No image found with ID nowhere"):
            agent.call(CONTROL, "image.facts", ImageAsk("nowhere"), returns=ImageFacts, deadline_s=10)
    finally:
        agent.close()
    assert (facts.id, facts.size, part) == (image["id"], 10, b"234")


def test_a_file_becomes_an_image_once(cloud: RunningCloud, admin: Client, tmp_path: Path) -> None:
    path = tmp_path / "guest.qcow2"
    path.write_bytes(qcow2())
    project_id = create(admin)["owner"]
    wanted = NewImage(name="guest", project_id=project_id, disk_format="qcow2", min_disk=1, properties={"os": "linux"})
    image_id = import_file(cloud.cloud.store, cloud.cloud.images, path, wanted)
    image = show(admin, image_id)
    assert (image["status"], image["visibility"], image["min_disk"], image["os"]) == ("active", "public", 1, "linux")
    assert admin.get("image", image["file"]).content == qcow2()
    assert import_file(cloud.cloud.store, cloud.cloud.images, path, wanted) == image_id


def test_a_file_that_is_no_such_image_is_refused_and_may_be_tried_again(
    cloud: RunningCloud, admin: Client, tmp_path: Path
) -> None:
    path = tmp_path / "guest.qcow2"
    path.write_bytes(b"no disk")
    before = files(cloud)
    wanted = NewImage(name="broken", project_id=create(admin)["owner"], disk_format="qcow2")
    with pytest.raises(Unacceptable):
        import_file(cloud.cloud.store, cloud.cloud.images, path, wanted)
    assert files(cloud) == before
    path.write_bytes(qcow2())
    assert show(admin, import_file(cloud.cloud.store, cloud.cloud.images, path, wanted))["status"] == "active"
