"""The HTTP server: every service's port in one process."""

import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from haneul.kernel.http.limits import GuardedProtocol

GRACE_S = 5


class Tls(msgspec.Struct, frozen=True):
    """A certificate chain and its key, PEM files."""

    certificate: Path
    key: Path


def listen(host: str, ports: Sequence[int]) -> list[socket.socket]:
    """A listening socket for each port; OSError names the port that is taken."""
    sockets = []
    for port in ports:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        one = socket.socket(family, socket.SOCK_STREAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((host, port))
        except OSError as error:
            one.close()
            raise OSError(error.errno, f"port {port} on {host}: {error.strerror}") from error
        one.listen(2048)
        one.setblocking(False)
        sockets.append(one)
    return sockets


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
    server_of(app, tls=tls, ready=ready).run(list(sockets))


def server_of(app: Any, *, tls: Tls | None = None, ready: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """The server, for who runs it in a thread of his own."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=GuardedProtocol,
        ws="none",
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
