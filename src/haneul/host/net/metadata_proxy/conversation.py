"""One request on the metadata socket, read with h11 under limits of size and time, and its reply."""

import asyncio
import ipaddress
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

import h11
from msgspec import Struct

from haneul.host.net.metadata_proxy.config import ADDRESS_HEADER, BODY_BYTES, NETWORK_HEADER, ROUTER_HEADER

HEADER_BYTES = 16384
CHUNK_BYTES = 16384
READ_S, WRITE_S = 10.0, 10.0
# Of a guest's own headers, those that an answer may depend on.
PASSED_ON = frozenset({"accept", "content-type", "user-agent"})


class MetadataAsk(Struct, frozen=True, kw_only=True):
    """What a guest asks, and who it is: its address in this network or behind this router, one of which is ""."""

    router_id: str
    network_id: str
    address: str
    method: str
    path: str
    headers: Mapping[str, str] = {}
    body: bytes = b""


class MetadataReply(Struct, frozen=True, kw_only=True):
    """What a guest is told."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=UTF-8"


class Refused(Exception):
    """This request is answered by a status and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.reply = plain(status, sentence)


def plain(status: int, sentence: str) -> MetadataReply:
    return MetadataReply(status=status, body=f"{sentence}\n".encode())


async def read_ask(reader: asyncio.StreamReader) -> MetadataAsk | None:
    """The one request of a connection, None if nothing was asked; Refused if it is late, too large or malformed."""
    parser = h11.Connection(h11.SERVER, max_incomplete_event_size=HEADER_BYTES)
    request: h11.Request | None = None
    body = b""
    try:
        async with asyncio.timeout(READ_S):
            while True:
                event = parser.next_event()
                if event is h11.NEED_DATA:
                    parser.receive_data(await reader.read(CHUNK_BYTES))
                elif isinstance(event, h11.Request):
                    request = event
                elif isinstance(event, h11.Data):
                    body += event.data
                    if len(body) > BODY_BYTES:
                        raise Refused(413, "The request's body is too large.")
                elif isinstance(event, h11.EndOfMessage) and request:
                    return _ask(request, body)
                else:
                    return None
    except TimeoutError:
        raise Refused(408, "The request did not come in time.") from None
    except h11.RemoteProtocolError as error:
        raise Refused(error.error_status_hint, "The request is not understood.") from error


def _ask(request: h11.Request, body: bytes) -> MetadataAsk:
    router_id, network_id = _only(request, ROUTER_HEADER), _only(request, NETWORK_HEADER)
    if bool(router_id) == bool(network_id):
        raise Refused(400, "The request does not say where it comes from.")
    return MetadataAsk(
        router_id=router_id,
        network_id=network_id,
        address=_address(request),
        method=request.method.decode("ascii"),
        path=unquote(urlsplit(request.target.decode("latin-1")).path),
        headers={
            name.decode("ascii"): value.decode("latin-1")
            for name, value in request.headers
            if name.decode("ascii") in PASSED_ON
        },
        body=body,
    )


def _address(request: h11.Request) -> str:
    try:
        return str(ipaddress.ip_address(_only(request, ADDRESS_HEADER)))
    except ValueError as error:
        raise Refused(400, "The request does not say whose it is.") from error


def _only(request: h11.Request, header: str) -> str:
    """A header that the proxy sets, "" without it; more than one can't be from the proxy."""
    found = [value for name, value in request.headers if name == header.lower().encode()]
    if len(found) > 1:
        raise Refused(400, "The request says more than once whose it is.")
    return found[0].decode("latin-1") if found else ""


async def write_reply(writer: asyncio.StreamWriter, reply: MetadataReply, *, has_body: bool) -> None:
    """Send a reply that says that the connection ends with it."""
    head = [
        f"HTTP/1.1 {reply.status} {_phrase(reply.status)}",
        f"Content-Type: {reply.content_type}",
        f"Content-Length: {len(reply.body)}",
        "Connection: close",
    ]
    writer.write("\r\n".join([*head, "", ""]).encode("latin-1") + (reply.body if has_body else b""))
    async with asyncio.timeout(WRITE_S):
        await writer.drain()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
