"""The two wires under test: one machine's Unix socket, and a real RabbitMQ.

Each also lets a stranger in, one that speaks the protocol by hand and so can speak it wrongly.
"""

import asyncio
import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import aio_pika
import msgspec
from aio_pika.abc import FieldValue
from tests.servers.rabbitmq import RabbitMQ

from haneul.kernel.bus import CONTROL, Bus, BusError, BusSettings, open_bus

STRANGER_PATIENCE_S = 20.0
HEADERS: list[dict[str, FieldValue]] = [{}, {"haneul-version": 1}, {"haneul-version": "one"}]


class Missing(Exception):
    """An error of the program's own kind, which the caller is to see as a `missing` one."""


def to_error(error: Exception) -> BusError | None:
    return BusError("missing", f"It is not here: {error}.") if isinstance(error, Missing) else None


class Place(Protocol):
    """Where buses meet."""

    def bus(self, name: str) -> Bus: ...

    def stranger_asks(self, version: int, method: str, values: object) -> object:
        """Call control as a peer of some protocol version would; the answer, or the refusal's kind."""

    def stranger_babbles(self) -> None:
        """Send control everything that is no message."""


class Local:
    """One machine: the hub is control itself."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "bus.sock")

    def bus(self, name: str) -> Bus:
        return open_bus(f"unix://{self.path}", name, listen=name == CONTROL, settings=BusSettings(to_error=to_error))

    def stranger_asks(self, version: int, method: str, values: object) -> object:
        with self.stranger() as stranger:
            # An older peer's hello has fewer fields.
            hello = ["hello", version, "host-old"]
            call = ["call", 1, CONTROL, "host-old", method, 5.0, msgspec.msgpack.encode(values)]
            stranger.sendall(frame(hello) + frame(call))
            while True:
                match receive(stranger):
                    case ["answer", 1, _, bytes(body)]:
                        return msgspec.msgpack.decode(body)
                    case ["goodbye", kind, _] | ["refusal", 1, _, kind, _]:
                        return kind

    def stranger_babbles(self) -> None:
        hello = frame(["hello", 1, "host-babbling"])
        for babble in (
            b"GET / HTTP/1.1\r\n\r\n",
            b"\xff" * 4096,
            struct.pack(">I", 17 * 1024 * 1024) + b"more than a frame may hold",
            struct.pack(">I", 100) + b"cut off",
            frame({"a": "map"}),
            frame(["call", 1, CONTROL, "host-1", "who", 5.0, b"\xc0"]),
            hello + frame(["no such kind", 1]),
            hello + frame(["call", "one", CONTROL, "host-babbling", "who", 5.0, b"\xc0"]),
            hello + frame(["call", 1, CONTROL, "host-1", "who", 5.0, b"\xc0"]),
            hello + frame(["roster", ["host-666"]]),
            hello + struct.pack(">I", 3) + b"\x00\x01\x02",
            frame(["hello", 1, CONTROL]),
            frame(["hello", 1, ""]),
        ):
            # The hub hangs up as soon as it has read enough of this.
            with self.stranger() as stranger, suppress(BrokenPipeError, ConnectionResetError):
                stranger.sendall(babble)
                stranger.shutdown(socket.SHUT_WR)
                while stranger.recv(4096):
                    pass

    def stranger(self) -> socket.socket:
        connected = socket.socket(socket.AF_UNIX)
        connected.settimeout(STRANGER_PATIENCE_S)
        connected.connect(self.path)
        return connected


def frame(content: object) -> bytes:
    payload = msgspec.msgpack.encode(content)
    return struct.pack(">I", len(payload)) + payload


def receive(stranger: socket.socket) -> object:
    (length,) = struct.unpack(">I", stranger.recv(4, socket.MSG_WAITALL))
    return msgspec.msgpack.decode(stranger.recv(length, socket.MSG_WAITALL))


class Rabbit:
    """Many machines, with a broker between them."""

    def __init__(self, broker: RabbitMQ) -> None:
        self.broker = broker
        self.cloud_id = f"test-{uuid4().hex[:8]}"

    def bus(self, name: str) -> Bus:
        return open_bus(self.broker.url, name, settings=BusSettings(cloud_id=self.cloud_id, to_error=to_error))

    def stranger_asks(self, version: int, method: str, values: object) -> object:
        return asyncio.run(self._ask(version, method, values))

    def stranger_babbles(self) -> None:
        asyncio.run(self._babble())

    async def _ask(self, version: int, method: str, values: object) -> object:
        async with await aio_pika.connect(self.broker.url) as connection:
            channel = await connection.channel()
            inbox = await channel.declare_queue(exclusive=True)
            call = ["call", 1, CONTROL, inbox.name, method, 5.0, msgspec.msgpack.encode(values)]
            message = aio_pika.Message(
                msgspec.msgpack.encode(call),
                headers={"haneul-version": version},
                correlation_id="1",
                reply_to=inbox.name,
            )
            peers = await channel.get_exchange(f"{self.cloud_id}.peers")
            await peers.publish(message, f"call.{CONTROL}")
            async with inbox.iterator(timeout=STRANGER_PATIENCE_S) as answers:
                answer = await anext(answers)
                match msgspec.msgpack.decode(answer.body):
                    case ["answer", 1, _, bytes(body)]:
                        return msgspec.msgpack.decode(body)
                    case ["refusal", 1, _, kind, _]:
                        return kind
                    case other:
                        raise AssertionError(f"Neither an answer nor a refusal: {other}")

    async def _babble(self) -> None:
        async with await aio_pika.connect(self.broker.url) as connection:
            channel = await connection.channel()
            peers = await channel.get_exchange(f"{self.cloud_id}.peers")
            events = await channel.get_exchange(f"{self.cloud_id}.events")
            for exchange, key in (
                (peers, f"call.{CONTROL}"),
                (peers, f"wake.{CONTROL}"),
                (peers, "wake.host-1"),
                (peers, "call.host-1"),
                (events, "haneul.presence"),
                (events, "news"),
            ):
                for headers in HEADERS:
                    for body in (b"", b"\xff" * 4096, msgspec.msgpack.encode(["call", "one"]), b'{"a": "map"}'):
                        message = aio_pika.Message(body, headers=headers, correlation_id="x", reply_to="nobody")
                        await exchange.publish(message, key, mandatory=False)
