"""The agent's end of the metadata proxies: HTTP/1.1 on a unix socket, in a thread of its own, with bounded workers."""

import asyncio
import logging
import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from haneul.host.net.metadata_proxy.conversation import (
    MetadataAsk,
    MetadataReply,
    Refused,
    plain,
    read_ask,
    write_reply,
)
from haneul.host.run import RunFailed

__all__ = ["MetadataAsk", "MetadataReply", "MetadataServer", "serve_metadata"]

log = logging.getLogger("haneul.net.metadata")

Answer = Callable[[MetadataAsk], MetadataReply]

WORKERS = 16
CONNECTIONS = 512
BACKLOG = 256
ANSWER_S = 15.0
START_S = 10.0


def serve_metadata(
    socket_path: Path, answer: Answer, *, mode: int = 0o600, gid: int | None = None, answer_s: float = ANSWER_S
) -> "MetadataServer":
    """Answer the proxies on this socket, which takes the place of one that is there; it listens on return.

    `answer` is called in several threads at once; one that fails is a 500 and one that takes longer than `answer_s`
    a 504 to the guest.
    """
    listener = _listen(socket_path, mode, gid)
    return MetadataServer(socket_path, listener, answer, answer_s)


def _listen(path: Path, mode: int, gid: int | None) -> socket.socket:
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(draft))
        if gid is not None:
            os.chown(draft, -1, gid)
        draft.chmod(mode)
        listener.listen(BACKLOG)
        # A proxy finds the old socket or the new one, never none and never one that it may not open.
        draft.replace(path)
    except OSError:
        listener.close()
        raise
    return listener


class MetadataServer:
    """A running server; `stop` ends it and its socket."""

    def __init__(self, path: Path, listener: socket.socket, answer: Answer, answer_s: float) -> None:
        self._path, self._listener, self._inode = path, listener, path.stat().st_ino
        self._answer, self._answer_s = answer, answer_s
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="metadata-answer")
        self._open = 0
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metadata", daemon=True)
        self._thread.start()
        if not self._started.wait(START_S):
            raise RunFailed(f"Nothing answers on the metadata socket {path}.")

    def stop(self) -> None:
        """End the server; who is being answered is cut off. Repeatable."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        self._workers.shutdown(wait=False, cancel_futures=True)
        with suppress(FileNotFoundError):
            # Another server may have taken the place.
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_unix_server(self._meet, sock=self._listener)
        self._started.set()
        await self._ended.wait()
        server.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            # Who is gone or doesn't read has no one to be told to.
            with suppress(OSError, TimeoutError):
                await self._converse(reader, writer)
        finally:
            self._open -= 1
            writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ask = None
        try:
            if self._open > CONNECTIONS:
                raise Refused(503, "Too many ask at the same time.")
            ask = await read_ask(reader)
            if ask is None:
                return
            reply = await self._answered(ask)
        except Refused as refused:
            reply = refused.reply
        await write_reply(writer, reply, has_body=ask is None or ask.method != "HEAD")

    async def _answered(self, ask: MetadataAsk) -> MetadataReply:
        try:
            async with asyncio.timeout(self._answer_s):
                return await self._loop.run_in_executor(self._workers, self._answer, ask)
        except TimeoutError:
            return plain(504, "The metadata could not be had in time.")
        except Exception:
            log.exception("The metadata for %s could not be answered.", ask.address)
            return plain(500, "An unknown error has occurred. Please try your request again.")
