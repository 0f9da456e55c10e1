"""Copies of files: blocks shared where the filesystem can, holes kept everywhere."""

import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from haneul.host.disk.copying import clone

MEMORY = Path("/dev/shm")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Data, a large hole, data, a hole at the end."""
    path = tmp_path / "source"
    with path.open("wb") as file:
        file.write(b"begin" * 20_000)
        file.seek(8 << 20)
        file.write(b"end" * 5)
        file.truncate(16 << 20)
    return path


def allocated(path: Path) -> int:
    return path.stat().st_blocks * 512


def test_a_copy_has_the_bytes_and_the_holes(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    assert clone(source, target) in ("copied", "reflink")
    assert target.read_bytes() == source.read_bytes()
    assert allocated(target) <= allocated(source) < 1 << 20
    assert target.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("size", [0, 1, 4096])
def test_small_files_and_files_of_one_hole_are_copied(size: int, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.touch()
    os.truncate(source, size)
    clone(source, target)
    assert target.read_bytes() == bytes(size)


def test_a_copy_goes_to_another_filesystem(source: Path) -> None:
    target = MEMORY / f"haneul-test-{os.getpid()}"
    try:
        assert clone(source, target) == "copied"
        assert target.read_bytes() == source.read_bytes()
        assert allocated(target) < 1 << 20
    finally:
        target.unlink(missing_ok=True)


def test_nothing_is_written_over(source: Path, tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("there", "link"):
        with pytest.raises(OSError, match="exists"):
            clone(source, tmp_path / name)
    assert (tmp_path / "there").read_bytes() == b"mine"
    assert not (tmp_path / "nowhere").exists()


def test_a_copy_without_room_leaves_nothing(source: Path, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
        with pytest.raises(OSError, match="too large"):
            clone(source, tmp_path / "target")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (tmp_path / "target").exists()


@pytest.fixture
def xfs(tmp_path: Path) -> Iterator[Path]:
    """A filesystem that shares blocks."""
    disk, folder = tmp_path / "disk", tmp_path / "xfs"
    folder.mkdir()
    disk.touch()
    # The smallest that mkfs.xfs makes.
    os.truncate(disk, 300 << 20)
    for argv in (["mkfs.xfs", "-q", str(disk)], ["mount", "-o", "loop", str(disk), str(folder)]):
        subprocess.run(argv, check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.machine
def test_blocks_are_shared_where_they_can_be(xfs: Path) -> None:
    source, target = xfs / "source", xfs / "target"
    source.write_bytes(os.urandom(32 << 20))
    os.sync()
    free = os.statvfs(xfs).f_bfree
    assert clone(source, target) == "reflink"
    os.sync()
    assert target.read_bytes() == source.read_bytes()
    assert free - os.statvfs(xfs).f_bfree < 100
