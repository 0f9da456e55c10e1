"""Decides, while an image streams by, what it is and whether a program may open it."""

from collections.abc import Callable
from dataclasses import dataclass

from haneul.host.disk.formats import qcow2, signatures, vdi, vhd, vhdx, vmdk
from haneul.host.disk.formats.sample import HEAD_BYTES, TAIL_BYTES, WINDOW_BYTES, Mismatch, Sample, Unsafe

MAX_VIRTUAL_BYTES = 64 << 40

PARSED: dict[str, tuple[Callable[[Sample], bool], Callable[[Sample], int]]] = {
    "qcow2": (qcow2.matches, qcow2.virtual_size),
    "vmdk": (vmdk.matches, vmdk.virtual_size),
    "vdi": (vdi.matches, vdi.virtual_size),
    "vhd": (vhd.matches, vhd.virtual_size),
    "vhdx": (vhdx.matches, vhdx.virtual_size),
}
PLAIN = ("raw", "ami", "aki", "ari")
CLAIMABLE = (*PARSED, *PLAIN, "iso")


@dataclass(frozen=True)
class Inspected:
    """An image that is what it was claimed to be; `virtual_size` is its disk's size in bytes."""

    format: str
    virtual_size: int


class Inspector:
    """Keeps at most 642 KiB of an image that is fed to it in chunks, and then gives its verdict."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = b""
        self._total = 0
        self._window_at = 0
        self._window = bytearray()

    def feed(self, chunk: bytes | bytearray | memoryview) -> None:
        """Take the next bytes of the image, of any length."""
        view = memoryview(chunk).cast("B")
        missing = HEAD_BYTES - len(self._head)
        if missing > 0:
            self._head += view[:missing]
            self._window_at = vhdx.metadata_at(bytes(self._head)) if len(self._head) == HEAD_BYTES else 0
        self._keep_window(view)
        self._tail = (self._tail + bytes(view[-TAIL_BYTES:]))[-TAIL_BYTES:]
        self._total += len(view)

    def _keep_window(self, view: memoryview) -> None:
        if not self._window_at or len(self._window) >= WINDOW_BYTES:
            return
        begin = self._window_at + len(self._window) - self._total
        if begin < len(view):
            self._window += view[begin : begin + WINDOW_BYTES - len(self._window)]

    def verdict(self, claimed_format: str) -> Inspected:
        """Return what the image is; Mismatch if it is not of `claimed_format`, Unsafe if it must not be opened."""
        sample = Sample(bytes(self._head), self._tail, self._total, self._window_at, bytes(self._window))
        if claimed_format not in CLAIMABLE:
            raise Unsafe(f"Images of the format {claimed_format!r} cannot be used here. Convert it to qcow2 or raw.")
        if not sample.total:
            raise Mismatch("The image file is empty.")
        refuse_wrong_format(claimed_format, formats_of(sample), signatures.has_gpt(sample))
        size = PARSED[claimed_format][1](sample) if claimed_format in PARSED else sample.total
        if not 0 < size <= MAX_VIRTUAL_BYTES:
            raise Unsafe(f"The image says that its disk has {size} bytes; from 1 byte to 64 TiB is possible.")
        return Inspected(claimed_format, size)


def formats_of(sample: Sample) -> list[str]:
    """Return every format, but the plain ones, that the file could be taken for."""
    found = [name for name, (matches, _) in PARSED.items() if matches(sample)]
    found += signatures.never_opened(sample)
    return [*found, "iso"] if signatures.is_iso(sample) else found


def refuse_wrong_format(claimed: str, found: list[str], has_gpt: bool) -> None:
    """Refuse a file that could be taken for two formats, and one that is not what was claimed."""
    doubled = [*found, "a partitioned disk"] if has_gpt and "iso" in found else found
    if len(doubled) > 1:
        raise Unsafe(
            f"The image file can be read as more than one format ({', '.join(doubled)}), which is not allowed."
        )
    if claimed in PLAIN and found:
        raise Mismatch(f"The image was announced as {claimed}, but its contents are {found[0]}.")
    if claimed not in PLAIN and found != [claimed]:
        actual = found[0] if found else "of no known format, so raw at best"
        raise Mismatch(f"The image was announced as {claimed}, but its contents are {actual}.")
