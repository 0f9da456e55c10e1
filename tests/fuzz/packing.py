"""How a whole image fits into a fuzzer's small input: runs of bytes with gaps of zeros between them."""

import re
import struct

MOST_BYTES = 4 << 20
GAP = re.compile(rb"\0{64,}")
RUN = struct.Struct("<IH")


def pack(image: bytes) -> bytes:
    """The image's runs; what it has beyond 4 MiB is left out."""
    runs, at, end = [], 0, 0
    for gap in [*GAP.finditer(image[:MOST_BYTES]), None]:
        stop = gap.start() if gap else min(len(image), MOST_BYTES)
        for begin in range(at, stop, 0xFFFF):
            part = image[begin : min(stop, begin + 0xFFFF)]
            runs.append(RUN.pack(begin - end, len(part)) + part)
            end = begin + len(part)
        at = gap.end() if gap else at
    if len(image) > end:
        runs.append(RUN.pack(min(len(image), MOST_BYTES) - end, 0))
    return b"".join(runs)


def unpack(packed: bytes) -> bytes:
    """The image of any bytes: whatever they are, it has at most 4 MiB."""
    image, at = bytearray(), 0
    while at + RUN.size <= len(packed) and len(image) < MOST_BYTES:
        gap, length = RUN.unpack_from(packed, at)
        at += RUN.size
        image += bytes(min(gap, MOST_BYTES - len(image)))
        image += packed[at : at + length]
        at += length
    return bytes(image[:MOST_BYTES])
