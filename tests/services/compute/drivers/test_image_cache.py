"""The image cache on real bytes: one fetch, checked, whole or not there."""

import hashlib
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from haneul.services.compute.drivers.base import ImageFacts, Refused
from haneul.services.compute.drivers.image_cache import ImageCache

SIZE = 2 << 20


class Bytes:
    """An image source that gives what it is told to, and counts how often."""

    def __init__(self, content: bytes, **claims: object) -> None:
        self.content = content
        self.claims = claims
        self.fetches = 0
        self.delay_s = 0.0

    def facts(self, image_id: str) -> ImageFacts:
        told = {"disk_format": "raw", "size": len(self.content), "virtual_size": len(self.content)}
        digest = hashlib.sha512(self.content).hexdigest()
        return ImageFacts(**{"id": image_id, "hash_name": "sha512", "hash": digest, **told, **self.claims})  # type: ignore[arg-type]

    def chunks(self, _image_id: str) -> Iterator[bytes]:
        self.fetches += 1
        for begin in range(0, len(self.content), 1 << 16):
            time.sleep(self.delay_s)
            yield self.content[begin : begin + (1 << 16)]


@pytest.fixture
def content() -> bytes:
    return os.urandom(1024) * (SIZE // 1024)


def cache_of(images: Bytes, tmp_path: Path) -> ImageCache:
    made = ImageCache(tmp_path / "cache", images, os.getuid())
    made.prepare()
    return made


def test_an_image_is_fetched_once_and_read_only(tmp_path: Path, content: bytes) -> None:
    images = Bytes(content)
    base = cache_of(images, tmp_path).base("one")
    assert base.path.read_bytes() == content
    assert base.path.stat().st_mode & 0o777 == 0o444
    assert (base.disk_format, base.virtual_size) == ("raw", SIZE)
    assert cache_of(images, tmp_path).base("one") == base
    assert images.fetches == 1


def test_those_who_want_an_image_at_once_wait_for_one_fetch(tmp_path: Path, content: bytes) -> None:
    images = Bytes(content)
    images.delay_s = 0.005
    cache = cache_of(images, tmp_path)
    got: list[Path] = []
    threads = [threading.Thread(target=lambda: got.append(cache.base("one").path)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [tmp_path / "cache" / "one"] * 4
    assert images.fetches == 1


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"hash": "0" * 128}, "don't match its checksum"),
        ({"size": SIZE + 1}, f"Only {SIZE} of the image's {SIZE + 1} bytes came"),
        ({"size": SIZE - 1}, f"More than the image's {SIZE - 1} bytes came"),
        ({"disk_format": "vmdk"}, "format vmdk"),
        ({"disk_format": "qcow2"}, "qcow2"),
    ],
)
def test_an_image_that_is_not_as_announced_is_refused_and_not_kept(
    tmp_path: Path, content: bytes, claims: dict[str, object], sentence: str
) -> None:
    cache = cache_of(Bytes(content, **claims), tmp_path)
    with pytest.raises(Refused, match=sentence):
        cache.base("one")
    assert list((tmp_path / "cache").iterdir()) == []


def test_an_image_that_names_another_file_is_never_kept(tmp_path: Path) -> None:
    secret, hostile = tmp_path / "secret", tmp_path / "hostile"
    secret.write_bytes(bytes(SIZE))
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", secret, "-F", "raw", hostile], check=True)
    with pytest.raises(Refused):
        cache_of(Bytes(hostile.read_bytes(), disk_format="qcow2"), tmp_path).base("one")
    assert list((tmp_path / "cache").iterdir()) == []


def test_an_image_without_a_checksum_is_taken_by_its_size(tmp_path: Path, content: bytes) -> None:
    assert cache_of(Bytes(content, hash_name=None, hash=None), tmp_path).base("one").path.exists()


def test_what_a_crash_left_of_a_fetch_is_cleared(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "one.part").write_bytes(b"half")
    (tmp_path / "cache" / "one.json").write_text('{"disk_format":"raw","virtual_size":1}')
    images = Bytes(content)
    cache = cache_of(images, tmp_path)
    assert not (tmp_path / "cache" / "one.part").exists()
    assert cache.base("one").virtual_size == SIZE
    assert images.fetches == 1


def test_a_source_that_breaks_off_leaves_nothing(tmp_path: Path, content: bytes) -> None:
    class Breaking(Bytes):
        def chunks(self, image_id: str) -> Iterator[bytes]:
            yield next(super().chunks(image_id))
            raise ConnectionResetError("The image service went away.")

    with pytest.raises(ConnectionResetError):
        cache_of(Breaking(content), tmp_path).base("one")
    assert list((tmp_path / "cache").iterdir()) == []


def test_what_nobody_needs_is_deleted_after_a_while(tmp_path: Path, content: bytes) -> None:
    """Tenants may use ever new images; the host's disk is not theirs to fill."""
    images = Bytes(content)
    cache = cache_of(images, tmp_path)
    for image_id in ("in-use", "fresh", "old"):
        cache.base(image_id)
    for image_id in ("in-use", "old"):
        os.utime(tmp_path / "cache" / f"{image_id}.json", (0, 0))
    assert cache.forget_unused({"in-use"}, 60) == ["old"]
    assert sorted(path.stem for path in (tmp_path / "cache").iterdir() if path.suffix) == ["fresh", "in-use"]
    assert not (tmp_path / "cache" / "old").exists()
    assert cache.base("old").path.read_bytes() == content
    assert cache.forget_unused((), 60) == ["in-use"]
    # To be asked for again is to be wanted.
    os.utime(tmp_path / "cache" / "fresh.json", (0, 0))
    cache.base("fresh")
    assert cache.forget_unused((), 60) == []
    assert images.fetches == 4
