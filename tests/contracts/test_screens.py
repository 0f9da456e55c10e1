"""A guest's screen, whichever driver shows it and whichever bus carries it."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from tests.contracts import bus_places
from tests.contracts.bus_places import Cloud
from tests.contracts.hypervisor_grounds import KINDS, Driver, Ground, changed, plan, wait_until
from tests.servers import fixtures
from tests.support.viewers import Viewer, on_socket

from haneul.host.hypervisor import screen
from haneul.kernel.bus import CONTROL, Bus, BusError
from haneul.kernel.reconcile.values import Nothing
from haneul.services.compute.agent.screens import IDLE_S, PER_HOST, Screens
from haneul.services.compute.drivers.base import Refused
from haneul.services.compute.drivers.fake_screen import HEIGHT, WIDTH, open_screen
from haneul.services.compute.drivers.qemu import QemuDriver
from haneul.services.compute.wire import ScreenAsk, ScreenEnd, ScreenPart, ScreenRead, ScreenWrite

cloud = bus_places.cloud
rabbitmq_server = fixtures.rabbitmq_server
each_driver = pytest.mark.parametrize("kind", KINDS, indirect=True)
DEADLINE_S = 20.0


@each_driver
def test_a_screen_greets_draws_and_takes_keys(driver: Driver) -> None:
    wanted = plan()
    driver.ensure_guest(wanted)
    with driver.open_screen(wanted.id) as line:
        viewer = on_socket(line)
        shown = viewer.greet()
        assert shown.width >= 640
        assert shown.height >= 400
        # The first of several sizes, where a real guest's firmware is still at work.
        assert viewer.update(shown)
        viewer.press(0xFF0D)
        assert viewer.update(shown)


@each_driver
def test_a_screen_ends_with_its_guest(driver: Driver) -> None:
    wanted = plan()
    driver.ensure_guest(wanted)
    with driver.open_screen(wanted.id) as line:
        viewer = on_socket(line)
        viewer.greet()
        driver.ensure_guest(changed(wanted, power="paused"))
        driver.open_screen(wanted.id).close()
        driver.remove_guest(wanted.id)
        assert viewer.is_over()


@each_driver
def test_who_does_not_run_here_has_no_screen(driver: Driver, ground: Ground) -> None:
    wanted = plan(power="stopped")
    driver.ensure_guest(wanted)
    running = plan()
    driver.ensure_guest(running)
    for asking, guest_id in (
        (driver, wanted.id),
        (driver, str(uuid4())),
        (driver, "../" + running.id),
        (driver, ""),
        (ground.driver(cloud_id="another"), running.id),
    ):
        with pytest.raises(Refused, match="has no screen"):
            asking.open_screen(guest_id)


@pytest.mark.machine
@pytest.mark.parametrize("kind", ["qemu"], indirect=True)
def test_a_guests_folder_leads_to_no_other_screen(driver: Driver, ground: Ground) -> None:
    """Who breaks out of QEMU owns the folder of its sockets; the agent is root and could be led anywhere."""
    assert isinstance(driver, QemuDriver)
    bad, good = plan(), plan()
    for wanted in (bad, good):
        driver.ensure_guest(wanted)
    sockets = ground.root / "run" / "guests"
    (sockets / bad.id / "vnc").unlink()
    (sockets / bad.id / "vnc").symlink_to(sockets / good.id / "vnc")
    with pytest.raises(Refused, match="has no screen"):
        driver.open_screen(bad.id)
    driver.open_screen(good.id).close()


class Host:
    """A host on a bus whose guests' screens are simulated, asked by control."""

    def __init__(self, cloud: Cloud, idle_s: float = IDLE_S) -> None:
        self.control, bus = cloud.join(CONTROL), cloud.bus("host-1")
        self.is_on = True
        self.screens = Screens(self._connect, idle_s)
        self.screens.serve(bus)
        self.screens.start()
        bus.start()
        self.bus: Bus = bus
        assert bus_places.eventually(lambda: "host-1" in self.control.peers())

    def _connect(self, guest_id: str) -> socket.socket:
        if guest_id == "off":
            raise Refused("It is off.")
        return open_screen(guest_id, 7, lambda: self.is_on)

    def open(self, guest_id: str = "guest") -> str:
        return self.control.call(
            "host-1", "compute.screen-open", ScreenAsk(guest_id), returns=str, deadline_s=DEADLINE_S
        )

    def read(self, stream: str, wait_s: float = 5.0) -> ScreenPart:
        read = ScreenRead(stream, wait_s)
        return self.control.call("host-1", "compute.screen-read", read, returns=ScreenPart, deadline_s=DEADLINE_S)

    def write(self, stream: str, content: bytes) -> None:
        write = ScreenWrite(stream, content)
        self.control.call("host-1", "compute.screen-write", write, returns=Nothing, deadline_s=DEADLINE_S)

    def end(self, stream: str) -> None:
        end = ScreenEnd(stream)
        self.control.call("host-1", "compute.screen-end", end, returns=Nothing, deadline_s=DEADLINE_S)

    def viewer(self, stream: str) -> Viewer:
        return Viewer(lambda: self.read(stream).content, lambda content: self.write(stream, content))


@pytest.fixture
def host(cloud: Cloud) -> Iterator[Host]:
    made = Host(cloud)
    yield made
    made.screens.stop()


def test_a_screen_is_seen_over_the_bus(host: Host) -> None:
    viewer = host.viewer(host.open())
    shown = viewer.greet()
    assert (shown.width, shown.height, shown.name) == (WIDTH, HEIGHT, "guest")
    began = time.monotonic()
    for _ in range(5):
        assert viewer.update(shown) == bytes([7]) * (WIDTH * HEIGHT * 4)
    assert (time.monotonic() - began) / 5 < 0.5


def test_waiting_for_a_screen_is_waiting_for_news(host: Host) -> None:
    stream = host.open()
    assert host.read(stream).content.startswith(b"RFB")
    began = time.monotonic()
    assert host.read(stream, 0.3) == ScreenPart(b"")
    assert 0.3 <= time.monotonic() - began < 2.0


def test_two_readers_of_one_stream_are_one_too_many(host: Host) -> None:
    stream = host.open()
    host.read(stream)
    waiting = host.control.ask(
        "host-1", "compute.screen-read", ScreenRead(stream, 5.0), returns=ScreenPart, deadline_s=DEADLINE_S
    )
    assert host.control.call("host-1", "who", None, returns=str, deadline_s=DEADLINE_S) == "host-1"
    with pytest.raises(BusError, match="being read already"):
        host.read(stream)
    host.end(stream)
    assert waiting.result(DEADLINE_S).is_last


def test_a_screen_that_goes_says_so_and_is_forgotten(host: Host) -> None:
    stream = host.open()
    viewer = host.viewer(stream)
    viewer.greet()
    host.is_on = False
    wait_until(lambda: host.read(stream).is_last)
    for again in (lambda: host.read(stream), lambda: host.write(stream, b"x")):
        with pytest.raises(BusError) as refused:
            again()
        assert refused.value.kind == "ended"
    host.end(stream)


def test_what_the_driver_refuses_is_refused_in_its_words(host: Host) -> None:
    with pytest.raises(BusError, match=r"^It is off\.$") as refused:
        host.open("off")
    assert refused.value.kind == "refused"


def test_a_host_has_only_so_many_screens_open(host: Host) -> None:
    streams = [host.open(f"guest-{number}") for number in range(PER_HOST)]
    with pytest.raises(BusError, match="consoles open already"):
        host.open("one more")
    host.end(streams[0])
    assert len({*streams, host.open("one more")}) == PER_HOST + 1


def test_what_nobody_reads_is_hung_up_on(cloud: Cloud) -> None:
    host = Host(cloud, idle_s=1.0)
    left, read = host.open(), host.open()
    for _ in range(4):
        host.read(read, 0.5)
    with pytest.raises(BusError, match="not open any more"):
        host.write(left, b"x")
    host.screens.stop()


def test_a_host_that_stops_hangs_up_everywhere(host: Host) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for number in range(5):
        host.open(f"guest-{number}")
    host.screens.stop()
    wait_until(lambda: len(os.listdir("/proc/self/fd")) <= before)


def test_the_socket_of_a_screen_is_asked_whose_it_is(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "vnc"))
        listening.listen(1)
        screen.connect(tmp_path / "vnc", os.getuid()).close()
        with pytest.raises(screen.NoScreen, match="not the guest's own"):
            screen.connect(tmp_path / "vnc", os.getuid() + 1)
    for gone in (tmp_path / "vnc", tmp_path / "nowhere" / "vnc"):
        with pytest.raises(screen.NoScreen, match="can't be reached"):
            screen.connect(gone, os.getuid())
