"""Formats that are known by their signature only: optical discs, archives, and disks that we never open."""

from haneul.host.disk.formats.sample import Sample
from haneul.host.disk.formats.tar import is_header

# ISO 9660 (ECMA-119) and UDF (ECMA-167) keep their descriptors from sector 16 on.
ISO_DESCRIPTORS_AT = range(0x8000, 0x8000 + 16 * 2048, 2048)
ISO_NAMES = (b"CD001", b"BEA01", b"NSR02", b"NSR03")
APPLE_TRAILER_BYTES = 512

NEVER_OPENED = {
    "qed": (b"QED\0",),
    "luks": (b"LUKS\xba\xbe", b"SKUL\xba\xbe"),
    "bochs": (b"Bochs Virtual HD Image",),
    "cloop": (b"#!/bin/sh\n#V2.0 Format\n",),
    "dmg": (b"encrcdsa",),
}
ARCHIVES = {
    "gzip": b"\x1f\x8b\x08",
    "zip": b"PK\x03\x04",
    "xz": b"\xfd7zXZ\0",
    "bzip2": b"BZh",
    "zstd": b"\x28\xb5\x2f\xfd",
    "7z": b"7z\xbc\xaf\x27\x1c",
}
LHA_MAGIC, LHA_AT = b"-lh", 2
ZIP_END, ZIP_END_BYTES = b"PK\x05\x06", 22


def is_iso(sample: Sample) -> bool:
    """Say whether this is an optical disc's image."""
    return any(sample.starts_with(name, at + 1) for at in ISO_DESCRIPTORS_AT for name in ISO_NAMES)


def never_opened(sample: Sample) -> list[str]:
    """Return the formats, of those that no cloud opens, whose signature the file has."""
    found = [name for name, magics in NEVER_OPENED.items() if any(map(sample.starts_with, magics))]
    if sample.ends_with(b"koly", APPLE_TRAILER_BYTES) or sample.ends_with(b"cdsaencr", 8):
        found.append("dmg")
    return found


def archives(sample: Sample) -> list[str]:
    """Return the kinds of archive and of compression that the file could be taken for."""
    found = [name for name, magic in ARCHIVES.items() if sample.starts_with(magic)]
    if sample.starts_with(LHA_MAGIC, LHA_AT):
        found.append("lha")
    if sample.ends_with(ZIP_END, ZIP_END_BYTES) and "zip" not in found:
        found.append("zip")
    return [*found, "tar"] if is_header(sample.head[:512]) else found
