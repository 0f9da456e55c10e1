"""Readers that wait for the host that will go on."""

import time
from collections.abc import Iterator
from io import BytesIO

import pytest
from tests.services.image.elsewhere import SETTINGS, Shelf, image_elsewhere, shelf
from tests.services.image.wire import until
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.kernel.errors import Unavailable
from haneul.services.image.files.open_readers import MOST, OpenReaders
from haneul.services.image.files.sources import Sources
from haneul.services.image.public import ImageBytes, ImagePart

CONTENT = bytes(range(250)) * 4


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    with running_cloud(image=SETTINGS) as running:
        yield running


@pytest.fixture
def where() -> Iterator[Shelf]:
    with shelf() as made:
        yield made


def test_a_host_that_goes_on_does_not_connect_again(cloud: RunningCloud, alice: Client, where: Shelf) -> None:
    image_id = image_elsewhere(cloud, alice, where, CONTENT)
    reader, store = ImageBytes(Sources(cloud.cloud.images.backends)), cloud.cloud.store
    parts = [reader.read_part(store, ImagePart(image_id, offset, 100)) for offset in range(0, 1001, 100)]
    assert (b"".join(parts), where.requests(image_id)) == (CONTENT, 1)
    assert len(reader.readers) == 0
    # Two hosts at once have a reader each, wherever they are.
    pairs = [(reader.read_part(store, ImagePart(image_id, at, 100)), at) for at in (0, 0, 100, 100, 200)]
    assert all(part == CONTENT[at : at + 100] for part, at in pairs)
    assert where.requests(image_id) == 1 + 2


def test_a_server_that_is_gone_is_told_of(cloud: RunningCloud, alice: Client, where: Shelf) -> None:
    image_id = image_elsewhere(cloud, alice, where, CONTENT)
    reader, store = ImageBytes(Sources(cloud.cloud.images.backends)), cloud.cloud.store
    where.web.close()
    with pytest.raises(Unavailable, match="missing from its store"):
        reader.read_part(store, ImagePart(image_id, 0, 100))


def test_readers_that_nobody_comes_back_to_are_closed() -> None:
    readers, left = OpenReaders(idle_s=0.05), BytesIO()
    readers.start()
    readers.give("image", 4, left)
    began = time.monotonic()
    until(lambda: left.closed)
    assert time.monotonic() - began >= 0.05
    assert readers.take("image", 4) is None
    readers.stop()


def test_there_are_never_many() -> None:
    readers, given = OpenReaders(), [BytesIO() for _ in range(MOST + 1)]
    for number, one in enumerate(given):
        readers.give("image", number, one)
    assert (given[0].closed, len(readers), readers.take("image", 1)) == (True, MOST, given[1])
    assert readers.take("other", 2) is None


def test_the_end_closes_all() -> None:
    readers, left = OpenReaders(), BytesIO()
    readers.start()
    readers.give("image", 0, left)
    readers.stop()
    assert left.closed
