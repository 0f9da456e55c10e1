"""Files that are two things at once: what one program checks, another opens as something else."""

from tests.support.zoo.animal import hostile
from tests.support.zoo.makers import (
    LINUX,
    OVF,
    fixed_vhd,
    gpt,
    iso,
    mbr,
    patch,
    ploop,
    qcow2,
    tar,
    vdi,
    vhdx,
    vmdk,
    zipped,
)
from tests.support.zoo.qcow2 import TARGET, on_backing
from tests.support.zoo.vmdk import FLAT

TWO = "more than one format"


@hostile("iso", TWO)
def polyglot_iso_qcow2() -> bytes:
    """The classic of the advisories: an optical disc with a qcow2's header in its system area."""
    return patch(iso(), 0, on_backing(TARGET)[:0x8000])


@hostile("iso", TWO)
def polyglot_iso_vmdk() -> bytes:
    return patch(iso(), 0, vmdk()[:0x8000])


@hostile("iso", TWO)
def polyglot_iso_descriptor() -> bytes:
    return patch(iso(), 0, FLAT)


@hostile("iso", TWO)
def polyglot_iso_gpt() -> bytes:
    return patch(iso(), 0, gpt()[:0x8000])


@hostile("iso", TWO)
def polyglot_iso_mbr() -> bytes:
    return patch(iso(), 0, mbr(LINUX))


@hostile("raw", "contents are iso")
def polyglot_iso_named_raw() -> bytes:
    return iso()


@hostile("iso", TWO)
def polyglot_iso_zip() -> bytes:
    return iso() + zipped({"disk": b"x"})


@hostile("qcow2", TWO)
def polyglot_qcow2_iso_in_a_later_sector() -> bytes:
    return patch(qcow2(), 0x8000 + 15 * 2048, b"\1CD001\1")


@hostile("qcow2", TWO)
def polyglot_qcow2_udf() -> bytes:
    return patch(qcow2(), 0x8000, b"\0BEA01\1")


@hostile("qcow2", TWO)
def polyglot_qcow2_vhd_footer() -> bytes:
    return qcow2() + fixed_vhd(b"")


@hostile("raw", "contents are vhd")
def polyglot_raw_vhd_footer() -> bytes:
    return fixed_vhd(bytes(4096))


@hostile("raw", "contents are vhd")
def polyglot_raw_old_vhd_footer() -> bytes:
    return bytes(4096) + b"conectix".ljust(511, b"\0")


@hostile("vhd", TWO)
def polyglot_fixed_vhd_qcow2() -> bytes:
    return fixed_vhd(on_backing(TARGET))


@hostile("qcow2", TWO)
def polyglot_qcow2_vdi() -> bytes:
    return patch(qcow2(version=2), 0x40, vdi()[0x40:0x44])


@hostile("vmdk", TWO)
def polyglot_descriptor_vdi() -> bytes:
    return patch(FLAT.ljust(4096, b"\n"), 0x40, bytes.fromhex("7f10dabe"))


@hostile("vmdk", TWO)
def polyglot_descriptor_iso() -> bytes:
    return patch(FLAT.ljust(0x9000, b"\n"), 0x8001, b"CD001")


@hostile("qcow2", TWO)
def polyglot_qcow2_boot_record() -> bytes:
    return patch(qcow2(), 446, mbr(LINUX)[446:])


@hostile("vmdk", TWO)
def polyglot_vmdk_boot_record() -> bytes:
    return patch(vmdk(), 446, mbr(LINUX)[446:])


@hostile("qcow2", TWO)
def polyglot_qcow2_zip() -> bytes:
    return qcow2() + zipped({"disk": b"x"})


@hostile("vdi", TWO)
def polyglot_vdi_gzip() -> bytes:
    return patch(vdi(), 0, b"\x1f\x8b\x08")


@hostile("vhdx", TWO)
def polyglot_vhdx_dmg() -> bytes:
    return vhdx() + b"koly".ljust(512, b"\0")


@hostile("ploop", TWO)
def polyglot_ploop_iso() -> bytes:
    return patch(ploop(), 0x8001, b"CD001")


@hostile("raw", TWO)
def polyglot_tar_boot_record() -> bytes:
    return _summed(patch(tar({"disk": bytes(2000)}), 446, mbr(LINUX)[446:]))


@hostile("vmdk", TWO, container="ova")
def polyglot_ova_boot_record() -> bytes:
    return _summed(patch(tar({"box.ovf": OVF}), 446, mbr(LINUX)[446:]))


@hostile("vmdk", TWO, container="ova")
def polyglot_ova_qcow2() -> bytes:
    """A tar archive whose first member's name is a qcow2's header."""
    return _summed(patch(tar({"box.ovf": OVF}), 0, qcow2(version=2)[:72]))


@hostile("raw", TWO, container="docker")
def polyglot_docker_iso() -> bytes:
    return tar({"layer.tar": bytes(0x8000 - 512) + b"\1CD001\1".ljust(2048, b"\0")})


@hostile("qcow2", TWO, container="compressed")
def polyglot_gzip_iso() -> bytes:
    return patch(iso(), 0, b"\x1f\x8b\x08")


def _summed(archive: bytes) -> bytes:
    header = patch(archive[:512], 148, b" " * 8)
    return patch(archive, 148, b"%06o\0 " % sum(header))
