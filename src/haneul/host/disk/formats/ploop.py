"""Virtuozzo's format, versions 1 and 2, which no program of ours opens (OpenVZ: include/ploop/ploop1_image.h)."""

from haneul.host.disk.formats.sample import Sample, Unsafe

VERSION_1 = b"WithoutFreeSpace"
VERSION_2 = b"WithouFreSpacExt"
SECTOR = 512
HEADER_BYTES = 64
EXPANDABLE = 2
MAX_CLUSTER_SECTORS = 1 << 16


def matches(sample: Sample) -> bool:
    """Say whether the file begins as a ploop image, which is a Parallels disk too, does."""
    return sample.starts_with(VERSION_1) or sample.starts_with(VERSION_2)


def virtual_size(sample: Sample) -> int:
    """Check the header and return the disk's size in bytes; Unsafe if its map is absurd or not inside the file."""
    sample.take(0, HEADER_BYTES)
    cluster, clusters = sample.little(28, 4) * SECTOR, sample.little(32, 4)
    size = sample.little(36, 8 if sample.starts_with(VERSION_2) else 4) * SECTOR
    if sample.little(16, 4) != EXPANDABLE:
        raise Unsafe("The image is a ploop of a version that this cloud does not know.")
    if not 0 < cluster <= MAX_CLUSTER_SECTORS * SECTOR or cluster & (cluster - 1) or clusters * cluster < size:
        raise Unsafe("The image's block map does not fit the size of its disk.")
    if HEADER_BYTES + 4 * clusters > sample.total or sample.little(48, 4) * SECTOR > sample.total:
        raise Unsafe("The image's block map is not inside the file: it was cut off or is damaged.")
    return size
