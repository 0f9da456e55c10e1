"""Hears from QEMU itself when a guest goes down, so that nobody has to ask each guest again and again.

Each guest has a second monitor for this alone, since QEMU serves one client a monitor.
"""

import json
import os
import selectors
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

READ_BYTES = 65_536
BEGIN = b'{"execute": "qmp_capabilities"}\n'
# QEMU's events (qapi/run-state.json) after which a guest runs no more.
DOWN = frozenset({"SHUTDOWN", "GUEST_PANICKED", "STOP"})


class _Line:
    """The connection to one guest, and the beginning of what it is saying."""

    def __init__(self, guest_id: str, path: Path) -> None:
        self.guest_id, self.socket, self._heard = guest_id, _connected(path), b""

    @property
    def has_ended(self) -> bool:
        """Whether the guest's process is gone, which `hears_end` may not have been told yet."""
        try:
            return not self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def hears_end(self) -> bool:
        """Take what has come; whether the guest went down by it. ConnectionError once nobody speaks any more."""
        said = self.socket.recv(READ_BYTES)
        if not said:
            raise ConnectionError("The guest's process has ended.")
        *lines, self._heard = (self._heard + said).split(b"\n")
        return any(json.loads(line).get("event") in DOWN for line in lines if line.strip())


class GuestWatch:
    """One thread that listens to every guest; `went_down` is called with a guest's id, in that thread."""

    def __init__(self, went_down: Callable[[str], None]) -> None:
        self._went_down = went_down
        self._lines: dict[str, _Line] = {}
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._waking, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._listen, name="guest-watch", daemon=True)
        self._closing = False

    def follow(self, guest_id: str, path: Path) -> None:
        """Listen to the guest behind this socket, unless that is being done; one that can't be heard is left out."""
        with self._lock, suppress(OSError):
            known = self._lines.get(guest_id)
            if self._closing or (known is not None and not known.has_ended):
                return
            line = self._lines[guest_id] = _Line(guest_id, path)
            self._selector.register(line.socket, selectors.EVENT_READ, line)
            if not self._thread.is_alive():
                self._thread.start()
            self._waking.send(b"\0")

    def close(self) -> None:
        """Stop to listen; guests don't notice. A second time does nothing."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            self._waking.send(b"\0")
        if self._thread.is_alive():
            self._thread.join()
        for line in self._lines.values():
            line.socket.close()
        for one in (self._selector, self._waking, self._woken):
            one.close()

    def _listen(self) -> None:
        while not self._closing:
            for key, _ in self._selector.select():
                if isinstance(key.data, _Line):
                    self._hear(key.data)
                else:
                    self._woken.recv(READ_BYTES)

    def _hear(self, line: _Line) -> None:
        try:
            went_down = line.hears_end()
        except (OSError, ValueError):
            went_down = True
            with self._lock:
                self._selector.unregister(line.socket)
                line.socket.close()
                if self._lines.get(line.guest_id) is line:
                    del self._lines[line.guest_id]
        if went_down:
            self._went_down(line.guest_id)


def _connected(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # A socket's address holds 107 bytes and a folder's path may be longer: go by way of the folder's descriptor.
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        made.connect(f"/proc/self/fd/{folder}/{path.name}")
        made.sendall(BEGIN)
    except OSError:
        made.close()
        raise
    finally:
        os.close(folder)
    return made
