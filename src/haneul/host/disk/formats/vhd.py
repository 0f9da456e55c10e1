"""Virtual PC's and Hyper-V's older format (Virtual Hard Disk Image Format Specification 1.0)."""

from haneul.host.disk.formats.sample import Sample, Unsafe

COOKIE = b"conectix"
DYNAMIC_COOKIE = b"cxsparse"
FOOTER_BYTES = 512
FIXED, DYNAMIC = 2, 3


def matches(sample: Sample) -> bool:
    """Say whether a footer stands at the end, or its copy at the beginning."""
    return sample.starts_with(COOKIE) or sample.tail[-FOOTER_BYTES:].startswith(COOKIE)


def virtual_size(sample: Sample) -> int:
    """Check the footer and return the disk's size in bytes; Unsafe if it depends on another image."""
    footer = sample.take(0, FOOTER_BYTES) if sample.starts_with(COOKIE) else sample.tail[-FOOTER_BYTES:]
    if len(footer) < FOOTER_BYTES or sample.tail[-FOOTER_BYTES:] != footer:
        raise Unsafe("The image's footer is missing or differs from its copy: it was cut off or is damaged.")
    if checksum(footer) != int.from_bytes(footer[64:68], "big"):
        raise Unsafe("The checksum of the image's footer is wrong.")
    size, kind = int.from_bytes(footer[48:56], "big"), int.from_bytes(footer[60:64], "big")
    if kind == DYNAMIC and sample.starts_with(COOKIE):
        refuse_map(sample, int.from_bytes(footer[16:24], "big"), size)
    elif kind != FIXED or size + FOOTER_BYTES != sample.total:
        raise Unsafe("The image is not a VHD that stands alone. Convert it to a fixed or dynamic disk.")
    return size


def checksum(footer: bytes) -> int:
    """Return the ones' complement of the sum of all bytes but the checksum's own."""
    return ~(sum(footer) - sum(footer[64:68])) & 0xFFFFFFFF


def refuse_map(sample: Sample, offset: int, size: int) -> None:
    """Refuse a block map that is absurd or too small for the disk."""
    if sample.take(offset, 8) != DYNAMIC_COOKIE:
        raise Unsafe("The image has no block map where its footer says.")
    blocks, block = sample.big(offset + 28, 4), sample.big(offset + 32, 4)
    if not 512 <= block <= 256 << 20 or block & (block - 1) or blocks * block < size:
        raise Unsafe("The image's block map does not fit the size of its disk.")
