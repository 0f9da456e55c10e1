"""What only the bus of one machine does: its socket, who may connect, and how it is chosen."""

import logging
import os
import socket
import stat
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.contracts.bus_places import PATIENCE_S, answers, eventually
from tests.contracts.bus_wires import Local, frame, receive

from haneul.kernel.bus import CONTROL, Bus, BusError, BusSettings, BusTimeout, LocalBus, open_bus
from haneul.kernel.bus.local import MAX_PATH_BYTES

NOBODY = 65534


class Buses:
    """The buses of one test, closed at its end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._made: list[Bus] = []

    def hub(self, settings: BusSettings | None = None) -> Bus:
        return self._keep(open_bus(f"unix://{self.path}", CONTROL, listen=True, settings=settings))

    def peer(self, name: str) -> Bus:
        return self._keep(open_bus(f"unix://{self.path}", name))

    def close(self) -> None:
        for bus in self._made:
            bus.close()

    def _keep(self, bus: Bus) -> Bus:
        bus.serve("add", tuple[int, int], lambda numbers: numbers[0] + numbers[1])
        self._made.append(bus)
        return bus


@pytest.fixture
def buses(tmp_path: Path) -> Iterator[Buses]:
    made = Buses(tmp_path / "bus.sock")
    yield made
    made.close()


def test_the_socket_is_for_owner_and_group_and_goes_with_the_hub(buses: Buses) -> None:
    gid = NOBODY if os.geteuid() == 0 else os.getegid()
    hub = buses.hub(BusSettings(gid=gid))
    hub.start()
    made = buses.path.stat()
    assert stat.S_IMODE(made.st_mode) == 0o660
    assert made.st_gid == gid
    assert os.listdir(buses.path.parent) == ["bus.sock"]
    hub.close()
    assert os.listdir(buses.path.parent) == []


def test_a_socket_that_a_dead_hub_left_is_replaced(buses: Buses) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(buses.path))
    buses.hub().start()
    host = buses.peer("host-1")
    host.start()
    assert answers(host, CONTROL)


def test_a_living_hub_is_left_alone(buses: Buses) -> None:
    buses.hub().start()
    with pytest.raises(FileExistsError, match=r"Another control process already listens at .*bus\.sock"):
        buses.hub().start()
    host = buses.peer("host-1")
    host.start()
    assert answers(host, CONTROL)


def test_a_file_in_the_way_is_left_alone(buses: Buses) -> None:
    buses.path.write_text("precious")
    with pytest.raises(FileExistsError, match="it is not a socket"):
        buses.hub().start()
    assert buses.path.read_text() == "precious"


def test_a_hub_that_can_not_listen_says_so(tmp_path: Path) -> None:
    hub = LocalBus.hub(str(tmp_path / "missing" / "bus.sock"))
    with pytest.raises(FileNotFoundError):
        hub.start()


def test_closing_leaves_a_newer_hubs_socket(buses: Buses) -> None:
    older = buses.hub()
    older.start()
    buses.path.unlink()
    buses.hub().start()
    older.close()
    host = buses.peer("host-1")
    host.start()
    assert answers(host, CONTROL)


def test_only_those_who_may_join_do(buses: Buses, caplog: pytest.LogCaptureFixture) -> None:
    buses.hub(BusSettings(allowed_uids=(os.geteuid() + 1,))).start()
    host = buses.peer("host-1")
    host.start()
    with caplog.at_level(logging.WARNING), pytest.raises(BusTimeout):
        host.call(CONTROL, "add", (1, 2), returns=int, deadline_s=0.5)
    assert eventually(lambda: f"User id {os.geteuid()} may not join this bus." in caplog.text)


def test_no_peer_can_be_control(buses: Buses, caplog: pytest.LogCaptureFixture) -> None:
    hub = buses.hub()
    hub.start()
    usurper = buses.peer(CONTROL)
    usurper.start()
    with caplog.at_level(logging.WARNING), pytest.raises(BusTimeout):
        usurper.call("host-1", "add", (1, 2), returns=int, deadline_s=0.5)
    assert "can't be named 'control'" in caplog.text
    assert hub.peers() == ()


@pytest.mark.parametrize(
    "bad",
    [
        frame(["call", 1, CONTROL, "host-1", "add", 5.0, b"\x92\x01\x02"]),
        frame(["hello", 1, "host-3"]),
        frame(["roster", ["host-666"]]),
        frame(["no such kind"]),
        frame("no array"),
        struct.pack(">I", 17 * 1024 * 1024),
    ],
    ids=["another's name", "a second hello", "a roster", "an unknown kind", "no array", "too large"],
)
def test_a_bad_frame_ends_that_connection_alone(buses: Buses, bad: bytes) -> None:
    hub, host = buses.hub(), buses.peer("host-1")
    hub.start()
    host.start()
    assert answers(host, CONTROL)
    with Local(buses.path.parent).stranger() as stranger:
        stranger.sendall(frame(["hello", 1, "host-2"]))
        assert eventually(lambda: tuple(hub.peers()) == ("host-1", "host-2"))
        stranger.sendall(bad)
        while stranger.recv(4096):
            pass
    assert eventually(lambda: tuple(hub.peers()) == ("host-1",))
    assert answers(host, CONTROL)
    assert answers(hub, "host-1")


def test_only_who_was_asked_can_answer(buses: Buses) -> None:
    hub, asked = buses.hub(), buses.peer("host-1")
    hub.start()
    asked.serve("wait", type(None), lambda _: time.sleep(0.5))
    asked.start()
    assert eventually(lambda: answers(hub, "host-1"))
    with ThreadPoolExecutor(2) as threads, Local(buses.path.parent).stranger() as stranger:
        stranger.sendall(frame(["hello", 1, "host-2"]))
        assert eventually(lambda: "host-2" in hub.peers())
        call = threads.submit(hub.call, "host-2", "add", (1, 2), returns=int, deadline_s=PATIENCE_S)
        _, call_id, *_ = next(iter(received(stranger, "call")))
        waiting = threads.submit(hub.call, "host-1", "wait", None, returns=type(None), deadline_s=PATIENCE_S)
        time.sleep(0.1)
        # The call that host-1 has been asked, and one that nobody made.
        for guess in (call_id + 1, call_id + 2):
            stranger.sendall(frame(["answer", guess, CONTROL, msgspec.msgpack.encode("forged")]))
        stranger.sendall(frame(["answer", call_id, CONTROL, msgspec.msgpack.encode(3)]))
        assert call.result() == 3
        assert waiting.result() is None


@pytest.mark.parametrize("caller", [CONTROL, "host-1"])
def test_what_a_host_was_asked_is_lost_with_it_at_once(buses: Buses, caller: str) -> None:
    begun, over = threading.Event(), threading.Event()

    def wait(_: None) -> None:
        begun.set()
        over.wait(PATIENCE_S)

    callers = {CONTROL: buses.hub(), "host-1": buses.peer("host-1")}
    asked = buses.peer("host-2")
    asked.serve("wait", type(None), wait)
    for bus in (*callers.values(), asked):
        bus.start()
    assert eventually(lambda: answers(callers[caller], "host-2"))
    with ThreadPoolExecutor(1) as threads:
        call = callers[caller].call
        waiting = threads.submit(call, "host-2", "wait", None, returns=type(None), deadline_s=PATIENCE_S)
        assert begun.wait(PATIENCE_S)
        asked.close()
        with pytest.raises(BusError, match="host-2 went away before it answered") as refused:
            waiting.result(PATIENCE_S / 2)
        assert refused.value.kind == "lost"
    over.set()


def received(stranger: socket.socket, kind: str) -> Iterator[Sequence[Any]]:
    while True:
        match receive(stranger):
            case [str(name), *_] as message if name == kind:
                yield message


def test_rabbitmq_is_not_imported_for_a_local_bus() -> None:
    program = (
        "import sys, haneul.kernel.bus as bus; bus.LocalBus.peer('/x', 'host-1'); print('aio_pika' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_bus_that_was_never_started_can_be_closed(buses: Buses) -> None:
    for bus in (buses.hub(), buses.peer("host-1")):
        bus.close()
        with pytest.raises(BusError, match="has left the bus"):
            bus.call(CONTROL, "add", (1, 2), returns=int, deadline_s=5)


def test_a_path_that_no_socket_can_have_is_refused_at_once(tmp_path: Path) -> None:
    name = "x" * MAX_PATH_BYTES
    with pytest.raises(ValueError, match="use a shorter one"):
        LocalBus.hub(f"/{name}")
    with pytest.raises(ValueError, match="use a shorter one"):
        LocalBus.peer(f"/{name}", "host-1")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "/run/bus.sock", "unix:relative.sock", "unix://host/bus.sock", ""]
)
def test_other_urls_are_no_bus(url: str) -> None:
    with pytest.raises(ValueError, match="use unix:///path or amqp://host"):
        open_bus(url, "host-1")
