"""The whole way from Debian's packages to one bootable qcow2, without root, loop device or mount."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from haneul.host.guest_image import disk, initramfs, packages, root_tree
from haneul.host.run import RunFailed

LOGIN = "cirros"
PASSWORD = "gocubsgo"
# What the host needs; apt-get and dpkg-deb are on every Debian.
PACKAGES = ("dosfstools", "e2fsprogs", "mtools", "qemu-utils", "syslinux", "syslinux-common")

Progress = Callable[[str], None]


class BuildFailed(Exception):
    """The guest image could not be built; the message says why."""


@dataclass(frozen=True)
class BuiltImage:
    """A finished image: its size in bytes, how many seconds it took, and how to log in."""

    path: Path
    size: int
    seconds: float
    login: str = LOGIN
    password: str = PASSWORD


def build(target: Path, *, work: Path | None = None, progress: Progress) -> BuiltImage:
    """Write the guest image to `target` (qcow2); BuildFailed if a package, a tool or space is missing.

    `work` keeps downloaded packages for the next build; without it a folder is made and removed again.
    """
    began = time.monotonic()
    try:
        with scratch(work) as folder:
            assemble(target, folder, work or folder, progress)
    except (RunFailed, OSError) as failure:
        raise BuildFailed(f"The guest image could not be built. {failure}") from failure
    return BuiltImage(target, target.stat().st_size, time.monotonic() - began)


@contextmanager
def scratch(work: Path | None) -> Iterator[Path]:
    """Make a folder that is gone afterwards, in `work` if there is one."""
    if work:
        work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="guest-image-", dir=work) as folder:
        yield Path(folder)


def assemble(target: Path, folder: Path, kept: Path, progress: Progress) -> None:
    """Fetch, unpack and put together, telling each stage."""
    progress("Fetching a kernel, busybox, dropbear and their libraries from Debian.")
    debs = packages.fetch(kept / "packages")
    progress("Unpacking the packages.")
    tree = packages.unpack(debs, folder / "tree")
    progress("Putting the guest's files together.")
    root_tree.make(folder / "root", tree, LOGIN, PASSWORD)
    initramfs.make(folder / "initrd", tree)
    progress("Writing the disk.")
    disk.make(target, disk.Contents(folder / "root", packages.kernel(tree), folder / "initrd"), folder)
