"""What a store of image bytes is: keys and bytes (every driver passes one contract test)."""

from collections.abc import Sequence
from typing import BinaryIO, Protocol


class Draft(Protocol):
    """Bytes that are coming in. As long as the process that opened it lives, nobody else takes it for abandoned."""

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Add bytes at the end; Full when the store has no room for them."""
        ...

    def keep(self) -> None:
        """Make the bytes durable and whole under the key."""
        ...

    def release(self) -> None:
        """Let go of what was kept: from now on only the database says whether it is wanted."""
        ...

    def discard(self) -> None:
        """Delete the bytes, kept or not; repeatable."""
        ...


class Full(Exception):
    """The store has no room left."""


class ImageStore(Protocol):
    """Image bytes by key. Keys are made of letters, digits, dots and dashes, and are never used twice."""

    def open_draft(self, key: str) -> Draft:
        """Begin to take bytes for a key."""
        ...

    def open(self, key: str) -> BinaryIO:
        """Open the bytes that were kept under a key, for reading; FileNotFoundError if there are none."""
        ...

    def delete(self, key: str) -> None:
        """Delete what lies under a key, draft or kept; nothing to do is no error."""
        ...

    def is_abandoned(self, key: str) -> bool:
        """Whether no living process is still busy with the key."""
        ...

    def list_abandoned(self) -> Sequence[str]:
        """Keys of drafts whose process died before it kept them."""
        ...

    def list_kept(self) -> Sequence[str]:
        """Keys of all bytes that were kept, for audits."""
        ...
