"""VirtualBox's format (QEMU: block/vdi.c)."""

from haneul.host.disk.formats.sample import Sample, Unsafe

SIGNATURE = bytes.fromhex("7f10dabe")
SIGNATURE_AT = 0x40
VERSION_1_1 = 0x00010001
STANDS_ALONE = (1, 2)
HEADER_BYTES = 512
SECTOR_BYTES = 512
BLOCK_BYTES = 1 << 20
MAX_BLOCKS = 0x20000000


def matches(sample: Sample) -> bool:
    """Say whether VirtualBox's signature is at its place."""
    return sample.starts_with(SIGNATURE, SIGNATURE_AT)


def virtual_size(sample: Sample) -> int:
    """Check the header and return the disk's size in bytes; Unsafe if it depends on another image."""
    if sample.little(0x44, 4) != VERSION_1_1:
        raise Unsafe("The image is a VDI of a version that this cloud does not know.")
    sample.take(0, HEADER_BYTES)
    if sample.little(0x4C, 4) not in STANDS_ALONE or any(sample.take(0x1A8, 32)):
        raise Unsafe("The image depends on a parent image. Clone it in VirtualBox to one that stands alone.")
    size = sample.little(0x170, 8)
    refuse_map(sample, size)
    return size


def refuse_map(sample: Sample, size: int) -> None:
    """Refuse a block map that is absurd, too small for the disk or not inside the file."""
    block, extra, blocks, used = (sample.little(at, 4) for at in (0x178, 0x17C, 0x180, 0x184))
    if block != BLOCK_BYTES or extra or blocks > MAX_BLOCKS or used > blocks or blocks * block < size:
        raise Unsafe("The image's block map does not fit the size of its disk.")
    map_at, blocks_at, sector = (sample.little(at, 4) for at in (0x154, 0x158, 0x168))
    if sector != SECTOR_BYTES or map_at % sector or map_at < HEADER_BYTES or map_at + 4 * blocks > sample.total:
        raise Unsafe("The image's block map is not inside the file: it was cut off or is damaged.")
    if blocks_at % sector or blocks_at < map_at + 4 * blocks:
        raise Unsafe("The image's blocks lie over its block map.")
