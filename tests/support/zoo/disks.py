"""Honest files of every claimable format, as this package writes them: the hostile ones differ from them by little."""

from collections.abc import Callable

from tests.support.zoo import makers

HONEST: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "qcow2": (makers.qcow2, "qcow2", "bare"),
    "qcow2_version_2": (lambda: makers.qcow2(version=2), "qcow2", "bare"),
    "qcow2_feature_names": (lambda: makers.qcow2(more=makers.extension(0x6803F857, b"x" * 96)), "qcow2", "bare"),
    "vmdk": (makers.vmdk, "vmdk", "bare"),
    "vmdk_footer": (makers.streamed_vmdk, "vmdk", "bare"),
    "vhd": (makers.vhd, "vhd", "bare"),
    "vhd_fixed": (lambda: makers.fixed_vhd(makers.gpt()), "vhd", "bare"),
    "vdi": (makers.vdi, "vdi", "bare"),
    "vhdx": (makers.vhdx, "vhdx", "bare"),
    "vhdx_old_log": (
        lambda: makers.patch(makers.vhdx(), 64 * 1024, makers.vhdx_header(1, b"l" * 16)),
        "vhdx",
        "bare",
    ),
    "ploop": (makers.ploop, "ploop", "bare"),
    "ploop_version_1": (lambda: makers.ploop(version=1), "ploop", "bare"),
    "iso": (makers.iso, "iso", "bare"),
    "raw": (lambda: bytes(4096), "raw", "bare"),
    "raw_mbr": (lambda: makers.mbr(makers.LINUX).ljust(64 * 1024, b"\0"), "raw", "bare"),
    "raw_gpt": (makers.gpt, "raw", "bare"),
    "raw_gzip": (lambda: makers.gzipped(b"a disk"), "raw", "bare"),
    "ami": (lambda: bytes(4096), "ami", "ami"),
    "aki": (lambda: makers.patch(b"MZ".ljust(4096, b"\7"), 510, b"\x55\xaa"), "aki", "aki"),
    "ari": (lambda: makers.gzipped(b"cpio"), "ari", "ari"),
    "ova": (lambda: makers.tar({"box.ovf": makers.OVF, "box.vmdk": makers.vmdk()}), "vmdk", "ova"),
    "ova_pax": (lambda: makers.tar({"x" * 120: b"y", "box.ovf": makers.OVF}, 2), "vmdk", "ova"),
    "ova_gnu": (lambda: makers.tar({"x" * 120: b"y", "box.ovf": makers.OVF}, 1), "vmdk", "ova"),
    "docker": (lambda: makers.tar({"manifest.json": b"[]", "layer.tar": bytes(2000)}), "raw", "docker"),
    "ovf": (lambda: makers.OVF, "vmdk", "ovf"),
    "ovf_package": (lambda: makers.tar({"box.ovf": makers.OVF}), "vmdk", "ovf"),
    "ovf_disk": (makers.qcow2, "qcow2", "ovf"),
    "compressed_gzip": (lambda: makers.gzipped(makers.qcow2()), "qcow2", "compressed"),
    "compressed_zip": (lambda: makers.zipped({"disk": makers.vdi()}), "vdi", "compressed"),
    "compressed_lha": (lambda: b"\x25\0-lh5-".ljust(20, b"\0") + b"\2" + bytes(40), "raw", "compressed"),
}
