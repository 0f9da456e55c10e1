"""What other services and the program itself ask of images."""

import pytest
from tests.services.image.shelf import create, uploaded
from tests.support.cloud import Client, RunningCloud

from haneul.kernel.auth import Caller
from haneul.kernel.bus import CONTROL, BusError, BusSettings, open_bus
from haneul.kernel.errors import BadRequest, NotFound
from haneul.services.image.files.sources import Sources
from haneul.services.image.public import (
    ImageAsk,
    ImageBytes,
    ImageFacts,
    ImagePart,
    bootable,
    facts_of,
)


def test_an_image_is_bootable_for_whom_it_is_visible(cloud: RunningCloud, alice: Client, bob: Client) -> None:
    image = uploaded(alice, hw_disk_bus="virtio")
    owner = Caller(user_id="u", project_id=image["owner"])
    other = Caller(user_id="u", project_id=create(bob)["owner"])
    store = cloud.cloud.store
    found = store.read(lambda db: bootable(db, image["id"], owner))
    assert (found.id, found.properties) == (image["id"], {"hw_disk_bus": "virtio"})
    with pytest.raises(NotFound):
        store.read(lambda db: bootable(db, image["id"], other))
    queued = create(alice)["id"]
    with pytest.raises(BadRequest, match="is not active"):
        store.read(lambda db: bootable(db, queued, owner))


def test_a_host_reads_an_image_part_by_part(cloud: RunningCloud, admin: Client) -> None:
    image = uploaded(admin, b"0123456789")
    store, reader = cloud.cloud.store, ImageBytes(Sources(cloud.cloud.images.backends))
    facts = store.read(lambda db: facts_of(db, image["id"]))
    assert (facts.disk_format, facts.size, facts.virtual_size) == ("raw", 10, 10)
    assert (facts.hash_name, facts.hash) == ("sha512", image["os_hash_value"])
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
