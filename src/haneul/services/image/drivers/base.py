"""What a store of image bytes is: keys and bytes (every driver passes one contract test)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from haneul.host.net.fetch import Allowed, Fetcher, Limits


class Full(Exception):
    """The store has no room left."""


class Unreachable(Exception):
    """The store can't be asked at this moment; the message is a sentence without secrets."""


class ReadOnly(Exception):
    """The store takes no bytes."""


class StoreOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a store is opened with. `folder` is its own, for bytes (file) or for holds (the others); `options` are the
    driver's own, as the settings give them; `fetcher` asks what may be asked at users' URLs."""

    folder: Path
    options: Mapping[str, str] = {}
    fetcher: Fetcher = Fetcher(Allowed(), Limits())

    def __repr__(self) -> str:
        return f"StoreOptions({self.folder})"


class Draft(Protocol):
    """Bytes that are coming in. As long as the process that opened it lives, nobody else takes it for abandoned."""

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Add bytes at the end; Full when the store has no room for them."""
        ...

    def fill(self, source: Path) -> None:
        """Take the bytes of a file of this machine in place of the first write, the fastest way there is; Full."""
        ...

    def keep(self) -> None:
        """Make the bytes durable and whole under the key; Full, FileNotFoundError if they were deleted meanwhile."""
        ...

    def release(self) -> None:
        """Let go of what was kept: from now on only the database says whether it is wanted."""
        ...

    def discard(self) -> None:
        """Delete the bytes, kept or not; repeatable. What can't be reached now is listed as abandoned from then on."""
        ...


class Reader(Protocol):
    """Bytes that were kept, as an open file."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at most `size`, and fewer only at the end."""
        ...

    def seek(self, offset: int, /) -> int:
        """Go on from here, counted from the beginning."""
        ...

    def close(self) -> None: ...


class ImageStore(Protocol):
    """Image bytes by key. Keys of ours are made of letters, digits, dots and dashes, and are never used twice.

    A read-only store (http) takes URLs for keys, holds nothing and deletes nothing.
    All verbs may wait for disk or network and raise Unreachable: call them in threads.
    """

    @property
    def is_read_only(self) -> bool: ...

    def open_draft(self, key: str) -> Draft:
        """Begin to take bytes for a key; ReadOnly where there can be none."""
        ...

    def open(self, key: str) -> Reader:
        """Open the bytes that were kept under a key, for reading; FileNotFoundError if there are none."""
        ...

    def size(self, key: str) -> int:
        """How many bytes lie under a key; FileNotFoundError if there are none."""
        ...

    def delete(self, key: str) -> None:
        """Delete what lies under a key, draft or kept; nothing to do is no error."""
        ...

    def address(self, key: str) -> str:
        """The URL that names the bytes in `direct_url` and `locations`; it holds no secret."""
        ...

    def key_at(self, address: str) -> str | None:
        """The key of the bytes that such an URL names; None for an URL that is none of this store's."""
        ...

    def path(self, key: str) -> Path | None:
        """The bytes as a file of this machine, to be read and not kept; None where they lie elsewhere."""
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
