"""Limits on a request's head, held before anything is parsed to the end: size, number of headers, time."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 65_536
LINE_BYTES = 16_384
URL_BYTES = 8_190
HEADERS = 100
HEAD_S = 15.0

REFUSALS = {408: "Request Timeout", 414: "URI Too Long", 431: "Request Header Fields Too Large"}


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

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._is_in_head and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self._refuse(431)

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
        self._is_in_head = False
        self._timer.cancel()
        super().on_headers_complete()

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

    def _refuse(self, status: int) -> None:
        reason = REFUSALS[status]
        body = f'{{"error": {{"code": {status}, "title": "{reason}", "message": "{reason}."}}}}'
        self.transport.write(
            f"HTTP/1.1 {status} {reason}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
            f"connection: close\r\n\r\n{body}".encode()
        )
        self.transport.close()
