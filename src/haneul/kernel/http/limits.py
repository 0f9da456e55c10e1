"""Limits on requests: a head's size, number of headers and time, before it is parsed to its end; a body's pauses."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 65_536
LINE_BYTES = 16_384
URL_BYTES = 8_190
HEADERS = 100
HEAD_S = 15.0
BODY_IDLE_S = 60.0

REFUSALS = {400: "Bad Request", 408: "Request Timeout", 414: "URI Too Long", 431: "Request Header Fields Too Large"}


class _Refused(Exception):
    pass


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which alone would take a header of 20 MB and wait for ever for its end."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._head_bytes = 0
        self._is_in_head = True
        self._refusal = 0
        self._timer = self.loop.call_later(HEAD_S, self._too_slow)
        self._is_in_body = False
        self._body_at = 0.0
        self._body_timer: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        if self._body_timer is not None:
            self._body_timer.cancel()
        super().connection_lost(exc)

    def data_received(self, received: bytes) -> None:
        if self._is_in_head:
            self._head_bytes += len(received)
        super().data_received(received)
        if self._is_in_head and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self._refuse(431)
        if self._is_in_body:
            self._body_at = self.loop.time()
            if self._body_timer is None:
                self._body_timer = self.loop.call_later(BODY_IDLE_S, self._look_at_body)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if not self._is_in_head:
            self._is_in_head, self._head_bytes = True, 0
            self._timer = self.loop.call_later(HEAD_S, self._too_slow)

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > URL_BYTES:
            self._stop_parsing(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        if len(name) + len(value) > LINE_BYTES or len(self.headers) > HEADERS:
            self._stop_parsing(431)

    def on_headers_complete(self) -> None:
        if self.parser.get_http_version() not in ("1.1", "1.0"):
            self._stop_parsing(400)
        self._is_in_head, self._is_in_body = False, True
        self._timer.cancel()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_in_body = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if self._refusal:
            self._refuse(self._refusal)
        else:
            super().send_400_response(msg)

    def _stop_parsing(self, status: int) -> None:
        # What is raised in a callback ends the parser, which then asks for its 400.
        self._refusal = status
        raise _Refused

    def _too_slow(self) -> None:
        if self._is_in_head and not self.transport.is_closing():
            self._refuse(408)

    def _look_at_body(self) -> None:
        """End a connection whose body stopped coming, unless it is we who don't read it now."""
        self._body_timer = None
        if not self._is_in_body or self.transport.is_closing():
            return
        if self.flow.read_paused:
            self._body_at = self.loop.time()
        left_s = self._body_at + BODY_IDLE_S - self.loop.time()
        if left_s <= 0:
            self.transport.close()
        else:
            self._body_timer = self.loop.call_later(left_s, self._look_at_body)

    def _refuse(self, status: int) -> None:
        reason = REFUSALS[status]
        body = f'{{"error": {{"code": {status}, "title": "{reason}", "message": "{reason}."}}}}'
        self.transport.write(
            f"HTTP/1.1 {status} {reason}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
            f"connection: close\r\n\r\n{body}".encode()
        )
        self.transport.close()
