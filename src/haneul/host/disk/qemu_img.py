"""qemu-img on files of unknown origin: in a cage, the format always named, with few rights, within limits."""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from haneul.host.cage import Cage, run_caged
from haneul.host.run import Limits, RunFailed

QUICK_S = 30.0
COPY_S = 3600.0
MIB = 1 << 20
# A header that makes qemu-img allocate or compute for ever is an old attack (CVE-2015-5162 in OpenStack).
SMALL = Limits(cpu_s=10, memory_mb=1024, file_mb=1024)
# What images call a format, and what qemu-img does; what is missing here it never opens.
NAMES = {"raw": "raw", "qcow2": "qcow2", "vmdk": "vmdk", "vdi": "vdi", "vhd": "vpc", "vhdx": "vhdx"}
MOST_BYTES = 1 << 40
SOURCE, BASE, TARGET = "/source", "/base", "/target"


class ImageShape(Struct, frozen=True, kw_only=True):
    """What qemu-img says of an image: its disk's size in bytes, and the other files that it would open."""

    virtual_size: int
    names_other_files: bool


def shape(path: Path, disk_format: str, uid: int) -> ImageShape:
    """Look at an image as `disk_format`; RunFailed if it is not one. A backing file is named but never opened."""
    argv = ["qemu-img", "info", "--output=json", "-f", _name(disk_format), SOURCE]
    cage = Cage(readable={SOURCE: path})
    said = json.loads(run_caged(argv, cage, timeout_s=QUICK_S, uid=uid, limits=SMALL).stdout)
    specific = said.get("format-specific", {}).get("data", {})
    return ImageShape(
        virtual_size=said["virtual-size"],
        names_other_files="backing-filename" in said or "data-file" in specific or _has_extents(specific),
    )


def _has_extents(specific: dict[str, list[dict[str, str]]]) -> bool:
    # A VMDK that stands alone is its own one extent.
    return any(extent.get("filename") != SOURCE for extent in specific.get("extents", ()))


def create_overlay(target: Path, base: Path, base_format: str, size: int, uid: int) -> None:
    """Make a qcow2 of `size` bytes that reads what it doesn't hold from `base`, which is named in it and not opened."""
    with _made(target, uid) as cage:
        _create(["-u", "-b", str(base), "-F", _name(base_format), TARGET, str(size)], cage, uid)


def create_blank(target: Path, size: int, uid: int) -> None:
    """Make an empty qcow2 of `size` bytes."""
    with _made(target, uid) as cage:
        _create([TARGET, str(size)], cage, uid)


def _create(what: list[str], cage: Cage, uid: int) -> None:
    argv = ["qemu-img", "create", "-q", "-f", "qcow2", *what]
    run_caged(argv, cage, timeout_s=QUICK_S, uid=uid, limits=SMALL)


def convert(
    source: Path,
    source_format: str,
    target: Path,
    target_format: str,
    uid: int,
    *,
    most_bytes: int = MOST_BYTES,
    timeout_s: float = COPY_S,
) -> None:
    """Copy an image into another format, with holes where it has zeros; a target that exists must be empty.

    RunFailed, with no target left, for an image that names other files, for a target that would become larger than
    `most_bytes`, and when it takes longer than `timeout_s`.
    """
    if shape(source, source_format, uid).names_other_files:
        raise RunFailed(f"The image {source.name} names other files, so it was not converted.")
    limits = Limits(cpu_s=int(timeout_s), memory_mb=1024, file_mb=-(-most_bytes // MIB))
    argv = ["qemu-img", "convert", "-q", "-f", _name(source_format), "-O", _name(target_format), SOURCE, TARGET]
    with _made(target, uid) as cage:
        seen = Cage(readable={SOURCE: source}, writable=cage.writable)
        run_caged(argv, seen, timeout_s=timeout_s, uid=uid, limits=limits)


def flatten(overlay: Path, base: Path, base_format: str, target: Path, uid: int) -> None:
    """Copy a disk of ours, with what it reads through from `base`, into a qcow2 that stands alone."""
    backing = {"driver": _name(base_format), "file": {"driver": "file", "filename": BASE}}
    whole = {"driver": "qcow2", "file": {"driver": "file", "filename": SOURCE}, "backing": backing}
    argv = ["qemu-img", "convert", "-q", "-U", "-O", "qcow2", f"json:{json.dumps(whole)}", TARGET]
    limits = Limits(cpu_s=int(COPY_S), memory_mb=1024, file_mb=MOST_BYTES // MIB)
    with _made(target, uid) as cage:
        # The overlay is its account's, and the base may be readable for a group alone. Root's group is not given out.
        group = base.stat().st_gid or uid
        seen = Cage(readable={SOURCE: overlay, BASE: base}, writable=cage.writable, group=group)
        run_caged(argv, seen, timeout_s=COPY_S, uid=uid, limits=limits)


@contextmanager
def _made(target: Path, uid: int) -> Iterator[Cage]:
    """An empty file that belongs to `uid`, writable in a cage; it is deleted when the block fails."""
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RunFailed(f"The file {target.name} cannot be made: {error.strerror}.") from error
    try:
        _refuse_used(descriptor, target)
        if uid != os.geteuid():
            os.fchown(descriptor, uid, uid)
        with _deleted_on_failure(target):
            yield Cage(writable={TARGET: target})
    finally:
        os.close(descriptor)


def _refuse_used(descriptor: int, target: Path) -> None:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_size or found.st_nlink != 1:
        raise RunFailed(f"The file {target.name} cannot be made: something is there already.")


@contextmanager
def _deleted_on_failure(target: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _name(disk_format: str) -> str:
    try:
        return NAMES[disk_format]
    except KeyError:
        raise RunFailed(f"Images of the format {disk_format} are never opened on this host.") from None
