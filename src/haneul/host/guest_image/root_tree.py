"""The guest's root folder: our scripts and settings, busybox, dropbear and the libraries it needs."""

import os
import shutil
from pathlib import Path

from haneul.host.run import run

OURS = Path(__file__).parent / "rootfs"
FOLDERS = (
    *("bin", "dev", "etc/dropbear", "home", "lib", "lib64", "mnt", "proc", "root", "run", "sbin", "sys", "tmp"),
    *("usr/bin", "usr/sbin", "var/lib/metadata", "var/log"),
)
BINARIES = ("sbin/resize2fs", "usr/bin/dbclient", "usr/bin/dropbearkey", "usr/sbin/dropbear")
LIBRARY_FOLDER = "lib/x86_64-linux-gnu"
LOADER = "lib64/ld-linux-x86-64.so.2"
LIBRARIES = (
    *("libc.so.6", "libcom_err.so.2", "libcrypt.so.1", "libe2p.so.2", "libext2fs.so.2", "libgmp.so.10"),
    *("libresolv.so.2", "libtomcrypt.so.1", "libtommath.so.1", "libz.so.1"),
)
# The applets that do a package manager's or a boot loader's work would only mislead in a guest without either.
LEFT_OUT = frozenset({"dpkg", "dpkg-deb", "rpm", "rpm2cpio", "wget"})
LINKS = {"var/run": "../run", "etc/mtab": "../proc/mounts", "etc/resolv.conf": "../run/resolv.conf"}
SALT = "haneul"


def make(root: Path, tree: Path, login: str, password: str) -> None:
    """Fill `root` from the unpacked packages and our own files."""
    for folder in (*FOLDERS, LIBRARY_FOLDER, f"home/{login}"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    copy_ours(root)
    for link, to in LINKS.items():
        (root / link).symlink_to(to)
    for name in BINARIES:
        copy(tree / name, root / name, 0o755)
    copy_libraries(root, tree)
    install_busybox(root, tree)
    write_shadow(root, login, password)
    # Whatever umask the builder has, a guest's user must be able to look around.
    for path in (root, *root.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)


def copy(source: Path, target: Path, mode: int) -> None:
    """Copy a file, or what a link stands for."""
    shutil.copyfile(source, target)
    target.chmod(mode)


def copy_ours(root: Path) -> None:
    """Copy our own files; those that begin like a script may be run, however they were installed."""
    for source in sorted(path for path in OURS.rglob("*") if path.is_file()):
        target = root / source.relative_to(OURS)
        target.parent.mkdir(parents=True, exist_ok=True)
        copy(source, target, 0o755 if source.read_bytes().startswith(b"#!") else 0o644)


def copy_libraries(root: Path, tree: Path) -> None:
    """Copy each library under the name that programs ask for, wherever Debian put it."""
    for name in LIBRARIES:
        places = (tree / LIBRARY_FOLDER / name, tree / "usr" / LIBRARY_FOLDER / name)
        copy(next(place for place in places if place.exists()), root / LIBRARY_FOLDER / name, 0o755)
    copy(tree / LIBRARY_FOLDER / "ld-linux-x86-64.so.2", root / LOADER, 0o755)


def install_busybox(root: Path, tree: Path) -> None:
    """Install busybox under all its names; it drops the rights that its owner's bit gives, but for su and the like."""
    busybox = root / "bin" / "busybox"
    copy(tree / "bin" / "busybox", busybox, 0o4755)
    names = run([str(busybox), "--list-full"], timeout_s=10).stdout.decode().split()
    for name in names:
        link = root / name
        if link.name not in LEFT_OUT and not os.path.lexists(link):
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to("/bin/busybox")


def write_shadow(root: Path, login: str, password: str) -> None:
    """Give the user a password, and root an empty one that only su accepts."""
    argv = [str(root / "bin" / "busybox"), "mkpasswd", "-m", "sha512", "-S", SALT, password]
    hashed = run(argv, timeout_s=10).stdout.decode().strip()
    shadow = root / "etc" / "shadow"
    shadow.write_text(f"root::19000:0:99999:7:::\n{login}:{hashed}:19000:0:99999:7:::\n")
    shadow.chmod(0o600)
