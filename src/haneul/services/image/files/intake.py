"""Taking an image's bytes in: hashed and inspected while they are written, so that they are read but once."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import msgspec

from haneul.host.disk.formats import Inspector, Mismatch, Unsafe
from haneul.kernel.errors import BadRequest, TooLarge, Unacceptable, Unavailable
from haneul.services.image.drivers.base import Draft, Full, Unreachable
from haneul.services.image.files.logic import Received
from haneul.services.image.signatures import Verifier

NO_CONTAINERS = ("bare", "ami", "aki", "ari")
HASHES_AT_ONCE = max(os.cpu_count() or 1, 2)
UNTOLD_SIZES = ("ami", "aki", "ari")
PLAIN = ("raw", *UNTOLD_SIZES)


_hashing = ThreadPoolExecutor(HASHES_AT_ONCE, thread_name_prefix="image-hash")


class IntakeRules(msgspec.Struct, frozen=True):
    """How bytes are taken: at most so many, and by what they are known."""

    most_bytes: int
    hash_name: str


class Claimed(Protocol):
    """What the image says of its bytes."""

    @property
    def disk_format(self) -> str | None: ...
    @property
    def container_format(self) -> str | None: ...


class Landing:
    """Bytes on their way into a store, counted and no more. Its methods wait for disk: call them in threads."""

    def __init__(self, draft: Draft, most_bytes: int) -> None:
        self._draft, self._most = draft, most_bytes
        self.size = 0

    def take(self, chunk: bytes | bytearray) -> None:
        """Write the next bytes; TooLarge when they are more than allowed or than the store can hold."""
        self.size += len(chunk)
        refuse_size(self.size, self._most)
        try:
            self._draft.write(chunk)
        except Full as full:
            raise TooLarge("Image storage media is full: {reason}", reason=str(full)) from full
        except Unreachable as away:
            raise Unavailable("{reason}", reason=str(away)) from away

    def refuse_short(self, announced: int | None) -> None:
        """BadRequest for fewer or more bytes than were announced."""
        if announced is not None and announced != self.size:
            raise BadRequest(
                "The size of the image's file was announced as {announced} bytes, but {size} came.",
                announced=announced,
                size=self.size,
            )

    def keep(self) -> None:
        """Make the bytes durable; FileNotFoundError if they were deleted meanwhile."""
        try:
            self._draft.keep()
        except Full as full:
            raise TooLarge("Image storage media is full: {reason}", reason=str(full)) from full
        except Unreachable as away:
            raise Unavailable("{reason}", reason=str(away)) from away


class Intake:
    """Bytes that become an image: hashed and inspected on their way. In threads, one call at a time."""

    def __init__(self, draft: Draft, rules: IntakeRules, verifier: Verifier | None = None) -> None:
        self._verifier = verifier
        self._landing = Landing(draft, rules.most_bytes)
        self._rules = rules
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._hash, self._inspector = hashlib.new(rules.hash_name), Inspector()

    def take(self, chunk: bytes | bytearray) -> None:
        """Write and hash the next bytes; TooLarge when they are more than allowed or than the store can hold."""
        # Each digest takes as long as the writing, and both let go of the interpreter.
        hashing = _hashing.submit(self._hash.update, chunk)
        try:
            self._landing.take(chunk)
            self._inspector.feed(chunk)
            self._md5.update(chunk)
        finally:
            hashing.result()
        if self._verifier is not None:
            self._verifier.update(chunk)

    def finish(self, claimed: Claimed, announced: int | None = None) -> Received:
        """Make the bytes durable; refused if they are not the announced number or not what the image claims to be."""
        self._landing.refuse_short(announced)
        if self._verifier is not None:
            self._verifier.verify()
        virtual_size = self._virtual_size(claimed)
        self._landing.keep()
        size, rules = self._landing.size, self._rules
        return Received(size, self._md5.hexdigest(), rules.hash_name, self._hash.hexdigest(), virtual_size)

    def _virtual_size(self, claimed: Claimed) -> int | None:
        disk_format, container_format = claimed.disk_format or "", claimed.container_format or ""
        if not self._landing.size and disk_format in PLAIN and container_format in NO_CONTAINERS:
            # The client uploads its empty standard input wherever no terminal stands behind it.
            return None
        try:
            found = self._inspector.verdict(disk_format, container_format)
        except (Mismatch, Unsafe) as refused:
            raise Unacceptable(415, "{reason}", reason=str(refused)) from None
        return None if disk_format in UNTOLD_SIZES else found.virtual_size


def refuse_size(size: int, most: int) -> None:
    """TooLarge for more bytes than an image may have."""
    if size > most:
        raise TooLarge("The incoming image is too large: The provided image is too large.")
