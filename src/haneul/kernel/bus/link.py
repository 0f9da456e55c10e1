"""One Unix-socket connection of the local bus: frames of a length and a msgpack message."""

import asyncio
import socket
import struct

import msgspec

from haneul.kernel.bus import messages
from haneul.kernel.bus.messages import Message

_LENGTH = struct.Struct(">I")
_CREDENTIALS = struct.Struct("3i")
# What a peer that has stopped reading may cost us in memory before its messages are dropped.
MAX_BACKLOG_BYTES = 256 * 1024 * 1024
STREAM_LIMIT_BYTES = 1024 * 1024


class BadFrameError(Exception):
    """The other side sent bytes that are no message of ours."""


class LinkClosedError(Exception):
    """The connection has ended."""


class Link:
    """A connection and what its peer has said of itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.name = ""
        self.started_ns = 0
        self.topics: set[str] = set()
        # Calls passed to this peer and not yet answered: call id to the caller's name.
        self.owed: dict[int, str] = {}

    def uid(self) -> int:
        """The user id of the process at the other end, as the kernel recorded it when the connection was made."""
        credentials = self._writer.get_extra_info("socket").getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size
        )
        _pid, uid, _gid = _CREDENTIALS.unpack(credentials)
        return int(uid)

    def send(self, message: Message) -> bool:
        """Write a message without waiting; False if the link is closing or its peer has stopped reading."""
        transport = self._writer.transport
        if transport.is_closing() or transport.get_write_buffer_size() > MAX_BACKLOG_BYTES:
            return False
        frame = bytearray(_LENGTH.size)
        messages.encode_into(message, frame, _LENGTH.size)
        _LENGTH.pack_into(frame, 0, len(frame) - _LENGTH.size)
        self._writer.write(frame)
        return True

    async def receive(self) -> Message:
        """The next message; LinkClosedError at the end, BadFrameError for bytes that are none."""
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            if length > messages.MAX_FRAME_BYTES:
                raise BadFrameError(f"a frame of {length} bytes")
            return messages.decode(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise LinkClosedError("the connection has ended") from error
        except msgspec.MsgspecError as error:
            raise BadFrameError(str(error)) from error

    def hang_up(self) -> None:
        """Begin to close, without waiting; whoever receives on the link gets LinkClosedError."""
        self._writer.close()

    async def close(self) -> None:
        """Send what is buffered if that takes no more than a second, then end the connection."""
        self._writer.close()
        try:
            await asyncio.wait_for(self._writer.wait_closed(), 1.0)
        except (TimeoutError, ConnectionError):
            self._writer.transport.abort()
