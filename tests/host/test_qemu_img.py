"""qemu-img as it is run for images of unknown origin."""

import json
import os
import struct
import subprocess
from pathlib import Path

import pytest
from tests.support.zoo.makers import patch, vmdk
from tests.support.zoo.qcow2 import on_backing, with_data_file
from tests.support.zoo.vmdk import FLAT

from haneul.host.disk import qemu_img
from haneul.host.run import RunFailed

ME = os.getuid()
MIB = 1 << 20


@pytest.fixture
def base(tmp_path: Path) -> Path:
    made = tmp_path / "base.raw"
    made.write_bytes(b"sky" + bytes(MIB - 3))
    return made


def test_an_overlay_reads_its_base_and_has_its_own_size(tmp_path: Path, base: Path) -> None:
    overlay, copy = tmp_path / "disk.qcow2", tmp_path / "copy.raw"
    qemu_img.create_overlay(overlay, base, "raw", 8 * MIB, ME)
    shape = qemu_img.shape(overlay, "qcow2", ME)
    assert shape.virtual_size == 8 * MIB
    assert shape.names_other_files
    with pytest.raises(RunFailed, match="names other files"):
        qemu_img.convert(overlay, "qcow2", copy, "raw", ME, most_bytes=8 * MIB)
    assert not copy.exists()


def test_a_blank_disk_and_a_copy(tmp_path: Path, base: Path) -> None:
    blank, copy = tmp_path / "blank.qcow2", tmp_path / "copy.qcow2"
    qemu_img.create_blank(blank, 3 * MIB, ME)
    assert qemu_img.shape(blank, "qcow2", ME).virtual_size == 3 * MIB
    assert not qemu_img.shape(blank, "qcow2", ME).names_other_files
    qemu_img.convert(base, "raw", copy, "qcow2", ME, most_bytes=8 * MIB)
    assert qemu_img.shape(copy, "qcow2", ME).virtual_size == MIB


def test_a_file_is_never_taken_for_another_format_than_named(tmp_path: Path, base: Path) -> None:
    inner = tmp_path / "inner.qcow2"
    qemu_img.create_overlay(inner, base, "raw", MIB, ME)
    as_raw = qemu_img.shape(inner, "raw", ME)
    assert as_raw.virtual_size == -(-inner.stat().st_size // 512) * 512
    assert not as_raw.names_other_files
    with pytest.raises(RunFailed, match="not in qcow2 format"):
        qemu_img.shape(base, "qcow2", ME)


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can run qemu-img under another account.")
def test_it_runs_without_our_rights(base: Path) -> None:
    base.chmod(0o600)
    with pytest.raises(RunFailed, match="Permission denied"):
        qemu_img.shape(base, "raw", 65534)


@pytest.mark.parametrize("source_format", ["qcow2", "vmdk", "vdi", "vhd", "vhdx"])
def test_a_copy_to_raw_keeps_the_holes(tmp_path: Path, source_format: str) -> None:
    disk, image, copy = tmp_path / "disk.raw", tmp_path / "image", tmp_path / "copy.raw"
    disk.write_bytes(os.urandom(MIB) + bytes(14 * MIB) + os.urandom(MIB))
    flags = ["-o", "force_size=on"] if source_format == "vhd" else []
    name = {"vhd": "vpc"}.get(source_format, source_format)
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", name, *flags, disk, image], check=True)
    qemu_img.convert(image, source_format, copy, "raw", ME, most_bytes=16 * MIB)
    assert copy.read_bytes() == disk.read_bytes()
    assert copy.stat().st_blocks * 512 < 4 * MIB


def test_a_copy_ends_at_its_limit_and_leaves_nothing(tmp_path: Path) -> None:
    blank, copy = tmp_path / "blank.qcow2", tmp_path / "copy.raw"
    qemu_img.create_blank(blank, 64 * MIB, ME)
    with pytest.raises(RunFailed, match=r"larger than it may be|File too large"):
        qemu_img.convert(blank, "qcow2", copy, "raw", ME, most_bytes=8 * MIB)
    assert not copy.exists()


def test_a_copy_writes_over_nothing(tmp_path: Path, base: Path) -> None:
    with pytest.raises(RunFailed, match="cannot be made: something is there already"):
        qemu_img.convert(base, "raw", base, "qcow2", ME, most_bytes=MIB)
    assert base.read_bytes().startswith(b"sky")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunFailed, match="cannot be made"):
        qemu_img.create_blank(link, MIB, ME)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("disk_format", ["ploop", "qed", "luks", "nbd", "json:{}", ""])
def test_what_is_never_opened_is_not_opened(base: Path, disk_format: str) -> None:
    with pytest.raises(RunFailed, match="never opened"):
        qemu_img.shape(base, disk_format, ME)


# What our reader of headers refuses, given to qemu-img all the same: the cage is the second wall.
URL = b"http://127.0.0.1:80/disk"
HOSTILE = {
    "backing": ("qcow2", on_backing(b"/etc/passwd")),
    "backing-json": ("qcow2", on_backing(b'json:{"driver":"raw","file":{"driver":"file","filename":"/etc/passwd"}}')),
    "backing-url": ("qcow2", on_backing(URL)),
    "data-file": ("qcow2", with_data_file(b"/etc/passwd")),
    "data-file-json": ("qcow2", with_data_file(b'json:{"driver":"file","filename":"/etc/passwd"}')),
    "flat": ("vmdk", FLAT),
    "no-capacity": ("vmdk", vmdk(text=FLAT, capacity=0)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_image_reaches_nothing(tmp_path: Path, name: str) -> None:
    disk_format, content = HOSTILE[name]
    image, copy = tmp_path / "image", tmp_path / "copy"
    image.write_bytes(content)
    with pytest.raises(RunFailed):
        qemu_img.convert(image, disk_format, copy, "raw", ME, most_bytes=64 * MIB)
    assert not copy.exists()


@pytest.mark.parametrize("name", HOSTILE)
def test_the_cage_alone_holds_it(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even without the look that comes before a copy."""
    disk_format, content = HOSTILE[name]
    image, copy = tmp_path / "image", tmp_path / "copy"
    image.write_bytes(content)
    alone = qemu_img.ImageShape(virtual_size=MIB, names_other_files=False)
    monkeypatch.setattr(qemu_img, "shape", lambda *_: alone)
    with pytest.raises(RunFailed, match=r"No such file or directory|Could not|Unknown protocol|CURL|curl"):
        qemu_img.convert(image, disk_format, copy, "raw", ME, most_bytes=64 * MIB)
    assert not copy.exists()


def test_the_hostile_images_would_reach_a_file_outside_of_the_cage(tmp_path: Path) -> None:
    """Otherwise the tests above would prove nothing."""
    image, copy = tmp_path / "image", tmp_path / "copy"
    image.write_bytes(patch(HOSTILE["backing"][1], 24, struct.pack(">Q", MIB)))
    argv = ["qemu-img", "convert", "-f", "qcow2", "-O", "raw", str(image), str(copy)]
    subprocess.run(argv, check=True, capture_output=True)
    assert copy.read_bytes().startswith(Path("/etc/passwd").read_bytes())


def test_a_sentence_names_no_path_of_the_host(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(b"not a disk" * 1000)
    with pytest.raises(RunFailed) as failed:
        qemu_img.shape(image, "qcow2", ME)
    assert str(tmp_path) not in str(failed.value)


def test_an_overlay_finds_its_base_outside_of_the_cage(tmp_path: Path, base: Path) -> None:
    overlay = tmp_path / "disk.qcow2"
    qemu_img.create_overlay(overlay, base, "raw", MIB, ME)
    said = subprocess.run(["qemu-img", "info", "--output=json", overlay], check=True, capture_output=True).stdout
    assert json.loads(said)["full-backing-filename"] == str(base)
    assert overlay.stat().st_uid == ME
