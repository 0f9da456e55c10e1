"""The HTTP server: every service's port in one process."""

import asyncio
import gc
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from haneul.kernel.http.limits import GuardedProtocol
from haneul.kernel.listening import listen

__all__ = ["Tls", "listen", "serve_until_stopped", "server_of"]

GRACE_S = 5
# A list of a thousand rows makes tens of thousands of objects that all die with it: Python's own limit would look
# through them a hundred times.
OBJECTS_BETWEEN_COLLECTIONS = 50_000
# The longest message that a WebSocket's client may send.
WEBSOCKET_BYTES = 1 << 20


class Tls(msgspec.Struct, frozen=True):
    """A certificate chain and its key, PEM files."""

    certificate: Path
    key: Path


class _Server(uvicorn.Server):
    """uvicorn's server, telling when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def serve_until_stopped(
    app: Any, sockets: Sequence[socket.socket], *, tls: Tls | None = None, ready: Callable[[], None] = lambda: None
) -> None:
    """Answer requests until SIGTERM or SIGINT; running requests get a few seconds to end."""
    _spare_the_collector()
    server_of(app, tls=tls, ready=ready).run(list(sockets))


def _spare_the_collector() -> None:
    """Set aside what the program is made of, which lives as long as the process."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])


def _websocket(**words: Any) -> asyncio.Protocol:
    """The protocol of a connection that has become a WebSocket, imported with the first one."""
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

    return WebSocketsSansIOProtocol(**words)


def server_of(app: Any, *, tls: Tls | None = None, ready: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """The server, for who runs it in a thread of his own."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=GuardedProtocol,
        # A function in place of a class, as uvicorn only calls it.
        ws=_websocket,  # type: ignore[arg-type]
        ws_max_size=WEBSOCKET_BYTES,
        ws_per_message_deflate=False,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_S,
        h11_max_incomplete_event_size=65_536,
        ssl_certfile=str(tls.certificate) if tls else None,
        ssl_keyfile=str(tls.key) if tls else None,
    )
    return _Server(config, ready)
