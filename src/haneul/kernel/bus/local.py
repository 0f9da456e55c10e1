"""The bus of one machine: a Unix-socket hub in the control process and peers that connect to it."""

import os
from collections.abc import Iterable

from haneul.kernel.bus.base import CONTROL
from haneul.kernel.bus.hub import HubWire
from haneul.kernel.bus.methods import ToError
from haneul.kernel.bus.peer import PeerWire
from haneul.kernel.bus.station import Station

# Linux's sockaddr_un holds 108 bytes, one of them the closing zero; the hub also binds PATH.<pid> for a moment.
MAX_PATH_BYTES = 107 - len(".4194304")


class LocalBus(Station):
    """A Bus over a Unix socket; make one with `hub` or `peer`."""

    @classmethod
    def hub(
        cls,
        path: str,
        name: str = CONTROL,
        *,
        allowed_uids: Iterable[int] | None = None,
        gid: int | None = None,
        to_error: ToError | None = None,
    ) -> "LocalBus":
        """The side that listens. Only root's and this process's own user id may connect, unless others are given."""
        uids = frozenset((0, os.getuid()) if allowed_uids is None else allowed_uids)
        return cls(HubWire(checked(path), name, uids, gid), name, to_error)

    @classmethod
    def peer(cls, path: str, name: str, *, to_error: ToError | None = None) -> "LocalBus":
        """The side that connects, and reconnects for ever."""
        return cls(PeerWire(checked(path), name), name, to_error)


def checked(path: str) -> str:
    """The path itself; ValueError if a Unix socket's path can't be that long."""
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise ValueError(f"The bus's socket path {path} is longer than {MAX_PATH_BYTES} bytes; use a shorter one.")
    return path
