"""What all of placement's answers share: the types that it serves, how fresh they are, and relative links."""

from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from typing import TypeVar
from urllib.parse import urlsplit

from haneul.kernel.clock import now
from haneul.kernel.errors import Unacceptable
from haneul.kernel.http import Call, Reply

V = TypeVar("V")
SERVED = ("application/json", "application/*", "*/*")


def shown(call: Call, view: V, modified: datetime | None = None) -> Reply[V]:
    """The answer to a GET; 406 for a client that doesn't take JSON."""
    accept = call.header("accept")
    if accept and not any(part.partition(";")[0].strip() in SERVED for part in accept.split(",")):
        raise Unacceptable(406, "Only application/json is provided")
    return stamped(call, view, modified)


def stamped(call: Call, view: V, modified: datetime | None = None, *, status: int = 0, location: str = "") -> Reply[V]:
    """An answer that says since 1.15 when its thing last changed (now, if that isn't kept)."""
    headers = {"Location": call.url(location)} if location else {}
    if call.at_least("1.15"):
        headers |= {"Last-Modified": format_datetime(modified or now(), usegmt=True), "Cache-Control": "no-cache"}
    return Reply(view=view, status=status, headers=headers)


def made(call: Call, location: str, *, status: int = 201) -> Reply[None]:
    """An empty answer that says where the thing is."""
    return Reply(view=None, status=status, headers={"Location": call.url(location)})


def link(call: Call, path: str) -> str:
    """A path of this service as links carry it: with the prefix that this client sees, without the host."""
    return urlsplit(call.url(path)).path


def latest(moments: Iterable[datetime]) -> datetime | None:
    return max(moments, default=None)
