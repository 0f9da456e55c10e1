"""qemu-img as it is run for images of unknown origin."""

import os
from pathlib import Path

import pytest

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
        qemu_img.convert(overlay, "qcow2", copy, "raw", ME)
    assert not copy.exists()


def test_a_blank_disk_and_a_copy(tmp_path: Path, base: Path) -> None:
    blank, copy = tmp_path / "blank.qcow2", tmp_path / "copy.qcow2"
    qemu_img.create_blank(blank, 3 * MIB, ME)
    assert qemu_img.shape(blank, "qcow2", ME).virtual_size == 3 * MIB
    assert not qemu_img.shape(blank, "qcow2", ME).names_other_files
    qemu_img.convert(base, "raw", copy, "qcow2", ME)
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
