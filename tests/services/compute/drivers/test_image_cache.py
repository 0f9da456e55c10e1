"""The image cache on real bytes: one fetch, checked, whole or not there."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from haneul.host.disk import qemu_img
from haneul.host.hypervisor.accounts import Accounts
from haneul.services.compute.drivers.base import ImageFacts, Refused
from haneul.services.compute.drivers.image_cache import CacheRules, ImageCache

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


def cache_of(
    images: Bytes, tmp_path: Path, used: Collection[str] | None = (), most_unused_bytes: int = 1 << 30
) -> ImageCache:
    rules = CacheRules(reader=os.getuid(), most_unused_bytes=most_unused_bytes, used=lambda: used)
    made = ImageCache(tmp_path / "cache", images, rules)
    made.prepare()
    return made


def age(tmp_path: Path, *image_ids: str) -> None:
    """Let it be long ago that somebody wanted these images, the first of them the longest."""
    for number, image_id in enumerate(image_ids):
        os.utime(tmp_path / "cache" / f"{image_id}.json", (number, number))


def names(tmp_path: Path) -> list[str]:
    return sorted(path.stem for path in (tmp_path / "cache").glob("*.json"))


def test_an_image_is_fetched_once_and_read_only(tmp_path: Path, content: bytes) -> None:
    images = Bytes(content)
    base = cache_of(images, tmp_path).base("one")
    assert base.path.read_bytes() == content
    assert base.path.stat().st_mode & 0o777 == 0o440
    assert base.path.parent.stat().st_mode & 0o777 == 0o710
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
        ({"disk_format": "ploop"}, "format ploop; qcow2, raw, ami, iso, vmdk, vdi, vhd, vhdx will do"),
        ({"disk_format": "vmdk"}, "vmdk"),
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


def converted(content: bytes, tmp_path: Path, disk_format: str) -> bytes:
    """The same disk in another format, as other clouds' tools make it."""
    raw, made = tmp_path / "raw", tmp_path / "made"
    raw.write_bytes(content)
    qemu_name = "vpc" if disk_format == "vhd" else disk_format
    options = {"vmdk": ["-o", "subformat=streamOptimized"], "vhd": ["-o", "force_size"]}.get(disk_format, [])
    argv = ["qemu-img", "convert", "-f", "raw", "-O", qemu_name, *options, raw, made]
    subprocess.run(argv, check=True)
    return made.read_bytes()


@pytest.mark.parametrize("disk_format", ["vmdk", "vdi", "vhd", "vhdx"])
def test_other_clouds_formats_are_made_into_one_that_guests_read(
    tmp_path: Path, content: bytes, disk_format: str
) -> None:
    images = Bytes(converted(content, tmp_path, disk_format), disk_format=disk_format)
    base = cache_of(images, tmp_path).base("one")
    assert (base.disk_format, base.virtual_size, base.is_disc) == ("qcow2", SIZE, False)
    back = tmp_path / "back"
    subprocess.run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", base.path, back], check=True)
    assert back.read_bytes() == content
    assert base.path.stat().st_mode & 0o777 == 0o440
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == ["one", "one.json"]


def test_what_cannot_be_converted_is_refused_in_words_for_the_user(tmp_path: Path, content: bytes) -> None:
    whole = converted(content, tmp_path, "vhdx")
    with pytest.raises(Refused) as refused:
        cache_of(Bytes(whole[: len(whole) // 2], disk_format="vhdx"), tmp_path).base("one")
    assert str(tmp_path) not in str(refused.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_converted_image_is_no_larger_than_there_is_room(
    tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = Bytes(converted(os.urandom(4 << 20), tmp_path, "vdi"), disk_format="vdi")
    cache = cache_of(images, tmp_path)
    free = iter((len(images.content), 1 << 20))
    monkeypatch.setattr(cache, "_free_bytes", lambda: next(free))
    # There is room for what is fetched, and not for what is made of it beside.
    with pytest.raises(Refused, match="format vdi can't be made into a disk"):
        cache.base("one")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_disc_is_told_from_a_disk(tmp_path: Path) -> None:
    disc = bytes(16 * 2048) + b"\x01CD001\x01".ljust(2048, b"\0") + b"\xffCD001\x01".ljust(2048, b"\0") + bytes(1 << 16)
    cache = cache_of(Bytes(disc, disk_format="iso"), tmp_path)
    assert not cache.is_disc("one")
    base = cache.base("one")
    assert (base.disk_format, base.is_disc, cache.is_disc("one")) == ("raw", True, True)


def test_images_that_no_guest_is_made_of_have_a_bound(tmp_path: Path, content: bytes) -> None:
    cache = cache_of(Bytes(content), tmp_path, {"used"}, most_unused_bytes=2 * SIZE)
    for image_id in ("used", "old", "older", "oldest", "fresh"):
        cache.base(image_id)
    age(tmp_path, "used", "oldest", "older", "old")
    cache.base("new")
    # What somebody has just asked for is about to be used, however little room there is.
    assert names(tmp_path) == ["fresh", "new", "old", "used"]
    age(tmp_path, "fresh", "new", "old")
    cache_of(Bytes(content), tmp_path, None, most_unused_bytes=0).base("newer")
    assert names(tmp_path) == ["fresh", "new", "newer", "old", "used"]
    cache_of(Bytes(content), tmp_path, {"used"}, most_unused_bytes=0).base("newest")
    assert names(tmp_path) == ["newer", "newest", "used"]


def test_a_full_disk_costs_unused_images_and_then_the_new_one(
    tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = Bytes(content)
    cache = cache_of(images, tmp_path, {"used"})
    for image_id in ("used", "old"):
        cache.base(image_id)
    age(tmp_path, "used", "old")
    monkeypatch.setattr("haneul.services.compute.drivers.image_cache.FREE_BYTES", 1 << 60)
    with pytest.raises(Refused, match=r"This host's disk has no room for the 2 MiB of the image\."):
        cache.base("new")
    assert (names(tmp_path), images.fetches) == (["used"], 2)


def test_an_image_that_is_being_fetched_is_not_deleted(tmp_path: Path, content: bytes) -> None:
    images = Bytes(content)
    cache = cache_of(images, tmp_path, (), most_unused_bytes=0)
    cache.base("wanted")
    age(tmp_path, "wanted")
    cache._locks["wanted"].acquire()
    cache.base("new")
    assert names(tmp_path) == ["new", "wanted"]


@pytest.fixture
def passable() -> Iterator[Path]:
    """A folder that other accounts can pass through, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="haneul-images-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.machine
def test_only_the_clouds_guests_read_its_images(passable: Path, content: bytes) -> None:
    """As guests' processes are started: each under its own account, all in the group of the cloud's images."""
    ours, others = Accounts("a-cloud"), Accounts("another-cloud")
    rules = CacheRules(reader=ours.for_images, most_unused_bytes=0, used=lambda: ())
    cache = ImageCache(passable / "cache", Bytes(content), rules)
    cache.prepare()
    base = cache.base("one")
    guest = ours.free_uid(())

    def reads(uid: int, groups: str) -> bool:
        argv = ["setpriv", f"--reuid={uid}", f"--regid={uid}", groups, "head", "-c", "1", str(base.path)]
        return subprocess.run(argv, capture_output=True, check=False).returncode == 0

    assert reads(guest, f"--groups={ours.for_images}")
    assert not reads(guest, "--clear-groups")
    assert not reads(others.free_uid(()), f"--groups={others.for_images}")
    assert not reads(65534, "--clear-groups")


@pytest.mark.machine
def test_a_guests_disk_is_copied_with_the_image_that_it_reads_through(passable: Path, content: bytes) -> None:
    ours = Accounts("a-cloud")
    rules = CacheRules(reader=ours.for_images, most_unused_bytes=0, used=lambda: ())
    cache = ImageCache(passable / "cache", Bytes(content), rules)
    cache.prepare()
    base, guest = cache.base("one"), ours.free_uid(())
    disk, copy, raw = passable / "disk.qcow2", passable / "copy.qcow2", passable / "raw"
    qemu_img.create_overlay(disk, base.path, base.disk_format, SIZE, guest)
    qemu_img.flatten(disk, base.path, base.disk_format, copy, guest)
    subprocess.run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", copy, raw], check=True)
    assert raw.read_bytes() == content
