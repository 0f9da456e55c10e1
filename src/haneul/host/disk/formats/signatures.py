"""Formats that are known by their signature only: optical discs, partition tables, and disks that we never open."""

from haneul.host.disk.formats.sample import Sample

# ISO 9660 (ECMA-119) and UDF (ECMA-167) keep their descriptors from sector 16 on.
ISO_DESCRIPTORS_AT = range(0x8000, 0x8000 + 16 * 2048, 2048)
ISO_NAMES = (b"CD001", b"BEA01", b"NSR02", b"NSR03")
GPT_NAME = b"EFI PART"
GPT_AT = (512, 4096)
APPLE_TRAILER_BYTES = 512

NEVER_OPENED = {
    "qed": (b"QED\0",),
    "luks": (b"LUKS\xba\xbe",),
    "ploop": (b"WithoutFreeSpace", b"WithouFreSpacExt"),
    "bochs": (b"Bochs Virtual HD Image",),
    "cloop": (b"#!/bin/sh\n#V2.0 Format\n",),
}


def is_iso(sample: Sample) -> bool:
    """Say whether this is an optical disc's image."""
    return any(sample.starts_with(name, at + 1) for at in ISO_DESCRIPTORS_AT for name in ISO_NAMES)


def has_gpt(sample: Sample) -> bool:
    """Say whether this is a disk with a GUID partition table."""
    return any(sample.starts_with(GPT_NAME, at) for at in GPT_AT)


def never_opened(sample: Sample) -> list[str]:
    """Return the formats, of those that no cloud opens, whose signature the file has."""
    found = [name for name, magics in NEVER_OPENED.items() if any(map(sample.starts_with, magics))]
    if sample.tail[-APPLE_TRAILER_BYTES:].startswith(b"koly"):
        found.append("dmg")
    return found
