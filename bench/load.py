"""The load: prepared requests over keep-alive connections, from a process of its own that costs the server nothing.

`python -m bench.load` reads a Plan as JSON from standard input and writes a Result as JSON.
"""

import re
import select
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
RECEIVED_AT_ONCE = 1 << 18
END_S = 60.0
STORM_RISES_S = 1.0


class Plan(Struct, frozen=True, kw_only=True):
    """What to send: the requests in turn, again and again, until `count` are answered or `seconds` are over."""

    port: int
    requests: list[bytes]
    count: int
    connections: int = 4
    seconds: float = 120.0


class Result(Struct, frozen=True, kw_only=True):
    """What came back. Times are those of the client, in milliseconds."""

    count: int
    statuses: dict[int, int]
    seconds: float
    received: int
    p50_ms: float
    p95_ms: float
    p99_ms: float

    def expect(self, status: int, count: int) -> "Result":
        """Itself, if that many answers came and all had this status."""
        if self.statuses != {status: count}:
            raise RuntimeError(f"Expected {count} answers of status {status}, got {self.statuses}.")
        return self


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A request's bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def send(plan: Plan) -> Result:
    """Carry the plan out in a process of its own."""
    command = [sys.executable, "-m", "bench.load"]
    done = subprocess.run(
        command,
        input=msgspec.json.encode(plan),
        stdout=subprocess.PIPE,
        check=True,
        timeout=plan.seconds + END_S,
        cwd=Path(__file__).resolve().parents[1],
    )
    return msgspec.json.decode(done.stdout, type=Result)


@contextmanager
def storming(plan: Plan) -> Iterator[None]:
    """Carry a plan out beside what the block does, and end it with the block, however far it has come."""
    storm = subprocess.Popen(
        [sys.executable, "-m", "bench.load"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd=Path(__file__).resolve().parents[1],
    )
    try:
        assert storm.stdin is not None
        storm.stdin.write(msgspec.json.encode(plan))
        storm.stdin.close()
        time.sleep(STORM_RISES_S)
        yield
    finally:
        storm.kill()
        storm.wait()


class _Connection:
    """One connection with at most one request on its way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=END_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()
        self._whole = 0
        self._sent_at = 0.0

    def send(self, one: bytes) -> None:
        self._received.clear()
        self._whole = 0
        self._sent_at = time.perf_counter()
        self.socket.sendall(one)

    def receive(self) -> bool:
        """Take what has come; whether the answer is whole."""
        part = self.socket.recv(RECEIVED_AT_ONCE)
        if not part:
            raise ConnectionError("The server closed a connection before its answer was whole.")
        self._received += part
        if not self._whole and (head := self._received.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self._received, 0, head)
            self._whole = head + 4 + (int(length[1]) if length else 0)
        return 0 < self._whole <= len(self._received)

    @property
    def status(self) -> int:
        return int(self._received[9:12])

    @property
    def size(self) -> int:
        return len(self._received)

    @property
    def took_s(self) -> float:
        return time.perf_counter() - self._sent_at


def _carry_out(plan: Plan) -> Result:
    connections = [_Connection(plan.port) for _ in range(min(plan.connections, plan.count))]
    waiting, poll = {one.socket.fileno(): one for one in connections}, select.epoll()
    for number in waiting:
        poll.register(number, select.EPOLLIN)
    statuses: Counter[int] = Counter()
    times: list[float] = []
    received, sent, began = 0, 0, time.perf_counter()
    for one in connections:
        one.send(plan.requests[sent % len(plan.requests)])
        sent += 1
    while len(times) < sent and time.perf_counter() - began < plan.seconds + END_S:
        for number, _ in poll.poll(1.0):
            one = waiting[number]
            if not one.receive():
                continue
            times.append(one.took_s)
            statuses[one.status] += 1
            received += one.size
            if sent < plan.count and time.perf_counter() - began < plan.seconds:
                one.send(plan.requests[sent % len(plan.requests)])
                sent += 1
    seconds = time.perf_counter() - began
    for one in connections:
        one.socket.close()
    times.sort()

    def at(part: float) -> float:
        return round(times[min(int(len(times) * part), len(times) - 1)] * 1000, 3)

    return Result(
        count=len(times),
        statuses=dict(statuses),
        seconds=seconds,
        received=received,
        p50_ms=at(0.5),
        p95_ms=at(0.95),
        p99_ms=at(0.99),
    )


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(_carry_out(msgspec.json.decode(sys.stdin.buffer.read(), type=Plan))))
