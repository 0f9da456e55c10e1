"""A child's line to its supervisor: it tells how it does, and hears when the supervisor is gone."""

import faulthandler
import os
import signal
import socket
import threading

import msgspec

SHOW_STACKS = signal.SIGUSR1
"""Has a process write to its log what each of its threads does."""


class Notice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a child tells: what it is doing, that it is ready, or why it can't be, with a fix where there is one."""

    doing: str = ""
    ready: bool = False
    failed: str = ""
    fix: str = ""


class Link:
    """The child's end. Without a supervisor (a number below 0) nobody is told and nobody is missed."""

    def __init__(self, descriptor: int) -> None:
        faulthandler.register(SHOW_STACKS)
        self._socket = socket.socket(fileno=descriptor) if descriptor >= 0 else None
        if self._socket is not None:
            # Not for the programs that this process starts: a guest must neither hold the line nor die with it.
            self._socket.set_inheritable(False)
            threading.Thread(target=self._watch, args=(self._socket,), name="supervisor", daemon=True).start()

    def tell(self, notice: Notice) -> None:
        """Send a notice; harmless when the supervisor has just gone."""
        if self._socket is not None:
            try:
                self._socket.sendall(msgspec.json.encode(notice) + b"\n")
            except OSError:
                return

    def _watch(self, line: socket.socket) -> None:
        # The supervisor never writes: whatever ends this read is its end.
        try:
            line.recv(1)
        except OSError:
            return
        os.kill(os.getpid(), signal.SIGTERM)
