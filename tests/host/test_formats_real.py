"""Honest images as real programs write them, with contents, are accepted for what they are."""

import gzip
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from haneul.host.disk.formats import Inspected, Inspector, Unsafe

MIB = 1 << 20
SIZE = 8 * MIB


def verdict(path: Path, claimed: str, container: str = "bare") -> Inspected:
    inspector = Inspector()
    with path.open("rb") as file:
        while chunk := file.read(100_003):
            inspector.feed(chunk)
    return inspector.verdict(claimed, container)


def run(*argv: str | Path, cwd: Path, given: str = "") -> None:
    subprocess.run(argv, cwd=cwd, check=True, input=given.encode(), capture_output=True)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare disk of 8 MiB: a partition table, bytes that do not compress, and a hole."""
    path = tmp_path_factory.mktemp("disks") / "disk.raw"
    path.write_bytes(bytes(2 * MIB) + random.Random(3).randbytes(3 * MIB) + bytes(3 * MIB))
    run("sfdisk", "-q", path, cwd=path.parent, given="label: gpt\n,2MiB\n,\n")
    return path


@pytest.mark.parametrize(
    ("claimed", "flags"),
    [
        ("qcow2", ["qcow2"]),
        ("qcow2", ["qcow2", "-c"]),
        ("qcow2", ["qcow2", "-c", "-o", "compression_type=zstd"]),
        ("qcow2", ["qcow2", "-o", "compat=0.10"]),
        ("qcow2", ["qcow2", "-o", "compat=0.10,cluster_size=4k", "-c"]),
        ("qcow2", ["qcow2", "-o", "lazy_refcounts=on"]),
        ("qcow2", ["qcow2", "-o", "cluster_size=2M,preallocation=metadata"]),
        ("qcow2", ["qcow2", "-o", "cluster_size=512"]),
        ("qcow2", ["qcow2", "-o", "extended_l2=on,refcount_bits=1"]),
        ("qcow2", ["qcow2", "-o", "refcount_bits=64"]),
        ("vmdk", ["vmdk"]),
        ("vmdk", ["vmdk", "-o", "subformat=streamOptimized"]),
        ("vmdk", ["vmdk", "-o", "compat6=on"]),
        ("vmdk", ["vmdk", "-o", "adapter_type=lsilogic,hwversion=11,toolsversion=10"]),
        ("vmdk", ["vmdk", "-o", "zeroed_grain=on"]),
        ("vdi", ["vdi"]),
        ("vdi", ["vdi", "-o", "static=on"]),
        ("vhd", ["vpc", "-o", "force_size=on"]),
        ("vhd", ["vpc", "-o", "subformat=fixed,force_size=on"]),
        ("vhdx", ["vhdx"]),
        ("vhdx", ["vhdx", "-o", "subformat=fixed"]),
        ("vhdx", ["vhdx", "-o", "block_size=1M,log_size=2M"]),
        ("ploop", ["parallels"]),
    ],
    ids=lambda flags: "-".join(flags[1:]) if isinstance(flags, list) else flags,
)
def test_what_qemu_img_writes_is_accepted(tmp_path: Path, disk: Path, claimed: str, flags: list[str]) -> None:
    image = tmp_path / "disk.image"
    run("qemu-img", "convert", "-f", "raw", "-O", *flags, disk, image, cwd=tmp_path)
    assert verdict(image, claimed) == Inspected(claimed, SIZE)


def test_a_qcow2_with_snapshots_and_bitmaps_is_accepted(tmp_path: Path) -> None:
    image = tmp_path / "disk.qcow2"
    run("qemu-img", "create", "-f", "qcow2", image, "8M", cwd=tmp_path)
    for name in ("first", "second"):
        run("qemu-img", "snapshot", "-c", name, image, cwd=tmp_path)
        run("qemu-img", "bitmap", "--add", image, name, cwd=tmp_path)
    assert verdict(image, "qcow2") == Inspected("qcow2", SIZE)


@pytest.mark.parametrize("layout", ["monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat"])
def test_a_vmdk_in_several_files_is_refused(tmp_path: Path, layout: str) -> None:
    run("qemu-img", "create", "-f", "vmdk", "-o", f"subformat={layout}", "disk.vmdk", "8M", cwd=tmp_path)
    with pytest.raises(Unsafe, match="where other files lie"):
        verdict(tmp_path / "disk.vmdk", "vmdk")


@pytest.mark.parametrize("label", ["gpt", "dos"])
def test_a_partitioned_disk_is_raw(tmp_path: Path, label: str) -> None:
    disk = tmp_path / "disk.raw"
    disk.write_bytes(bytes(SIZE))
    run("sfdisk", "-q", disk, cwd=tmp_path, given=f"label: {label}\n,2MiB,L,*\n,\n")
    assert verdict(disk, "raw") == Inspected("raw", SIZE)


@pytest.mark.parametrize("tool", [["mkfs.ext4", "-q"], ["mkfs.vfat"]])
def test_a_file_system_without_partitions_is_raw(tmp_path: Path, tool: list[str]) -> None:
    disk = tmp_path / "disk.raw"
    disk.write_bytes(bytes(SIZE))
    run(*tool, disk, cwd=tmp_path)
    assert verdict(disk, "raw") == Inspected("raw", SIZE)


@pytest.mark.skipif(shutil.which("genisoimage") is None, reason="The program genisoimage is not installed.")
@pytest.mark.parametrize("flags", [[], ["-udf"], ["-R", "-J"]])
def test_an_optical_disc_is_an_iso(tmp_path: Path, flags: list[str]) -> None:
    (tmp_path / "file").write_text("sky")
    run("genisoimage", "-quiet", *flags, "-o", "disc.iso", "file", cwd=tmp_path)
    assert verdict(tmp_path / "disc.iso", "iso").format == "iso"


@pytest.mark.parametrize("form", ["ustar", "gnu", "posix", "v7"])
def test_what_tar_writes_is_accepted(tmp_path: Path, disk: Path, form: str) -> None:
    (tmp_path / "box.ovf").write_text("<Envelope/>")
    (tmp_path / "disk.vmdk").symlink_to(disk)
    run("tar", "-chf", "box.ova", f"--format={form}", "box.ovf", "disk.vmdk", cwd=tmp_path)
    for container in ("ova", "docker", "ovf"):
        assert verdict(tmp_path / "box.ova", "vmdk", container) == Inspected("vmdk", None)


def test_what_gzip_and_zip_write_is_accepted(tmp_path: Path, disk: Path) -> None:
    packed = tmp_path / "disk.gz"
    packed.write_bytes(gzip.compress(disk.read_bytes(), 1))
    assert verdict(packed, "raw", "compressed") == Inspected("raw", None)
    if shutil.which("zip"):
        run("zip", "-q", "-1", "disk.zip", os.path.relpath(disk, tmp_path), cwd=tmp_path)
        assert verdict(tmp_path / "disk.zip", "raw", "compressed") == Inspected("raw", None)


def test_a_vmdk_with_a_footer_is_accepted(tmp_path: Path) -> None:
    """As the OpenStack test images make it: the header points to its copy at the end."""
    run("qemu-img", "create", "-f", "vmdk", "disk.vmdk", "8M", cwd=tmp_path)
    image = (tmp_path / "disk.vmdk").read_bytes()
    marker = bytes(12) + b"\3".ljust(500, b"\0")
    streamed = image[:56] + b"\xff" * 8 + image[64:] + marker + image[:512] + bytes(512)
    (tmp_path / "disk.vmdk").write_bytes(streamed)
    assert verdict(tmp_path / "disk.vmdk", "vmdk") == Inspected("vmdk", SIZE)
