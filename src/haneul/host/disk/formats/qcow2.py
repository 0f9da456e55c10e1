"""QEMU's copy-on-write format, versions 2 and 3 (QEMU: docs/interop/qcow2.txt)."""

from haneul.host.disk.formats import qcow2_extensions
from haneul.host.disk.formats.sample import Sample, Unsafe

MAGIC = b"QFI\xfb"
VERSION_2_HEADER = 72
VERSION_3_HEADER = 104
MAX_HEADER = 4096
EXTERNAL_DATA = 1 << 2
COMPRESSION_TYPE = 1 << 3
EXTENDED_L2 = 1 << 4
CORRUPT = 1 << 1
KNOWN_FEATURES = 0b11111
RAW_EXTERNAL_DATA = 1 << 1
MAX_L1_BYTES = 32 << 20
MAX_REFCOUNT_TABLE_BYTES = 8 << 20
MAX_SNAPSHOTS = 65536
SNAPSHOT_BYTES = 40


def matches(sample: Sample) -> bool:
    """Say whether the file begins as a qcow (any version) does."""
    return sample.starts_with(MAGIC)


def virtual_size(sample: Sample) -> int:
    """Check the header and return the disk's size in bytes; Unsafe if it names another file or is absurd."""
    version = sample.big(4, 4)
    if version not in (2, 3):
        raise Unsafe(f"The image is a qcow of version {version}; only versions 2 and 3 can be used.")
    sample.take(0, VERSION_2_HEADER if version == 2 else VERSION_3_HEADER)
    features = sample.big(72, 8) if version == 3 else 0
    refuse_other_files(sample, features)
    if version == 3 and sample.big(88, 8) & RAW_EXTERNAL_DATA:
        raise Unsafe("The image keeps its contents in another file. Convert it to an image that stands alone.")
    refuse_features(features)
    header_bytes = VERSION_2_HEADER if version == 2 else version_3_header(sample, features)
    qcow2_extensions.refuse_hostile(sample, header_bytes, 1 << cluster_bits(sample))
    refuse_tables(sample, features)
    return sample.big(24, 8)


def refuse_other_files(sample: Sample, features: int) -> None:
    """Refuse a backing file, an external data file and encryption."""
    if sample.big(8, 8) or sample.big(16, 4):
        raise Unsafe("The image names a backing file. Convert it to an image that stands alone (qemu-img convert).")
    if features & EXTERNAL_DATA:
        raise Unsafe("The image keeps its contents in another file. Convert it to an image that stands alone.")
    if sample.big(32, 4):
        raise Unsafe("The image is encrypted. Upload it unencrypted, and encrypt the volume instead.")


def refuse_features(features: int) -> None:
    """Refuse what the format's specification says must not be opened."""
    if features & ~KNOWN_FEATURES:
        raise Unsafe("The image needs a qcow2 feature that this cloud does not know.")
    if features & CORRUPT:
        raise Unsafe("The image is marked as corrupt. Repair it first (qemu-img check -r all).")


def version_3_header(sample: Sample, features: int) -> int:
    """Return the length of a version 3 header in bytes after checking the fields that only it has."""
    length = sample.big(100, 4)
    if length < VERSION_3_HEADER or length % 8 or length > min(MAX_HEADER, 1 << cluster_bits(sample)):
        raise Unsafe("The image's header has a length that no qcow2 header can have.")
    sample.take(0, length)
    if sample.big(96, 4) > 6:
        raise Unsafe("The image's reference counts are wider than qcow2 allows.")
    compression = sample.big(104, 1) if length > VERSION_3_HEADER else 0
    if compression > 1 or bool(compression) != bool(features & COMPRESSION_TYPE):
        raise Unsafe("The image is compressed in a way that this cloud does not know.")
    return length


def cluster_bits(sample: Sample) -> int:
    """Return the power of two of a cluster's size; Unsafe outside of 512 bytes to 2 MiB."""
    bits = sample.big(20, 4)
    if not 9 <= bits <= 21:
        raise Unsafe("The image's cluster size is outside of what qcow2 allows (512 bytes to 2 MiB).")
    return bits


def refuse_tables(sample: Sample, features: int) -> None:
    """Refuse tables that are absurd, too small for the disk, outside of the file or over each other."""
    bits = cluster_bits(sample)
    if features & EXTENDED_L2 and bits < 14:
        raise Unsafe("The image's clusters are too small for the subclusters it says it has.")
    l1_entries, l1_at = sample.big(36, 4), sample.big(40, 8)
    l2_entry_bytes = 16 if features & EXTENDED_L2 else 8
    bytes_per_l1_entry = (1 << 2 * bits) // l2_entry_bytes
    if l1_entries * 8 > MAX_L1_BYTES or l1_entries * bytes_per_l1_entry < sample.big(24, 8):
        raise Unsafe("The image's mapping table does not fit the size of its disk.")
    refuse_place(sample, l1_at, l1_entries * 8)
    counts_at, counts_clusters = sample.big(48, 8), sample.big(56, 4)
    if not counts_clusters or counts_clusters << bits > MAX_REFCOUNT_TABLE_BYTES:
        raise Unsafe("The image's reference table has a size that no real image has.")
    refuse_place(sample, counts_at, 1)
    if l1_at < counts_at + (counts_clusters << bits) and counts_at < l1_at + l1_entries * 8:
        raise Unsafe("The image's tables lie over each other.")
    refuse_snapshots(sample)


def refuse_snapshots(sample: Sample) -> None:
    """Refuse more snapshots than there can be, and a table of them that is not inside the file."""
    count = sample.big(60, 4)
    if count > MAX_SNAPSHOTS:
        raise Unsafe("The image says it has more snapshots than qcow2 allows.")
    refuse_place(sample, sample.big(64, 8), count * SNAPSHOT_BYTES)


def refuse_place(sample: Sample, offset: int, length: int) -> None:
    """Refuse a table that is not aligned, lies over the header or beyond the end of the file."""
    cluster = 1 << cluster_bits(sample)
    if length and (offset % cluster or offset < cluster or offset + length > sample.total):
        raise Unsafe("The image points to a table that is not inside the file: it was cut off or is damaged.")
