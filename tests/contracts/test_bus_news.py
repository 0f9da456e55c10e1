"""What every bus keeps, whichever wire carries it: wakes, events, and who is there."""

import time
from queue import Empty, Queue

import pytest
from tests.contracts import bus_places
from tests.contracts.bus_places import PATIENCE_S, Cloud, answers, eventually
from tests.servers import fixtures

from haneul.kernel.bus import CONTROL, Wake

cloud = bus_places.cloud
rabbitmq_server = fixtures.rabbitmq_server


def test_wakes_arrive(cloud: Cloud) -> None:
    woken: Queue[tuple[str, Wake]] = Queue()
    control = cloud.bus(CONTROL)
    control.on_wake(lambda wake: woken.put((CONTROL, wake)))
    control.start()
    for name in ("host-1", "host-2"):
        host = cloud.bus(name)
        host.on_wake(lambda wake, name=name: woken.put((name, wake)))  # type: ignore[misc]
        host.start()
    assert eventually(lambda: {"host-1", "host-2"} <= set(control.peers()))
    # Control may know of a host before the host knows that it is welcome.
    assert eventually(lambda: "host-1" in host.peers())
    control.wake("host-1", Wake("servers", ("a", "b")))
    assert woken.get(timeout=PATIENCE_S) == ("host-1", Wake("servers", ("a", "b")))
    host.wake(CONTROL, Wake("hosts"))
    assert woken.get(timeout=PATIENCE_S) == (CONTROL, Wake("hosts"))
    host.wake("host-1", Wake("ports"))
    assert woken.get(timeout=PATIENCE_S) == ("host-1", Wake("ports"))
    with pytest.raises(Empty):
        woken.get(timeout=0.2)


def test_events_reach_all_who_subscribed_and_nobody_else(cloud: Cloud) -> None:
    control, one, other = cloud.join(CONTROL), cloud.join("host-1"), cloud.join("host-2")
    heard: dict[str, Queue[bytes]] = {"control": Queue(), "one": Queue(), "other": Queue(), "else": Queue()}
    control.subscribe("server.created", heard["control"].put)
    one.subscribe("server.created", heard["one"].put)
    other.subscribe("server.created", heard["other"].put)
    other.subscribe("server.deleted", heard["else"].put)

    def all_hear() -> bool:
        one.publish("server.created", {"id": "warm-up"})
        time.sleep(0.05)
        return all(not queue.empty() for name, queue in heard.items() if name != "else")

    assert eventually(all_hear)
    for number in range(20):
        one.publish("server.created", {"id": number})
    for name in ("control", "one", "other"):
        assert eventually(lambda name=name: b'{"id":19}' in heard[name].queue)  # type: ignore[misc]
        numbered = [event for event in heard[name].queue if b"warm" not in event]
        assert numbered == [b'{"id":%d}' % number for number in range(20)]
    assert heard["else"].empty()


def test_a_subscriber_that_fails_hears_the_next_event(cloud: Cloud) -> None:
    heard: Queue[bytes] = Queue()

    def hear(event: bytes) -> None:
        heard.put(event)
        raise ValueError("This subscriber can't bear it.")

    control = cloud.bus(CONTROL)
    control.subscribe("news", hear)
    control.start()
    host = cloud.join("host-1")
    assert answers(host, CONTROL)
    for number in range(2):
        host.publish("news", number)
    assert [heard.get(timeout=PATIENCE_S) for _ in range(2)] == [b"0", b"1"]


@pytest.mark.parametrize("topic", ["", "servers.*", "#"])
def test_patterns_are_no_topics(cloud: Cloud, topic: str) -> None:
    control = cloud.join(CONTROL)
    with pytest.raises(ValueError, match="is not a topic"):
        control.subscribe(topic, print)
    with pytest.raises(ValueError, match="is not a topic"):
        control.publish(topic, None)


def test_peers_come_and_go(cloud: Cloud) -> None:
    control, one, other = cloud.join(CONTROL), cloud.join("host-1"), cloud.join("host-2")
    assert eventually(lambda: tuple(control.peers()) == ("host-1", "host-2"))
    assert eventually(lambda: sorted(one.peers()) == [CONTROL, "host-2"])
    other.close()
    assert eventually(lambda: tuple(control.peers()) == ("host-1",))
    assert eventually(lambda: tuple(one.peers()) == (CONTROL,))
