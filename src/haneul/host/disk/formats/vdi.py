"""VirtualBox's format (QEMU: block/vdi.c)."""

from haneul.host.disk.formats.sample import Sample, Unsafe

SIGNATURE = bytes.fromhex("7f10dabe")
SIGNATURE_AT = 0x40
VERSION_1_1 = 0x00010001
STANDS_ALONE = (1, 2)
BLOCK_BYTES = 1 << 20


def matches(sample: Sample) -> bool:
    """Say whether VirtualBox's signature is at its place."""
    return sample.starts_with(SIGNATURE, SIGNATURE_AT)


def virtual_size(sample: Sample) -> int:
    """Check the header and return the disk's size in bytes; Unsafe if it depends on another image."""
    if sample.little(0x44, 4) != VERSION_1_1:
        raise Unsafe("The image is a VDI of a version that this cloud does not know.")
    if sample.little(0x4C, 4) not in STANDS_ALONE or any(sample.take(0x1A8, 32)):
        raise Unsafe("The image depends on a parent image. Clone it in VirtualBox to one that stands alone.")
    size, block, blocks = sample.little(0x170, 8), sample.little(0x178, 4), sample.little(0x180, 4)
    if block != BLOCK_BYTES or blocks * block < size:
        raise Unsafe("The image's block map does not fit the size of its disk.")
    return size
