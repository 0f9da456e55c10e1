"""Ports that are no REST service: pages for browsers, and bytes both ways over WebSockets."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from html import escape
from typing import Any, TypeVar

import msgspec

from haneul.kernel import log
from haneul.kernel.db import Db, Store
from haneul.kernel.errors import NEUTRAL, ApiError, BadRequest
from haneul.kernel.http.pages_on_disk import Page, Pages
from haneul.kernel.http.reading import parameters_of

T = TypeVar("T")
Message = dict[str, Any]
# RFC 6455, 7.4.1; a reason may have 123 bytes.
ENDED, WRONG_KIND, REFUSED, BROKEN = 1000, 1003, 1008, 1011
REASON_BYTES = 123
# A page's address may hold a secret, which no other site needs to be told.
HEADERS = ((b"referrer-policy", b"no-referrer"), (b"x-content-type-options", b"nosniff"))


class Knock:
    """What a WebSocket's client says before it is let in. `remote` is its address, `scheme` http or https."""

    def __init__(self, scope: Mapping[str, Any], headers: Mapping[str, str], store: Store) -> None:
        self.path, self.headers = str(scope["path"]), headers
        self.parameters = parameters_of(scope["query_string"])
        self.remote = str((scope.get("client") or ("",))[0])
        self._store = store

    async def transaction(self, body: Callable[[Db], T], *, writes: bool) -> T:
        """Run a body in a transaction of its own."""
        store = self._store
        return await asyncio.wrap_future(store.submit_write(body) if writes else store.submit_read(body))


class Stream:
    """An open WebSocket: whole messages of bytes, one after another, each way."""

    def __init__(self, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]) -> None:
        self._receive, self._send = receive, send

    async def receive(self) -> bytes:
        """The client's next message; EOFError once it is gone, BadRequest if it sends text."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise EOFError
        part = message.get("bytes")
        if part is None:
            raise BadRequest("Only binary messages are understood here.")
        return bytes(part)

    async def send(self, part: bytes) -> None:
        """Send one message, as soon as the client has taken most of the earlier ones; EOFError if it is gone."""
        try:
            await self._send({"type": "websocket.send", "bytes": part})
        except OSError:
            raise EOFError from None


Talk = Callable[[Stream], Awaitable[str]]
"""What goes on over an open WebSocket; it gives the reason for which it came to its end."""


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """A port for browsers. `admit` says what to talk over a WebSocket that is asked for at one of the `paths`, or
    refuses it by an ApiError."""

    name: str
    port: int
    pages: Pages
    admit: Callable[[Knock], Awaitable[Talk]]
    paths: Sequence[str] = ("/",)
    subprotocols: Sequence[str] = ("binary",)


class SiteApp:
    """A site as an ASGI application."""

    def __init__(self, site: Site, store: Store) -> None:
        self._site, self._store = site, store

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["type"] == "http":
            await _send_page(await asyncio.to_thread(self._page, scope), scope["method"], send)
        elif scope["type"] == "websocket":
            await receive()
            await self._meet(scope, headers, receive, send)

    def _page(self, scope: Mapping[str, Any]) -> Page:
        if scope["method"] not in ("GET", "HEAD"):
            return Page(405, "text/plain; charset=utf-8", b"Pages can only be read.\n")
        return self._site.pages.page(scope["path"])

    async def _meet(self, scope: Mapping[str, Any], headers: Mapping[str, str], receive: Any, send: Any) -> None:
        talk = await self._admitted(scope, headers, send)
        if talk is None:
            return
        offered = scope.get("subprotocols", ())
        chosen = next((one for one in self._site.subprotocols if one in offered), None)
        await send({"type": "websocket.accept", "subprotocol": chosen})
        code, reason = await self._ended(talk, Stream(receive, send))
        if code:
            try:
                await send({"type": "websocket.close", "code": code, "reason": _short(reason)})
            except OSError:
                return

    async def _admitted(self, scope: Mapping[str, Any], headers: Mapping[str, str], send: Any) -> Talk | None:
        """What to talk; None once the client has been told that it may not."""
        try:
            if scope["path"] not in self._site.paths:
                raise BadRequest("There is nothing to open under this path.")
            return await self._site.admit(Knock(scope, headers, self._store))
        except ApiError as refused:
            client = (scope.get("client") or ("",))[0]
            log.event("websocket refused", site=self._site.name, reason=str(refused), remote=client)
        except Exception:
            log.failure("websocket failed", site=self._site.name)
        await _refuse(send)
        return None

    async def _ended(self, talk: Talk, stream: Stream) -> tuple[int, str]:
        """Talk to the end: the code and reason to close with; code 0 if there is nobody left to tell."""
        try:
            return ENDED, await talk(stream)
        except EOFError:
            return 0, ""
        except ApiError as refused:
            return WRONG_KIND if isinstance(refused, BadRequest) else BROKEN, str(refused)
        except Exception:
            log.failure("websocket broke", site=self._site.name)
            return BROKEN, NEUTRAL


async def _refuse(send: Any) -> None:
    """Answer 403 to who asks for a WebSocket: a code is all that may be told before it is open."""
    await send({"type": "websocket.close", "code": REFUSED})


async def _send_page(page: Page, method: str, send: Any) -> None:
    headers = [
        *HEADERS,
        (b"content-type", page.content_type.encode()),
        (b"content-length", str(len(page.content)).encode()),
        (b"cache-control", b"max-age=3600" if page.is_lasting else b"no-cache"),
    ]
    await send({"type": "http.response.start", "status": page.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else page.content})


def _short(reason: str) -> str:
    return reason.encode()[:REASON_BYTES].decode(errors="ignore")


async def refuse_websocket(receive: Any, send: Any) -> None:
    """For ports that have none."""
    await receive()
    await _refuse(send)


def notice(title: str, *sentences: str) -> bytes:
    """A page that says something to whoever looks at it."""
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    return f"<!DOCTYPE html><html><head><title>{escape(title)}</title></head><body>{said}</body></html>\n".encode()
