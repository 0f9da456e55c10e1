"""Decides, while an image streams by, what it is and whether a program may open it."""

from collections.abc import Callable
from dataclasses import dataclass

from haneul.host.disk.formats import partitions, ploop, qcow2, signatures, vdi, vhd, vhdx, vmdk
from haneul.host.disk.formats.containers import CLAIMABLE_CONTAINERS, CONTAINERS, is_ovf
from haneul.host.disk.formats.sample import HEAD_BYTES, TAIL_BYTES, WINDOW_BYTES, Mismatch, Sample, Unsafe
from haneul.host.disk.formats.tar import TarScan

MAX_VIRTUAL_BYTES = 64 << 40

PARSED: dict[str, tuple[Callable[[Sample], bool], Callable[[Sample], int]]] = {
    "qcow2": (qcow2.matches, qcow2.virtual_size),
    "vmdk": (vmdk.matches, vmdk.virtual_size),
    "vdi": (vdi.matches, vdi.virtual_size),
    "vhd": (vhd.matches, vhd.virtual_size),
    "vhdx": (vhdx.matches, vhdx.virtual_size),
    "ploop": (ploop.matches, ploop.virtual_size),
}
PLAIN = ("raw", "ami", "aki", "ari")
CLAIMABLE = (*PARSED, *PLAIN, "iso")


@dataclass(frozen=True)
class Inspected:
    """An image that is what it was claimed to be; `virtual_size` is its disk's size in bytes, None for an archive's."""

    format: str
    virtual_size: int | None


class Inspector:
    """Keeps at most 706 KiB of an image that is fed to it in chunks, and then gives its verdict."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = b""
        self._total = 0
        self._window_at = 0
        self._window = bytearray()
        self._tar = TarScan()

    def feed(self, chunk: bytes | bytearray | memoryview) -> None:
        """Take the next bytes of the image, of any length."""
        view = memoryview(chunk).cast("B")
        missing = HEAD_BYTES - len(self._head)
        if missing > 0 and view:
            self._head += view[:missing]
            self._window_at = vhdx.metadata_at(bytes(self._head)) if len(self._head) == HEAD_BYTES else 0
        self._keep_window(view)
        self._tar.feed(view)
        self._tail = (self._tail + bytes(view[-TAIL_BYTES:]))[-TAIL_BYTES:]
        self._total += len(view)

    def _keep_window(self, view: memoryview) -> None:
        if not self._window_at or len(self._window) >= WINDOW_BYTES:
            return
        begin = self._window_at + len(self._window) - self._total
        if begin < len(view):
            self._window += view[begin : begin + WINDOW_BYTES - len(self._window)]

    def verdict(self, claimed_format: str, claimed_container: str = "bare") -> Inspected:
        """Return what the image is; Mismatch if it is not what was claimed, Unsafe if it must not be opened."""
        sample = Sample(bytes(self._head), self._tail, self._total, self._window_at, bytes(self._window))
        if claimed_format not in CLAIMABLE:
            raise Unsafe(f"Images of the format {claimed_format!r} cannot be used here. Convert it to qcow2 or raw.")
        if claimed_container not in CLAIMABLE_CONTAINERS:
            raise Unsafe(f"Images in a container of the format {claimed_container!r} cannot be used here.")
        if not sample.total:
            raise Mismatch("The image file is empty.")
        if claimed_container in CONTAINERS:
            refuse_disk_too(claimed_container, sample)
            CONTAINERS[claimed_container](sample, self._tar)
            return Inspected(claimed_format, None)
        if claimed_container == "ovf" and is_ovf(sample, self._tar):
            refuse_disk_too(claimed_container, sample)
            return Inspected(claimed_format, None)
        return disk(sample, claimed_format)


def disk(sample: Sample, claimed: str) -> Inspected:
    """Return what a disk's file is; Mismatch if it is not of the claimed format, Unsafe if it must not be opened."""
    refuse_wrong_format(sample, claimed)
    if claimed == "raw":
        partitions.refuse_senseless(sample)
    size = PARSED[claimed][1](sample) if claimed in PARSED else sample.total
    if not 0 < size <= MAX_VIRTUAL_BYTES:
        raise Unsafe(f"The image says that its disk has {size} bytes; from 1 byte to 64 TiB is possible.")
    return Inspected(claimed, size)


def formats_of(sample: Sample) -> list[str]:
    """Return every format, but the plain ones, that the file could be taken for."""
    found = [name for name, (matches, _) in PARSED.items() if matches(sample)]
    found += signatures.never_opened(sample)
    return [*found, "iso"] if signatures.is_iso(sample) else found


def also_readable_as(sample: Sample, found: list[str]) -> list[str]:
    """Return what a disk's file, of the found formats, could be taken for besides: archives and bare partitions."""
    # A fixed VHD is a bare disk with a footer; in any other format the partitions are inside.
    is_bare_disk = found == ["vhd"] and not vhd.begins(sample)
    partitioned = partitions.is_partitioned(sample) if "iso" in found else partitions.has_mbr(sample)
    besides = ["a partitioned disk"] if partitioned and not is_bare_disk else []
    return [*besides, *signatures.archives(sample)]


def refuse_wrong_format(sample: Sample, claimed: str) -> None:
    """Refuse a file that could be taken for two formats, and one that is not what was claimed."""
    found = formats_of(sample)
    besides = also_readable_as(sample, found)
    if len(found) + len(besides) > 1:
        refuse_doubled([*found, *besides])
    if claimed in PLAIN and found:
        raise Mismatch(f"The image was announced as {claimed}, but its contents are {found[0]}.")
    if claimed not in PLAIN and found != [claimed]:
        actual = found[0] if found else "of no known format, so raw at best"
        raise Mismatch(f"The image was announced as {claimed}, but its contents are {actual}.")


def refuse_disk_too(container: str, sample: Sample) -> None:
    """Refuse an archive that could be taken for a disk."""
    found = formats_of(sample)
    if found or partitions.has_mbr(sample):
        refuse_doubled([container, *found] if found else [container, "a partitioned disk"])


def refuse_doubled(readings: list[str]) -> None:
    """Refuse a file with these readings: what one program checks, another would open as something else."""
    raise Unsafe(f"The image file can be read as more than one format ({', '.join(readings)}), which is not allowed.")
