"""What a driver says to its server; all else is the same for every server."""

from collections.abc import Iterator
from typing import Annotated, BinaryIO, Protocol

import msgspec
from msgspec import Meta


class ServerOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A driver's options, read from text. `timeout_s` bounds each wait for the server."""

    timeout_s: Annotated[float, Meta(gt=0, le=3600)] = 60.0

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"


class HttpOptions(ServerOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`attempts` is how often a request is tried; `cacert` is a file of certificates to trust in place of the
    system's."""

    attempts: Annotated[int, Meta(ge=1, le=10)] = 3
    cacert: str = ""


class Upload(Protocol):
    """Bytes on their way to the server, part by part; nobody can read them yet."""

    def add(self, part: BinaryIO, size: int) -> None:
        """Send the next part, which is read from its beginning; Full, Unreachable, FileNotFoundError if deleted."""
        ...

    def complete(self) -> None:
        """Make one object of the parts; Unreachable, FileNotFoundError if they were deleted meanwhile."""
        ...


class Stream(Protocol):
    """The answer to one request for bytes."""

    def read(self, size: int, /) -> bytes:
        """Some of the next bytes, none at the end; Unreachable when the connection breaks."""
        ...

    def close(self) -> None: ...


class Server(Protocol):
    """Objects by key. Every verb raises Unreachable."""

    def begin(self, key: str) -> Upload:
        """Begin an upload in parts."""
        ...

    def put(self, key: str, body: BinaryIO, size: int) -> None:
        """Write a whole object at once; Full."""
        ...

    def size(self, key: str) -> int:
        """An object's size in bytes; FileNotFoundError."""
        ...

    def read(self, key: str, offset: int) -> Stream:
        """An object's bytes from an offset that lies before its end; FileNotFoundError."""
        ...

    def delete(self, key: str) -> None:
        """Delete the object and what uploads left of it; repeatable."""
        ...

    def keys(self) -> Iterator[str]:
        """The keys of all whole objects."""
        ...

    @property
    def scheme(self) -> str:
        """What its addresses begin with, up to the colon; known without asking anybody."""
        ...

    def address(self, key: str) -> str:
        """The URL that names an object, without credentials."""
        ...
