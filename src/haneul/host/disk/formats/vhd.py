"""Virtual PC's and Hyper-V's older format (Virtual Hard Disk Image Format Specification 1.0)."""

from haneul.host.disk.formats.sample import Sample, Unsafe

COOKIE = b"conectix"
DYNAMIC_COOKIE = b"cxsparse"
FOOTER_BYTES = 512
# Virtual PC before 2004 left out the last byte of its padding.
OLD_FOOTER_BYTES = 511
DYNAMIC_BYTES = 1024
VERSION_1 = 0x00010000
FIXED, DYNAMIC = 2, 3


def matches(sample: Sample) -> bool:
    """Say whether a footer stands at the end, or its copy at the beginning."""
    at_end = sample.ends_with(COOKIE, FOOTER_BYTES) or sample.ends_with(COOKIE, OLD_FOOTER_BYTES)
    return at_end or begins(sample)


def begins(sample: Sample) -> bool:
    """Say whether a copy of the footer stands at the beginning, as in all but fixed disks."""
    return sample.starts_with(COOKIE)


def virtual_size(sample: Sample) -> int:
    """Check the footer and return the disk's size in bytes; Unsafe if it depends on another image."""
    footer = sample.take(0, FOOTER_BYTES) if begins(sample) else sample.tail[-FOOTER_BYTES:]
    if len(footer) < FOOTER_BYTES or sample.tail[-FOOTER_BYTES:] != footer or not footer.startswith(COOKIE):
        raise Unsafe("The image's footer is missing or differs from its copy: it was cut off or is damaged.")
    if checksum(footer, 64) != int.from_bytes(footer[64:68], "big"):
        raise Unsafe("The checksum of the image's footer is wrong.")
    if int.from_bytes(footer[12:16], "big") != VERSION_1:
        raise Unsafe("The image is a VHD of a version that this cloud does not know.")
    size, kind = int.from_bytes(footer[48:56], "big"), int.from_bytes(footer[60:64], "big")
    if kind == DYNAMIC and begins(sample):
        refuse_dynamic(sample, int.from_bytes(footer[16:24], "big"), size)
    elif kind != FIXED or size + FOOTER_BYTES != sample.total:
        raise Unsafe("The image is not a VHD that stands alone. Convert it to a fixed or dynamic disk.")
    return size


def checksum(header: bytes, at: int) -> int:
    """Return the ones' complement of the sum of all bytes but the checksum's own four at `at`."""
    return ~(sum(header) - sum(header[at : at + 4])) & 0xFFFFFFFF


def refuse_dynamic(sample: Sample, offset: int, size: int) -> None:
    """Refuse a dynamic disk's header that names a parent, or a block map that is absurd or not inside the file."""
    header = sample.take(offset, DYNAMIC_BYTES)
    if not header.startswith(DYNAMIC_COOKIE) or offset < FOOTER_BYTES:
        raise Unsafe("The image has no block map where its footer says.")
    if checksum(header, 36) != int.from_bytes(header[36:40], "big"):
        raise Unsafe("The checksum of the image's header is wrong.")
    if any(header[40:56]) or any(header[64:768]):
        raise Unsafe("The image names a parent image. Convert it to an image that stands alone.")
    blocks, block = int.from_bytes(header[28:32], "big"), int.from_bytes(header[32:36], "big")
    if not 512 <= block <= 256 << 20 or block & (block - 1) or blocks * block < size:
        raise Unsafe("The image's block map does not fit the size of its disk.")
    map_at = int.from_bytes(header[16:24], "big")
    if map_at < offset + DYNAMIC_BYTES or map_at + 4 * blocks > sample.total - FOOTER_BYTES:
        raise Unsafe("The image's block map is not inside the file: it was cut off or is damaged.")
