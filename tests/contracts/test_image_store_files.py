"""What a folder of images does beyond the contract: holes, fast copies, and word of a full disk."""

import os
import random
import resource
from pathlib import Path

import pytest

from haneul.services.image.drivers.base import Full, StoreOptions
from haneul.services.image.drivers.file import FileStore

BLOCK = 64 << 10


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(StoreOptions(folder=tmp_path / "images"))


def content_of(store: FileStore) -> bytes:
    file = store.path("a.1")
    assert file is not None
    return file.read_bytes()


def test_zeros_take_no_room(store: FileStore, tmp_path: Path) -> None:
    draft = store.open_draft("a.1")
    for _ in range(8):
        draft.write(bytes(1 << 20))
    draft.write(b"data" * 256)
    draft.write(bytes(1 << 20))
    draft.keep()
    assert store.size("a.1") == (9 << 20) + 1024
    assert (tmp_path / "images" / "a.1").stat().st_blocks * 512 <= 2 * BLOCK
    assert content_of(store) == bytes(8 << 20) + b"data" * 256 + bytes(1 << 20)
    draft.release()


def test_holes_change_no_byte(store: FileStore) -> None:
    chance = random.Random(1)
    pieces = []
    for _ in range(200):
        length = chance.choice([1, 100, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
        pieces.append(chance.choice([bytes(length), chance.randbytes(length), bytes(length - 1) + b"x"]))
    whole = b"".join(pieces)
    draft = store.open_draft("a.1")
    at = 0
    while at < len(whole):
        length = chance.choice([1, 4096, BLOCK, 5 * BLOCK + 7])
        draft.write(whole[at : at + length])
        at += length
    draft.keep()
    draft.release()
    assert content_of(store) == whole


def test_a_full_disk_is_told_as_full(store: FileStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x" * (1 << 20))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    draft, other = store.open_draft("a.1"), store.open_draft("a.2")
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (BLOCK, hard))
        with pytest.raises(Full):
            draft.write(b"x" * (1 << 20))
        with pytest.raises(Full):
            draft.fill(source)
        other.write(bytes(1 << 20))
        with pytest.raises(Full):
            other.keep()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    draft.discard()
    other.discard()
    assert os.listdir(tmp_path / "images") == []


def test_a_draft_that_is_kept_while_drafts_are_listed_is_not_abandoned(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = store.open_draft("a.1")
    draft.write(b"whole")
    draft.keep()
    draft.release()
    seen = tmp_path / "images" / "a.1.part"
    monkeypatch.setattr(Path, "glob", lambda *_: iter([seen]))
    assert store.list_abandoned() == []
    seen.touch()
    # Its maker may be about to lock it.
    assert store.list_abandoned() == []
    seen.write_bytes(b"half")
    assert store.list_abandoned() == ["a.1"]
