"""The header extensions of a qcow2 (QEMU: docs/interop/qcow2.txt), each known by its number."""

from haneul.host.disk.formats.sample import Sample, Unsafe

END = 0
BACKING_FORMAT = 0xE2792ACA
FEATURE_NAMES = 0x6803F857
BITMAPS = 0x23852875
ENCRYPTION = 0x0537BE77
DATA_FILE = 0x44415441
MOST = 64
FEATURE_NAME_BYTES = 48
MAX_FEATURE_NAMES = 256
BITMAPS_BYTES = 24
MAX_BITMAPS = 65535
MAX_BITMAP_DIRECTORY_BYTES = 64 << 20


def refuse_hostile(sample: Sample, offset: int, cluster: int) -> None:
    """Walk the extensions from `offset`, all inside the first cluster; refuse another file's name and encryption."""
    end = min(sample.total, cluster)
    for _ in range(MOST):
        if offset + 8 > end:
            return
        kind, length = sample.big(offset, 4), sample.big(offset + 4, 4)
        if kind == END:
            return
        refuse_kind(kind)
        if offset + 8 + length > end:
            raise Unsafe("A header extension of the image is longer than the space it stands in.")
        refuse_content(sample, kind, offset + 8, length)
        offset += 8 + (length + 7) // 8 * 8
    raise Unsafe("The image has more header extensions than any real image has.")


def refuse_kind(kind: int) -> None:
    """Refuse an extension that reaches out of the file, and one that nobody has told us of."""
    if kind in (DATA_FILE, BACKING_FORMAT):
        raise Unsafe("The image names another file. Convert it to an image that stands alone (qemu-img convert).")
    if kind == ENCRYPTION:
        raise Unsafe("The image is encrypted. Upload it unencrypted, and encrypt the volume instead.")
    if kind not in (FEATURE_NAMES, BITMAPS):
        raise Unsafe("The image has a header extension that this cloud does not know.")


def refuse_content(sample: Sample, kind: int, offset: int, length: int) -> None:
    """Refuse a table of names that is no table, and bitmaps that are absurd or outside of the file."""
    if kind == FEATURE_NAMES:
        if length % FEATURE_NAME_BYTES or length > MAX_FEATURE_NAMES * FEATURE_NAME_BYTES:
            raise Unsafe("The image's table of feature names has a length that none can have.")
        return
    if length != BITMAPS_BYTES:
        raise Unsafe("The image's list of bitmaps has a length that none can have.")
    count, size, at = sample.big(offset, 4), sample.big(offset + 8, 8), sample.big(offset + 16, 8)
    if not 0 < count <= MAX_BITMAPS or not 0 < size <= MAX_BITMAP_DIRECTORY_BYTES or at + size > sample.total:
        raise Unsafe("The image's list of bitmaps is absurd or is not inside the file.")
