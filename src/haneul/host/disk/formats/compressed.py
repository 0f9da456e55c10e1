"""The compressions that an import may undo: gzip (RFC 1952), zip (PKWARE APPNOTE) and lha, known by their headers."""

import re
import zlib

from haneul.host.disk.formats.sample import Sample, Unsafe

GZIP_FLAGS_AT, GZIP_UNKNOWN_FLAGS = 3, 0xE0
GZIP_LEAST_BYTES = 18
GZIP_WINDOW = 31
PROBED_BYTES = 64 * 1024
ZIP_BEGIN = b"PK\x03\x04"
ZIP_ENCRYPTED = 1
ZIP_METHODS = (0, 8)
ZIP_END = b"PK\x05\x06"
ZIP_END_BYTES = 22
LHA_METHOD = re.compile(rb"-l[hz][0-7ds]-")


def refuse_gzip(sample: Sample) -> None:
    """Unsafe for a gzip stream whose header or first bytes no program could decompress."""
    if sample.total < GZIP_LEAST_BYTES:
        raise Unsafe("The image file ends before its header does: it was cut off or is damaged.")
    if sample.head[GZIP_FLAGS_AT] & GZIP_UNKNOWN_FLAGS:
        raise Unsafe("The compressed image uses a feature of gzip that does not exist.")
    try:
        zlib.decompressobj(GZIP_WINDOW).decompress(sample.head[:PROBED_BYTES], PROBED_BYTES)
    except zlib.error:
        raise Unsafe("The compressed image is damaged: it cannot be decompressed.") from None


def refuse_zip(sample: Sample) -> None:
    """Unsafe for a zip archive that is encrypted, holds anything but one file, or was cut off."""
    if not sample.starts_with(ZIP_BEGIN):
        raise Unsafe("The compressed image begins with something else than its archive.")
    flags, method = sample.little(6, 2), sample.little(8, 2)
    if flags & ZIP_ENCRYPTED:
        raise Unsafe("The compressed image is encrypted. Upload it unencrypted.")
    if method not in ZIP_METHODS:
        raise Unsafe("The image is compressed in a way that this cloud does not know.")
    end = end_of_zip(sample.tail)
    if not end:
        raise Unsafe("The compressed image's list of contents is missing: it was cut off or is damaged.")
    if int.from_bytes(end[8:10], "little") != 1 or int.from_bytes(end[10:12], "little") != 1:
        raise Unsafe("The compressed image holds more than one file.")


def end_of_zip(tail: bytes) -> bytes:
    """Return the record that closes a zip archive, empty if none closes with the file."""
    at = tail.rfind(ZIP_END)
    while at >= 0:
        end = tail[at : at + ZIP_END_BYTES]
        if len(tail) - at - ZIP_END_BYTES == int.from_bytes(end[20:22], "little"):
            return end
        at = tail.rfind(ZIP_END, 0, at)
    return b""


def refuse_lha(sample: Sample) -> None:
    """Unsafe for a header that is none of lha's levels 0 to 3."""
    if not LHA_METHOD.match(sample.take(2, 5)) or sample.little(20, 1) > 3:
        raise Unsafe("The image is compressed in a way that this cloud does not know.")
