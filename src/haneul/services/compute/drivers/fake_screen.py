"""The screen of a pretended guest: as much of the RFB protocol (RFC 6143, version 3.8) as a viewer needs to show it."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

WIDTH, HEIGHT = 720, 400
VERSION = b"RFB 003.008\n"
NO_AUTHENTICATION = 1
# 32 bits a pixel, of them 24 used, little-endian, true colour, 8 bits each at 16, 8 and 0.
PIXELS = struct.pack(">BBBBHHHBBB3x", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
# Lengths of a client's messages after their first byte, 7.5; those of encodings and of cut text say more themselves.
SET_PIXELS, SET_ENCODINGS, ASK_UPDATE, KEY, POINTER, CUT_TEXT = 0, 2, 3, 4, 5, 6
LENGTHS = {SET_PIXELS: 19, SET_ENCODINGS: 3, ASK_UPDATE: 9, KEY: 7, POINTER: 5, CUT_TEXT: 7}
LOOK_S = 0.2


def open_screen(name: str, shade: int, is_on: Callable[[], bool]) -> socket.socket:
    """One end of a socket pair; at the other a thread shows a grey screen for as long as the guest is on."""
    ours, theirs = socket.socketpair()
    screen = _Screen(ours, name, shade, is_on)
    threading.Thread(target=screen.show, name="fake-screen", daemon=True).start()
    return theirs


class _Screen:
    """A screen all of one shade, which every pressed key makes a little lighter."""

    def __init__(self, line: socket.socket, name: str, shade: int, is_on: Callable[[], bool]) -> None:
        self._line, self._name, self._shade, self._is_on = line, name, shade, is_on
        self._pixel_bytes = 4
        self._is_awaited = False
        line.settimeout(LOOK_S)

    def show(self) -> None:
        with self._line, contextlib.suppress(OSError, EOFError):
            self._greet()
            while True:
                self._heed(self._read(1)[0])

    def _greet(self) -> None:
        self._line.sendall(VERSION)
        self._read(len(VERSION))
        self._line.sendall(bytes([1, NO_AUTHENTICATION]))
        self._read(1)
        self._line.sendall(bytes(4))
        self._read(1)
        name = self._name.encode()
        self._line.sendall(struct.pack(">HH", WIDTH, HEIGHT) + PIXELS + struct.pack(">I", len(name)) + name)

    def _heed(self, kind: int) -> None:
        if kind not in LENGTHS:
            raise EOFError
        said = self._read(LENGTHS[kind])
        if kind == SET_PIXELS:
            self._pixel_bytes = max(said[3] // 8, 1)
        elif kind == SET_ENCODINGS:
            self._read(4 * int.from_bytes(said[1:3], "big"))
        elif kind == CUT_TEXT:
            self._read(int.from_bytes(said[3:7], "big"))
        elif kind == ASK_UPDATE:
            # Where only changes are asked for, the answer waits for one.
            self._is_awaited = bool(said[0])
            if not self._is_awaited:
                self._draw()
        elif kind == KEY and said[0]:
            self._shade = (self._shade + 1) % 256
            if self._is_awaited:
                self._draw()

    def _draw(self) -> None:
        """All of the screen, as raw pixels."""
        self._is_awaited = False
        head = struct.pack(">BxHHHHHi", 0, 1, 0, 0, WIDTH, HEIGHT, 0)
        self._send(head + bytes([self._shade]) * (self._pixel_bytes * WIDTH * HEIGHT))

    def _send(self, content: bytes) -> None:
        left = memoryview(content)
        while left:
            try:
                left = left[self._line.send(left) :]
            except TimeoutError:
                self._refuse_off()

    def _read(self, length: int) -> bytes:
        found = b""
        while len(found) < length:
            try:
                part = self._line.recv(length - len(found))
            except TimeoutError:
                self._refuse_off()
                continue
            if not part:
                raise EOFError
            found += part
        return found

    def _refuse_off(self) -> None:
        if not self._is_on():
            raise EOFError
