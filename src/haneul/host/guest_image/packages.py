"""Gets packages from Debian and unpacks them, without installing any."""

import os
import re
from pathlib import Path

from haneul.host.run import RunFailed, run

KERNEL = "linux-image-cloud-amd64"
UNPACKED = (
    "busybox-static",
    "dropbear-bin",
    "e2fsprogs",
    "libc6",
    "libcom-err2",
    "libcrypt1",
    "libext2fs2",
    "libgmp10",
    "libtomcrypt1",
    "libtommath1",
    "zlib1g",
)
NETWORK_TIMEOUT_S = 300
UNPACK_TIMEOUT_S = 120


def fetch(folder: Path) -> list[Path]:
    """Download the packages into `folder`, refreshing the host's package lists once if they are missing or old."""
    try:
        return download(folder)
    except RunFailed:
        if os.geteuid():
            raise
        run(["apt-get", "-q", "update"], timeout_s=NETWORK_TIMEOUT_S)
        return download(folder)


def download(folder: Path) -> list[Path]:
    """Download what `folder` doesn't hold yet, and return the files of this very selection."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [kernel_package(), *UNPACKED]
    options = ["-q", "-o", "APT::Sandbox::User=root"]
    listed = run(["apt-get", *options, "download", "--print-uris", *names], timeout_s=NETWORK_TIMEOUT_S)
    files = re.findall(r"^'[^']*' (\S+\.deb) ", listed.stdout.decode(), re.MULTILINE)
    run(["env", "-C", str(folder), "apt-get", *options, "download", *names], timeout_s=NETWORK_TIMEOUT_S)
    return [folder / file for file in files]


def kernel_package() -> str:
    """Return the package that the kernel's meta package stands for at present."""
    depends = run(["apt-cache", "depends", KERNEL], timeout_s=60).stdout.decode()
    found = re.search(r"Depends: (linux-image-\S+)", depends)
    if not found:
        raise RunFailed(f"The package lists of this host name no {KERNEL}. Run apt-get update first.")
    return found[1]


def unpack(debs: list[Path], tree: Path) -> Path:
    """Unpack all packages into one tree."""
    tree.mkdir()
    for deb in debs:
        run(["dpkg-deb", "-x", str(deb), str(tree)], timeout_s=UNPACK_TIMEOUT_S)
    return tree


def kernel(tree: Path) -> Path:
    """Return the kernel that was unpacked."""
    return next((tree / "boot").glob("vmlinuz-*"))
