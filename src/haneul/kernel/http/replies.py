"""What a handler may return besides a view."""

from collections.abc import AsyncIterator, Sequence
from typing import Generic, TypeVar

import msgspec

V = TypeVar("V")


class Reply(msgspec.Struct, Generic[V], kw_only=True):
    """A view with a status or headers of its own."""

    view: V
    status: int = 0
    headers: dict[str, str] = {}


class Listed(msgspec.Struct, Generic[V], kw_only=True):
    """One page of views; the kernel writes the links in the service's own style.

    `next_marker` is the marker of the page after this one, None on the last; `previous_marker`, in the network API
    alone, that of the page before. `count` is the whole list's length where an API tells it.
    """

    items: Sequence[V]
    next_marker: str | None = None
    previous_marker: str | None = None
    count: int | None = None


class Streamed(msgspec.Struct, kw_only=True):
    """A body that is sent in chunks."""

    chunks: AsyncIterator[bytes]
    length: int | None = None
    status: int = 200
    headers: dict[str, str] = {}
    content_type: str = "application/octet-stream"


class Raw(msgspec.Struct, kw_only=True):
    """A body that is ready."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = {}
    content_type: str = "application/json"
