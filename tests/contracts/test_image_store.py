"""What every store of image bytes that takes some keeps."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.contracts.object_stores import LARGE, PART_BYTES, WRITABLE, Place, place_of
from tests.servers.fixtures import ceph_cluster, swift_server
from tests.support.hosts import eventually

from haneul.services.image.drivers.base import ImageStore

__all__ = ["ceph_cluster", "swift_server"]


@pytest.fixture(params=WRITABLE)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    made = place_of(request.param, tmp_path / "images", request)
    yield made
    # One cluster's pool serves all tests.
    if made.driver == "rbd":
        made.store().delete("a.1")


@pytest.fixture
def store(place: Place) -> ImageStore:
    return place.store()


def keep(store: ImageStore, key: str, content: bytes) -> None:
    draft = store.open_draft(key)
    draft.write(content)
    draft.keep()
    draft.release()


def test_what_was_written_is_read(store: ImageStore) -> None:
    draft = store.open_draft("a.1")
    draft.write(b"some ")
    draft.write(memoryview(b"by"))
    draft.write(bytearray(b"tes"))
    assert store.list_kept() == []
    with pytest.raises(FileNotFoundError):
        store.open("a.1")
    draft.keep()
    draft.release()
    with closing(store.open("a.1")) as file:
        assert file.seek(5) == 5
        assert (file.read(3), file.read(), file.read()) == (b"byt", b"es", b"")
        file.seek(0)
        assert file.read(4) == b"some"
    assert (store.size("a.1"), store.list_kept()) == (10, ["a.1"])


def test_large_images_are_read_from_anywhere(store: ImageStore, place: Place) -> None:
    keep(store, "a.1", LARGE)
    with closing(store.open("a.1")) as file:
        file.seek((5 << 20) - 3)
        assert file.read(6) == LARGE[(5 << 20) - 3 : (5 << 20) + 3]
        file.seek(0)
        assert file.read() == LARGE
    assert (store.size("a.1"), store.list_kept()) == (len(LARGE), ["a.1"])
    store.delete("a.1")
    assert (store.list_kept(), place.lies_there()) == ([], [])


def test_a_local_file_is_taken_as_it_is(store: ImageStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    with source.open("wb") as file:
        file.write(LARGE)
        file.truncate(12 << 20)
    draft = store.open_draft("a.1")
    draft.fill(source)
    draft.write(b"end")
    draft.keep()
    draft.release()
    with closing(store.open("a.1")) as taken:
        assert taken.read() == source.read_bytes() + b"end"


def test_an_image_may_have_no_bytes(store: ImageStore) -> None:
    keep(store, "a.1", b"")
    with closing(store.open("a.1")) as file:
        assert file.read() == b""
    assert store.size("a.1") == 0


@pytest.mark.parametrize("state", ["begun", "half", "kept"])
def test_what_is_discarded_leaves_nothing(store: ImageStore, place: Place, state: str) -> None:
    draft = store.open_draft("a.1")
    draft.write(b"bytes" if state == "begun" else LARGE)
    if state == "kept":
        draft.keep()
    draft.discard()
    draft.discard()
    assert (store.list_kept(), store.list_abandoned(), store.is_abandoned("a.1")) == ([], [], True)
    assert place.lies_there() == []


def test_deleting_is_repeatable(store: ImageStore) -> None:
    store.delete("a.1")
    keep(store, "a.1", b"bytes")
    store.delete("a.1")
    store.delete("a.1")
    assert (store.list_kept(), store.list_abandoned()) == ([], [])
    for verb in (store.open, store.size):
        with pytest.raises(FileNotFoundError):
            verb("a.1")


def test_what_is_being_read_can_be_deleted(store: ImageStore, place: Place) -> None:
    keep(store, "a.1", LARGE)
    with closing(store.open("a.1")) as file:
        assert file.read(100) == LARGE[:100]
        store.delete("a.1")
        assert (store.list_kept(), place.lies_there()) == ([], [])


@pytest.mark.parametrize("size", [5, len(LARGE)])
def test_a_draft_deleted_under_its_writer_cannot_be_kept(store: ImageStore, place: Place, size: int) -> None:
    draft = store.open_draft("a.1")
    draft.write(LARGE[:size])
    place.store().delete("a.1")
    draft.write(LARGE[:size])
    with pytest.raises(FileNotFoundError):
        draft.keep()
    draft.discard()
    assert (store.list_kept(), store.list_abandoned(), place.lies_there()) == ([], [], [])


def test_a_key_is_used_once(store: ImageStore) -> None:
    draft = store.open_draft("a.1")
    with pytest.raises(FileExistsError):
        store.open_draft("a.1")
    draft.discard()


def test_keys_and_addresses_name_each_other(store: ImageStore) -> None:
    address = store.address("a.1")
    assert store.key_at(address) == "a.1"
    for other in (
        "",
        "a.1",
        address + "/",
        address[: -len("a.1")],
        address.replace("images", "other") + "/b",
        "ftp://x/a.1",
    ):
        assert store.key_at(other) is None


@pytest.mark.parametrize("key", ["", ".", "../other", "a/b", "/etc/passwd"])
def test_a_key_leads_nowhere_else(store: ImageStore, key: str) -> None:
    for verb in (store.open_draft, store.open, store.delete, store.size, store.address, store.is_abandoned):
        with pytest.raises(ValueError, match="image's file"):
            verb(key)


WRITER = """
import json, sys, time
from pathlib import Path
from haneul.services.image.drivers import DRIVERS
from haneul.services.image.drivers.base import StoreOptions
driver, folder, options, state, size = json.loads(sys.argv[1])
draft = DRIVERS[driver](StoreOptions(folder=Path(folder), options=options)).open_draft("a.1")
draft.write(bytes(range(256)) * (size >> 8))
if state == "kept":
    draft.keep()
print("written", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("size", [256, len(LARGE)])
@pytest.mark.parametrize("state", ["half", "kept"])
def test_a_draft_is_abandoned_when_its_process_dies(store: ImageStore, place: Place, state: str, size: int) -> None:
    told = json.dumps([place.driver, str(place.folder), place.options, state, size])
    with subprocess.Popen([sys.executable, "-c", WRITER, told], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        assert not store.is_abandoned("a.1")
        assert store.list_abandoned() == []
        if size > PART_BYTES:
            eventually(place.lies_there)
        writer.kill()
    assert store.is_abandoned("a.1")
    assert store.list_abandoned() == (["a.1"] if state == "half" else [])
    assert store.list_kept() == (["a.1"] if state == "kept" else [])
    store.delete("a.1")
    assert (store.list_abandoned(), store.list_kept(), place.lies_there()) == ([], [], [])
