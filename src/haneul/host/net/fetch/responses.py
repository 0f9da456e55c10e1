"""One request and its response, read with h11 under limits of size."""

import re
from collections.abc import Sequence

import h11

from haneul.host.net.fetch.lines import BROKEN, Line
from haneul.host.net.fetch.outcomes import FetchFailed, Missing, Refused
from haneul.host.net.fetch.urls import Url

HEAD_BYTES = 1 << 16
# What the pieces of a body may be wrapped in, beside as much as they hold themselves.
WRAPPING_BYTES = 1 << 18
REDIRECTS = (301, 302, 303, 307, 308)
CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/(?:[0-9]{1,18}|\*)", re.ASCII)
MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]{1,127}/[\w!#$&^.+-]{1,127}", re.ASCII)
LONG_HEAD = f"The header of the server's answer is larger than {HEAD_BYTES} bytes."
NO_HTTP = "The server's answer is not HTTP."


class Response:
    """The bytes that a URL names; whoever opened it ends with `close`.

    `length` is how many bytes will come, None if the server does not say; `media_type` is "" if it does not.
    """

    def __init__(self, line: Line, parser: h11.Connection, head: h11.Response, most_bytes: int) -> None:
        self._line, self._parser, self._most = line, parser, most_bytes
        self._ready, self._taken, self._ended = bytearray(), 0, False
        # The parser goes by the coding where both are said.
        length = "" if header(head, "transfer-encoding") else header(head, "content-length")
        self.length = int(length) if length.isdigit() else None
        named = header(head, "content-type").partition(";")[0].strip().lower()
        self.media_type = named if MEDIA_TYPE.fullmatch(named) else ""
        self._refuse_size(self.length or 0)

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer only at the end; Refused or FetchFailed if they can't come."""
        while len(self._ready) < size and not self._ended:
            self._take()
        part = bytes(self._ready[:size])
        del self._ready[:size]
        return part

    def close(self) -> None:
        self._line.close()

    def _take(self) -> None:
        event = _next_event(self._parser)
        if isinstance(event, h11.Data):
            self._taken += len(event.data)
            self._refuse_size(self._taken)
            self._ready += event.data
        elif isinstance(event, h11.EndOfMessage):
            self._ended = True
        elif self._line.received > 2 * self._taken + WRAPPING_BYTES:
            raise Refused("The server wraps too few bytes in too many.")
        else:
            self._parser.receive_data(self._line.receive())

    def _refuse_size(self, size: int) -> None:
        if size > self._most:
            raise Refused(f"What the URL names is larger than the {self._most} bytes that may be fetched.")


def ask(line: Line, url: Url, more: Sequence[tuple[str, str]]) -> tuple[h11.Connection, h11.Response]:
    """Ask with some headers more: the head of the answer, and the parser that goes on with its body."""
    parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
    headers = [("Host", url.authority), ("User-Agent", "haneul"), ("Accept", "*/*")]
    headers += [("Accept-Encoding", "identity"), ("Connection", "close"), *more]
    request = parser.send(h11.Request(method="GET", target=url.target, headers=headers)) or b""
    line.send(request + (parser.send(h11.EndOfMessage()) or b""))
    while not isinstance(event := _next_event(parser), h11.Response):
        if event is None:
            # Interim responses count too, or they could go on for ever.
            if line.received > HEAD_BYTES:
                raise Refused(LONG_HEAD)
            parser.receive_data(line.receive())
    line.begin()
    return parser, event


def _next_event(parser: h11.Connection) -> h11.Event | None:
    """What the server says next, None when more has to come first."""
    try:
        event = parser.next_event()
    except h11.RemoteProtocolError as error:
        if error.error_status_hint == 431:
            raise Refused(LONG_HEAD) from None
        raise FetchFailed(BROKEN if parser.trailing_data[1] else NO_HTTP) from None
    return event if isinstance(event, h11.Event) else None


def refuse_unwanted(head: h11.Response, offset: int) -> None:
    """Refused or FetchFailed for an answer that isn't the bytes that were asked for, as they are."""
    if header(head, "content-encoding").lower() not in ("", "identity"):
        raise Refused("The server sends a coded form of what the URL names.")
    if offset and head.status_code == 200:
        raise Refused("The server can't send a part of what the URL names.")
    if head.status_code != (206 if offset else 200):
        kind = Missing if head.status_code in (404, 410) else FetchFailed
        raise kind(f"The server answers with the status {head.status_code}.")
    if offset:
        _refuse_other_part(head, offset)


def _refuse_other_part(head: h11.Response, offset: int) -> None:
    found = CONTENT_RANGE.fullmatch(header(head, "content-range"))
    if not found or int(found[1]) != offset:
        raise FetchFailed("The server sends another part than it was asked for.")


def header(head: h11.Response, name: str) -> str:
    """What the server says under a name, the first if it says it more than once."""
    values = (value for key, value in head.headers if key == name.encode())
    return next(values, b"").decode("latin-1")
