"""Lays a boot partition and a root partition on a disk and makes it start by itself."""

import os
import struct
from dataclasses import dataclass
from pathlib import Path

from haneul.host.run import run

MIB = 1 << 20
SECTOR = 512
DISK_MIB = 64
BOOT_AT_MIB, BOOT_MIB = 1, 20
ROOT_AT_MIB, ROOT_MIB = 21, 43
FAT, LINUX = 0x0E, 0x83
BOOT_CODE = Path("/usr/lib/syslinux/mbr/mbr.bin")
BOOT_MENU = Path(__file__).parent / "syslinux.cfg"
# Fixed, so that two builds of the same packages give the same disk.
DISK_ID = 0x48414E55
ROOT_ID = "68616e65-756c-4000-8000-000000000001"
EPOCH = 1_700_000_000
# Room in the group table for a disk of 1 TiB, in blocks of 4 KiB.
GROWS_TO_BLOCKS = 1 << 28
TOOL_TIMEOUT_S = 120


@dataclass(frozen=True)
class Contents:
    """What goes on the disk."""

    root: Path
    kernel: Path
    initrd: Path


def make(target: Path, contents: Contents, work: Path) -> None:
    """Write a compressed qcow2 to `target`."""
    raw = work / "disk.raw"
    with raw.open("wb") as disk:
        disk.truncate(DISK_MIB * MIB)
        disk.write(boot_sector())
    make_boot_partition(raw, contents, work)
    make_root_partition(raw, contents.root, work)
    finished = work / "disk.qcow2"
    options = ["-c", "-O", "qcow2", "-o", "compression_type=zstd"]
    tool("qemu-img", "convert", "-f", "raw", *options, str(raw), str(finished))
    install(finished, target)


def install(finished: Path, target: Path) -> None:
    """Put the image in its place at once and whole, though it was made on another file system."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.write_bytes(finished.read_bytes())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def tool(*argv: str) -> None:
    """Run one of the programs that write file systems, at a fixed time."""
    fixed = {"E2FSPROGS_FAKE_TIME": str(EPOCH), "SOURCE_DATE_EPOCH": str(EPOCH), "MTOOLS_SKIP_CHECK": "1"}
    run(argv, timeout_s=TOOL_TIMEOUT_S, env=fixed)


def boot_sector() -> bytes:
    """Return the boot code with a table of the two partitions."""
    code = BOOT_CODE.read_bytes()[:440].ljust(440, b"\0")
    table = partition(0x80, FAT, BOOT_AT_MIB, BOOT_MIB) + partition(0, LINUX, ROOT_AT_MIB, ROOT_MIB)
    return code + struct.pack("<IH", DISK_ID, 0) + table.ljust(64, b"\0") + b"\x55\xaa"


def partition(flag: int, kind: int, at_mib: int, size_mib: int) -> bytes:
    """Return one entry of the table; its cylinders say that only the sector numbers count."""
    beyond = b"\xfe\xff\xff"
    sectors = struct.pack("<II", at_mib * MIB // SECTOR, size_mib * MIB // SECTOR)
    return bytes([flag]) + beyond + bytes([kind]) + beyond + sectors


def make_boot_partition(raw: Path, contents: Contents, work: Path) -> None:
    """Write a FAT partition with boot loader, kernel and initial file system."""
    at = BOOT_AT_MIB * MIB
    flags = ["-F", "16", "-n", "BOOT", "--invariant", "--offset", str(at // SECTOR)]
    tool("mkfs.vfat", *flags, str(raw), str(BOOT_MIB * 1024))
    for source, name in ((contents.kernel, "vmlinuz"), (contents.initrd, "initrd"), (BOOT_MENU, "syslinux.cfg")):
        copied = work / f"boot-{name}"
        copied.write_bytes(source.read_bytes())
        os.utime(copied, (EPOCH, EPOCH))
        tool("mcopy", "-m", "-i", f"{raw}@@{at}", str(copied), f"::{name}")
    tool("syslinux", "--install", "--offset", str(at), str(raw))


def make_root_partition(raw: Path, root: Path, work: Path) -> None:
    """Write an ext4 partition from a folder, with every file owned by root whoever builds it."""
    for path in [root, *root.rglob("*")]:
        os.utime(path, (EPOCH, EPOCH), follow_symlinks=False)
    at = ROOT_AT_MIB * MIB
    extended = f"offset={at},hash_seed={ROOT_ID},resize={GROWS_TO_BLOCKS},root_owner=0:0,nodiscard"
    flags = ["-q", "-F", "-t", "ext4", "-b", "4096", "-m", "0", "-L", "haneul-root", "-U", ROOT_ID, "-E", extended]
    tool("mke2fs", *flags, "-d", str(root), str(raw), f"{ROOT_MIB}m")
    script = work / "owners"
    script.write_text("".join(owners(root)))
    tool("debugfs", "-w", "-f", str(script), f"{raw}?offset={at}")


def owners(root: Path) -> list[str]:
    """Return debugfs commands that give each home to its user, all else to root, and leave no trace of this build."""
    commands = []
    for path in sorted([root, *root.rglob("*")]):
        inside = path.relative_to(root)
        owner = 1000 if inside.parts[:1] == ("home",) and len(inside.parts) > 1 else 0
        values = {"uid": owner, "gid": owner, "generation": 0, "ctime": f"@{EPOCH}", "ctime_extra": 0}
        commands += [f'set_inode_field "/{inside}" {field} {value}\n' for field, value in values.items()]
    return commands
