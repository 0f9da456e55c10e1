"""qemu-img on files of unknown origin: the format always named, run by an account without rights, within limits."""

import json
from pathlib import Path

from msgspec import Struct

from haneul.host.run import Limits, RunFailed, run

QUICK_S = 30.0
COPY_S = 3600.0
# A header that makes qemu-img allocate or compute for ever is an old attack (CVE-2015-5162 in OpenStack).
SMALL = Limits(cpu_s=10, memory_mb=1024, file_mb=1024)
COPYING = Limits(cpu_s=3600, memory_mb=1024)


class ImageShape(Struct, frozen=True, kw_only=True):
    """What qemu-img says of an image: its disk's size in bytes, and the other files that it would open."""

    virtual_size: int
    names_other_files: bool


def shape(path: Path, disk_format: str, uid: int) -> ImageShape:
    """Look at an image as `disk_format`; RunFailed if it is not one. A backing file is named but never opened."""
    argv = ["qemu-img", "info", "--output=json", "-f", disk_format, str(path)]
    said = json.loads(run(argv, timeout_s=QUICK_S, uid=uid, gid=uid, limits=SMALL).stdout)
    specific = said.get("format-specific", {}).get("data", {})
    return ImageShape(
        virtual_size=said["virtual-size"],
        names_other_files="backing-filename" in said or "data-file" in specific or "extents" in specific,
    )


def create_overlay(target: Path, base: Path, base_format: str, size: int, uid: int) -> None:
    """Make a qcow2 of `size` bytes that reads what it doesn't hold from `base`, which is never written."""
    _create([str(target), str(size)], ["-b", str(base), "-F", base_format], uid)


def create_blank(target: Path, size: int, uid: int) -> None:
    """Make an empty qcow2 of `size` bytes."""
    _create([str(target), str(size)], [], uid)


def _create(what: list[str], backing: list[str], uid: int) -> None:
    argv = ["qemu-img", "create", "-q", "-f", "qcow2", *backing, *what]
    run(argv, timeout_s=QUICK_S, uid=uid, gid=uid, limits=SMALL)


def convert(source: Path, source_format: str, target: Path, target_format: str, uid: int) -> None:
    """Copy an image into another format; a target that is half done when it fails is the caller's to delete."""
    if shape(source, source_format, uid).names_other_files:
        raise RunFailed(f"The image {source.name} names other files, so it was not converted.")
    argv = ["qemu-img", "convert", "-q", "-f", source_format, "-O", target_format, str(source), str(target)]
    run(argv, timeout_s=COPY_S, uid=uid, gid=uid, limits=COPYING)
