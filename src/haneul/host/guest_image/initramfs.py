"""The first files the kernel sees: busybox, drivers in their order, and a script that finds the root disk."""

import gzip
from collections.abc import Iterator
from pathlib import Path

INIT = Path(__file__).parent / "initramfs" / "init"
APPLETS = [
    "sh",
    "awk",
    "basename",
    "blockdev",
    "cat",
    "dd",
    "findfs",
    "insmod",
    "mount",
    "printf",
    "sleep",
    "switch_root",
]
# The cloud kernel has ext4, packets and the serial port built in; all else is a module.
DRIVERS = (
    *("virtio_pci", "virtio_blk", "virtio_scsi", "ata_piix", "sd_mod", "sr_mod"),
    *("virtio_net", "virtio-rng", "virtio_balloon", "virtio_console"),
    *("button", "evdev", "isofs", "vfat", "nls_cp437", "nls_ascii", "nls_utf8"),
)
FOLDERS = ("bin", "dev", "modules", "new", "proc", "sys")
FOLDER, FILE, LINK = 0o040755, 0o100755, 0o120777


def make(target: Path, tree: Path) -> None:
    """Write the compressed archive to `target`."""
    modules = {path.stem: path for path in (tree / "lib" / "modules").rglob("*.ko")}
    order = load_order(modules)
    members = [(name, FOLDER, b"") for name in FOLDERS]
    members += [("init", FILE, INIT.read_bytes()), ("bin/busybox", FILE, (tree / "bin/busybox").read_bytes())]
    members += [(f"bin/{applet}", LINK, b"busybox") for applet in APPLETS]
    members += [(f"modules/{modules[name].name}", FILE, modules[name].read_bytes()) for name in order]
    members += [("modules/order", FILE, "\n".join(modules[name].name for name in order).encode())]
    target.write_bytes(gzip.compress(archive(members), 6, mtime=0))


def load_order(modules: dict[str, Path]) -> list[str]:
    """Return the drivers and all that they depend on, each after what it needs."""
    order: list[str] = []

    def add(name: str) -> None:
        for needed in needs(modules[name]):
            add(next(stem for stem in (needed, needed.replace("_", "-")) if stem in modules))
        if name not in order:
            order.append(name)

    for driver in DRIVERS:
        add(driver)
    return order


def needs(module: Path) -> list[str]:
    """Return the names a module states in its own section `.modinfo`."""
    stated = module.read_bytes().partition(b"\0depends=")[2].partition(b"\0")[0].decode("ascii")
    return [name for name in stated.split(",") if name]


def archive(members: list[tuple[str, int, bytes]]) -> bytes:
    """Return a cpio archive in the form that the kernel unpacks (Linux: driver-api/early-userspace/buffer-format)."""
    return b"".join(part for entry in numbered([*members, ("TRAILER!!!", 0, b"")]) for part in entry)


def numbered(members: list[tuple[str, int, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Yield each member's header and contents, padded to four bytes."""
    for inode, (name, mode, contents) in enumerate(members, 1):
        links, size, length = 2 if mode == FOLDER else 1, len(contents), len(name) + 1
        numbers = (inode, mode, 0, 0, links, 0, size, 0, 0, 0, 0, length, 0)
        header = b"070701" + b"".join(b"%08X" % number for number in numbers) + name.encode() + b"\0"
        yield padded(header), padded(contents)


def padded(part: bytes) -> bytes:
    """Fill up to a multiple of four bytes."""
    return part + bytes(-len(part) % 4)
