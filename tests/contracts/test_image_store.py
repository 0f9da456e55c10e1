"""What every store of image bytes keeps."""

import subprocess
import sys
from pathlib import Path

import pytest

from haneul.services.image.drivers import DRIVERS
from haneul.services.image.drivers.base import Full, ImageStore, StoreOptions


@pytest.fixture(params=sorted(DRIVERS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ImageStore:
    return DRIVERS[request.param](StoreOptions(folder=tmp_path / "images"))


def test_what_was_written_is_read(store: ImageStore) -> None:
    draft = store.open_draft("a.1")
    draft.write(b"some ")
    draft.write(memoryview(b"bytes"))
    assert store.list_kept() == []
    with pytest.raises(FileNotFoundError):
        store.open("a.1")
    draft.keep()
    draft.release()
    with store.open("a.1") as file:
        file.seek(5)
        assert file.read() == b"bytes"
    assert store.list_kept() == ["a.1"]


@pytest.mark.parametrize("kept", [False, True])
def test_what_is_discarded_leaves_nothing(store: ImageStore, kept: bool) -> None:
    draft = store.open_draft("a.1")
    draft.write(b"bytes")
    if kept:
        draft.keep()
    draft.discard()
    draft.discard()
    assert (store.list_kept(), store.list_abandoned()) == ([], [])


def test_deleting_is_repeatable(store: ImageStore) -> None:
    draft = store.open_draft("a.1")
    draft.keep()
    draft.release()
    store.delete("a.1")
    store.delete("a.1")
    assert store.list_kept() == []


def test_a_draft_deleted_under_its_writer_cannot_be_kept(store: ImageStore) -> None:
    draft = store.open_draft("a.1")
    store.delete("a.1")
    draft.write(b"more")
    with pytest.raises(FileNotFoundError):
        draft.keep()
    draft.discard()
    assert store.list_kept() == []


@pytest.mark.parametrize("key", ["", ".", "../other", "a/b", "/etc/passwd"])
def test_a_key_leads_nowhere_else(store: ImageStore, key: str) -> None:
    for verb in (store.open_draft, store.open, store.delete):
        with pytest.raises(ValueError, match="image's file"):
            verb(key)


WRITER = """
import sys, time
from pathlib import Path
from haneul.services.image.drivers import DRIVERS
from haneul.services.image.drivers.base import StoreOptions
draft = DRIVERS[sys.argv[1]](StoreOptions(folder=Path(sys.argv[2]))).open_draft("a.1")
draft.write(b"half")
if sys.argv[3] == "kept":
    draft.keep()
print("written", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("state", ["half", "kept"])
@pytest.mark.parametrize("driver", sorted(DRIVERS))
def test_a_draft_is_abandoned_when_its_process_dies(driver: str, state: str, tmp_path: Path) -> None:
    store = DRIVERS[driver](StoreOptions(folder=tmp_path))
    argv = [sys.executable, "-c", WRITER, driver, str(tmp_path), state]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        assert not store.is_abandoned("a.1")
        assert store.list_abandoned() == []
        writer.kill()
    assert store.is_abandoned("a.1")
    assert store.list_abandoned() == (["a.1"] if state == "half" else [])


def test_a_full_disk_is_told_as_full(tmp_path: Path) -> None:
    full = DRIVERS["file"](StoreOptions(folder=tmp_path)).open_draft("a.1")
    with Path("/dev/full").open("wb", buffering=0) as device:
        full._file = device  # type: ignore[attr-defined]
        with pytest.raises(Full):
            full.write(b"bytes")
    full.discard()
