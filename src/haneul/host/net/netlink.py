"""Sockets to the kernel's table of links, addresses and routes, and its refusals as sentences.

The calls block and run an event loop of their own: they are for threads that have none.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from haneul.host.namespaces import Place, identity_of_namespace, inside, is_visiting
from haneul.host.run import RunFailed

EXISTS, NO_ENTRY, NO_DEVICE, NO_ADDRESS, NO_ROUTE = 17, 2, 19, 99, 3
MISSING = frozenset({NO_ENTRY, NO_DEVICE, NO_ADDRESS, NO_ROUTE})

_kept = threading.local()


class NetlinkFailed(RunFailed):
    """The kernel refused; `code` is its error number."""


@contextmanager
def netlink(place: Place | None = None) -> Iterator[Any]:
    """A netlink socket of the namespace at `place`, or of the thread's own; a block in another's block shares it.

    Only that of the thread's own namespace is kept for later: an open socket would keep a removed one alive.
    """
    with inside(place):
        if not is_visiting():
            yield _own_socket()
            return
        here, outer = identity_of_namespace(), getattr(_kept, "visited", None)
        if outer and outer[0] == here:
            yield outer[1]
            return
        socket = _open()
        _kept.visited = (here, socket)
        try:
            yield socket
        finally:
            _kept.visited = outer
            socket.close()


def _own_socket() -> Any:
    here = identity_of_namespace()
    if getattr(_kept, "of", None) != here:
        if hasattr(_kept, "socket"):
            _kept.socket.close()
        _kept.socket, _kept.of = _open(), here
    return _kept.socket


def _open() -> Any:
    # Loading takes a quarter of a second, which a start need not pay.
    from pyroute2 import IPRoute

    return IPRoute()


@contextmanager
def refusals(what: str, *, harmless: frozenset[int] = frozenset()) -> Iterator[None]:
    """Turn the kernel's refusals into NetlinkFailed: "{what}: its reason." Those that are harmless are passed over."""
    from pyroute2.netlink.exceptions import NetlinkError

    try:
        yield
    except NetlinkError as error:
        if error.code not in harmless:
            raise NetlinkFailed(f"{what}: {os.strerror(error.code)}.", error.code) from error
    except OSError as error:
        if error.errno not in harmless:
            raise NetlinkFailed(f"{what}: {error.strerror}.", error.errno) from error
