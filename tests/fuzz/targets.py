"""What is fuzzed: the reader of headers as an upload uses it, each format's part of it, the archives' and the
decompressor. The first two bytes of an input say what is claimed and how the rest arrives."""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from haneul.host.disk.decompress import decompress
from haneul.host.disk.formats import (
    CLAIMABLE,
    CLAIMABLE_CONTAINERS,
    MAX_VIRTUAL_BYTES,
    Inspected,
    Inspector,
    Mismatch,
    Unsafe,
)
from tests.fuzz.packing import pack, unpack
from tests.support.zoo import BOMBS, HONEST, HOSTILE

CLAIMS = [(disk, container) for container in CLAIMABLE_CONTAINERS for disk in CLAIMABLE]
CHUNKS = (4096, 65536, 511, 1 << 20, 70_001)
MOST_BYTES, MOST_RATIO = 16 << 20, 200
# Of processor time, which a busy machine does not change.
MOST_S = 1.0


class Broken(Exception):
    """The code under test did what it must never do."""


def one_input(packed: bytes) -> None:
    """Run one input; Broken, or what the code raised, if it did anything but accept or refuse in time."""
    if len(packed) < 2:
        return
    begun = time.process_time()
    if packed[0] % 8 == 7:
        decompresses(packed[2:])
    else:
        inspects(unpack(packed[2:]), packed[0], packed[1])
    if time.process_time() - begun > MOST_S:
        raise Broken(f"It took {time.process_time() - begun:.1f} seconds.")


def inspects(image: bytes, claim: int, arrival: int) -> None:
    """Inspect an image that arrives in chunks, and once more in one piece: the verdict must be the same."""
    disk, container = CLAIMS[(claim // 8 * 7 + claim % 8) % len(CLAIMS)]
    chunk = CHUNKS[arrival % len(CHUNKS)]
    verdict = attempt(
        lambda: inspected([image[at : at + chunk] for at in range(0, len(image), chunk)], disk, container)
    )
    if verdict != attempt(lambda: inspected([image], disk, container)):
        raise Broken("The verdict depends on how the bytes arrive.")
    if isinstance(verdict, Inspected):
        refuse_wrong(verdict, image, disk, container)


def inspected(chunks: list[bytes], disk: str, container: str) -> Inspected:
    inspector = Inspector()
    for chunk in chunks:
        inspector.feed(chunk)
    return inspector.verdict(disk, container)


def attempt(judge: Callable[[], Inspected]) -> Inspected | str:
    """The verdict, or the sentence of the refusal."""
    try:
        return judge()
    except (Mismatch, Unsafe) as refused:
        return str(refused)


def refuse_wrong(verdict: Inspected, image: bytes, disk: str, container: str) -> None:
    """Broken for an accepted image that has an impossible size or names another file at its simplest place."""
    size = verdict.virtual_size
    if verdict.format != disk or (size is not None and not 0 < size <= MAX_VIRTUAL_BYTES):
        raise Broken("An image was accepted that is none.")
    if size is None:
        return
    if disk == "qcow2" and (any(image[8:20]) or (image[7] == 3 and image[79] & 4)):
        raise Broken("A qcow2 was accepted that names another file.")
    if disk != "qcow2" and image.startswith(b"QFI\xfb"):
        raise Broken("A qcow2 was accepted under another name.")
    if disk == "raw" and image[:64].lstrip().lower().startswith(b"# disk descriptorfile"):
        raise Broken("A VMDK was accepted under another name.")


def decompresses(packed: bytes) -> None:
    """Decompress; Broken if more comes than is allowed."""
    written = 0

    def write(piece: bytes) -> None:
        nonlocal written
        written += len(piece)

    with suppress(Unsafe):
        decompress(io.BytesIO(packed), write, MOST_BYTES, MOST_RATIO)
    if written > min(MOST_BYTES, max(1 << 20, MOST_RATIO * len(packed))):
        raise Broken(f"{written} bytes came out.")


def seeds() -> Iterator[tuple[str, bytes]]:
    """Every file of the zoo as an input that claims what it claims, by name."""
    honest = [(name, make(), disk, container) for name, (make, disk, container) in HONEST.items()]
    hostile = [(one.name, one.make(), one.disk_format, one.container_format) for one in HOSTILE.values()]
    for name, image, disk, container in honest + hostile:
        yield name, bytes([claim_of(disk, container), 0]) + pack(image)
        if container == "compressed":
            yield f"{name}_undone", b"\7\0" + image
    for name, make in BOMBS.items():
        bomb = make()
        if len(bomb) < 200_000:
            yield name, b"\7\0" + bomb


def claim_of(disk: str, container: str) -> int:
    """The first byte of an input that claims this."""
    place = CLAIMS.index((disk, container))
    return place // 7 * 8 + place % 7
