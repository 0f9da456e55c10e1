"""What every bus keeps, whichever wire carries it: restarts, strangers, doubles, and an end that leaves nothing."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Queue

import pytest
from tests.contracts import bus_places
from tests.contracts.bus_places import PATIENCE_S, Cloud, Traffic, answers, eventually
from tests.contracts.bus_wires import Rabbit
from tests.servers import fixtures
from tests.servers.rabbitmq import RabbitMQ

from haneul.kernel.bus import CONTROL, PROTOCOL_VERSION, Bus, BusError, Wake

cloud = bus_places.cloud
rabbitmq_server = fixtures.rabbitmq_server


def test_a_host_that_restarts_amid_traffic_is_there_again(cloud: Cloud) -> None:
    control, hosts = cloud.join(CONTROL), [cloud.join("host-1")]
    with Traffic((lambda: control, "host-1"), (lambda: hosts[-1], CONTROL)) as traffic:
        for _ in range(3):
            time.sleep(0.1)
            hosts[-1].close()
            hosts.append(cloud.bus("host-1"))
            hosts[-1].start()
            assert eventually(lambda: answers(control, "host-1") and answers(hosts[-1], CONTROL))
    assert traffic.right > 0
    assert traffic.wrong == []


def test_control_that_restarts_amid_traffic_is_there_again(cloud: Cloud) -> None:
    controls, host = [cloud.join(CONTROL)], cloud.join("host-1")
    heard: Queue[bytes] = Queue()
    host.subscribe("news", heard.put)
    with Traffic((lambda: controls[-1], "host-1"), (lambda: host, CONTROL)) as traffic:
        for _ in range(2):
            time.sleep(0.1)
            controls[-1].close()
            time.sleep(0.2)
            controls.append(cloud.bus(CONTROL))
            controls[-1].start()
            assert eventually(lambda: answers(controls[-1], "host-1") and answers(host, CONTROL))
    assert traffic.right > 0
    assert traffic.wrong == []
    controls[-1].publish("news", "still subscribed")
    assert heard.get(timeout=PATIENCE_S) == b'"still subscribed"'


def test_a_host_hears_of_a_control_that_has_come_back(cloud: Cloud) -> None:
    host, came = cloud.bus("host-1"), Queue[None]()
    host.on_control(lambda: came.put(None))
    host.start()
    control = cloud.join(CONTROL)
    assert eventually(lambda: answers(host, CONTROL))
    came.get(timeout=PATIENCE_S)
    while not came.empty():
        came.get()
    control.close()
    cloud.bus(CONTROL).start()
    came.get(timeout=PATIENCE_S)


def test_what_waits_when_control_goes_away_is_refused_at_once_or_answered_by_its_successor(cloud: Cloud) -> None:
    control, host = cloud.join(CONTROL), cloud.join("host-1")
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(host.call, CONTROL, "nap", 2.0, returns=str, deadline_s=PATIENCE_S)
        time.sleep(0.3)
        control.close()
        cloud.bus(CONTROL).start()
        began = time.monotonic()
        assert outcome(asked) in ("rested", "lost")
        assert time.monotonic() - began < PATIENCE_S / 2


def outcome(asked: Future[str]) -> str:
    try:
        return asked.result()
    except BusError as refused:
        return refused.kind


@pytest.mark.parametrize(
    ("version", "expected"),
    [(PROTOCOL_VERSION, 3), (PROTOCOL_VERSION - 1, 3), (PROTOCOL_VERSION - 2, "version"), (999, "version")],
)
def test_a_peer_may_be_one_version_older(cloud: Cloud, version: int, expected: object) -> None:
    control, host = cloud.join(CONTROL), cloud.join("host-1")
    assert cloud.place.stranger_asks(version, "add", (1, 2)) == expected
    assert answers(host, CONTROL)
    assert answers(control, "host-1")


def test_babble_harms_nobody_else(cloud: Cloud) -> None:
    control = cloud.bus(CONTROL)
    woken: Queue[Wake] = Queue()
    control.on_wake(woken.put)
    control.start()
    host = cloud.join("host-1")
    host.subscribe("news", woken.put)  # type: ignore[arg-type]
    with Traffic((lambda: control, "host-1"), (lambda: host, CONTROL)) as traffic:
        cloud.place.stranger_babbles()
    assert traffic.wrong == []
    assert answers(host, CONTROL)
    assert answers(control, "host-1")
    assert "host-666" not in control.peers()


def test_the_newer_of_two_with_one_name_has_it(cloud: Cloud) -> None:
    control = cloud.join(CONTROL)
    buses = []
    for age in ("older", "newer"):
        bus = cloud.bus("host-1")
        bus.serve("age", type(None), lambda _, age=age: age)  # type: ignore[misc]
        bus.start()
        buses.append(bus)
        assert eventually(lambda age=age: age_of(control) == age)  # type: ignore[misc]
    older, newer = buses
    time.sleep(0.3)
    assert [age_of(control) for _ in range(5)] == ["newer"] * 5
    newer.close()
    assert eventually(lambda: age_of(control) == "older")
    assert eventually(lambda: answers(older, CONTROL))


def age_of(control: Bus) -> str:
    try:
        return control.call("host-1", "age", None, returns=str, deadline_s=1.0)
    except BusError as refused:
        return refused.kind


def test_closing_ends_everything(cloud: Cloud) -> None:
    before = set(threading.enumerate())
    cloud.join(CONTROL)
    host = cloud.join("host-1")
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(host.call, CONTROL, "nap", 2.0, returns=str, deadline_s=PATIENCE_S)
        time.sleep(0.2)
        began = time.monotonic()
        host.close()
        host.close()
        with pytest.raises(BusError):
            asked.result()
        assert time.monotonic() - began < 2.0
    with pytest.raises(BusError, match="has left the bus") as refused:
        host.call(CONTROL, "who", None, returns=str, deadline_s=5)
    assert refused.value.kind == "closed"
    host.wake(CONTROL, Wake("servers"))
    cloud.close()
    assert eventually(lambda: set(threading.enumerate()) <= before)


@pytest.mark.broker
def test_a_broker_that_restarts_amid_traffic_is_found_again(rabbitmq_server: RabbitMQ) -> None:
    cloud = Cloud(Rabbit(rabbitmq_server))
    try:
        control, host = cloud.join(CONTROL), cloud.join("host-1")
        with Traffic((lambda: control, "host-1"), (lambda: host, CONTROL)) as traffic:
            rabbitmq_server.stop()
            assert eventually(lambda: not control.peers())
            rabbitmq_server.start()
            assert eventually(lambda: answers(control, "host-1") and answers(host, CONTROL))
        assert traffic.right > 0
        assert traffic.wrong == []
        assert eventually(lambda: tuple(control.peers()) == ("host-1",))
    finally:
        if rabbitmq_server.daemon is None:
            rabbitmq_server.start()
        cloud.close()


@pytest.mark.broker
def test_control_processes_share_the_calls(rabbitmq_server: RabbitMQ) -> None:
    cloud = Cloud(Rabbit(rabbitmq_server))
    try:
        answered: Queue[int] = Queue()
        for number in range(2):
            control = cloud.bus(CONTROL)
            control.serve("note", type(None), lambda _, number=number: answered.put(number))  # type: ignore[misc]
            control.start()
        host = cloud.bus("host-1")
        host.start()
        assert eventually(lambda: answers(host, CONTROL))
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda _: host.call(CONTROL, "note", None, returns=type(None), deadline_s=10), range(40)))
        assert sorted(set(answered.queue)) == [0, 1]
        assert answered.qsize() == 40
    finally:
        cloud.close()
