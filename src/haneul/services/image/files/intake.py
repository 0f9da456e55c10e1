"""Taking an image's bytes in: hashed and inspected while they are written, so that they are read but once."""

import hashlib
from typing import Protocol

from haneul.host.disk.formats import Inspector, Mismatch, Unsafe
from haneul.kernel.errors import BadRequest, TooLarge, Unacceptable
from haneul.services.image.drivers.base import Draft, Full
from haneul.services.image.files.logic import Received

INSPECTED_CONTAINERS = ("bare", "ami", "aki", "ari")
UNTOLD_SIZES = ("ami", "aki", "ari")
PLAIN = ("raw", *UNTOLD_SIZES)


class Claimed(Protocol):
    """What the image says of its bytes."""

    @property
    def disk_format(self) -> str | None: ...
    @property
    def container_format(self) -> str | None: ...


class Intake:
    """One upload's way to the disk. Its methods wait for disk and CPU: call them in threads, one at a time."""

    def __init__(self, draft: Draft, most_bytes: int) -> None:
        self._draft, self._most = draft, most_bytes
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha512, self._inspector = hashlib.sha512(), Inspector()
        self.size = 0

    def take(self, chunk: bytes | bytearray) -> None:
        """Write and hash the next bytes; TooLarge when they are more than allowed or than the disk can hold."""
        self.size += len(chunk)
        refuse_size(self.size, self._most)
        try:
            self._draft.write(chunk)
        except Full as full:
            raise TooLarge("Image storage media is full: {reason}", reason=str(full)) from full
        self._inspector.feed(chunk)
        self._md5.update(chunk)
        self._sha512.update(chunk)

    def finish(self, claimed: Claimed, announced: int | None) -> Received:
        """Make the bytes durable; refused if they are not the announced number or not what the image claims to be."""
        if announced is not None and announced != self.size:
            raise BadRequest(
                "The size of the image's file was announced as {announced} bytes, but {size} came.",
                announced=announced,
                size=self.size,
            )
        virtual_size = self._virtual_size(claimed)
        self._draft.keep()
        return Received(self.size, self._md5.hexdigest(), self._sha512.hexdigest(), virtual_size)

    def _virtual_size(self, claimed: Claimed) -> int | None:
        if claimed.container_format not in INSPECTED_CONTAINERS:
            return None
        disk_format = claimed.disk_format or ""
        if not self.size and disk_format in PLAIN:
            # The client uploads its empty standard input wherever no terminal stands behind it.
            return None
        try:
            found = self._inspector.verdict(disk_format)
        except (Mismatch, Unsafe) as refused:
            raise Unacceptable(415, "{reason}", reason=str(refused)) from None
        return None if disk_format in UNTOLD_SIZES else found.virtual_size


def refuse_size(size: int, most: int) -> None:
    """TooLarge for more bytes than an image may have."""
    if size > most:
        raise TooLarge("The incoming image is too large: The provided image is too large.")
