"""Listening sockets, for whoever binds them: a supervisor that outlives its servers, or a server by itself."""

import socket
from collections.abc import Sequence

BACKLOG = 2048


def listen(host: str, ports: Sequence[int]) -> list[socket.socket]:
    """A listening socket for each port; OSError names the port that is taken."""
    sockets: list[socket.socket] = []
    try:
        sockets.extend(listen_at(host, port) for port in ports)
    except OSError:
        for one in sockets:
            one.close()
        raise
    return sockets


def listen_at(host: str, port: int) -> socket.socket:
    """One listening socket; OSError names the port and what stands in the way."""
    one = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        one.bind((host, port))
        one.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        one.close()
        number = getattr(error, "errno", None)
        reason = getattr(error, "strerror", None) or str(error)
        raise OSError(number, f"port {port} on {host}: {reason}") from error
    one.setblocking(False)
    return one
