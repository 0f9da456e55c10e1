"""What every bus keeps, whichever wire carries it: answers that nobody waits for in a thread, on either side."""

import threading
import time
from concurrent.futures import Future

import pytest
from tests.contracts import bus_places
from tests.contracts.bus_places import PATIENCE_S, Cloud
from tests.servers import fixtures

from haneul.kernel.bus import CONTROL, Bus, BusError, BusTimeout
from haneul.kernel.bus.station import ANSWERING_THREADS

cloud = bus_places.cloud
rabbitmq_server = fixtures.rabbitmq_server


def later(seconds: float) -> Future[str]:
    """An answer that comes by itself; one that never does for a negative time, a broken one for nought."""
    answer: Future[str] = Future()
    if seconds == 0:
        answer.set_exception(BusError("conflict", "Nothing comes of nothing."))
    elif seconds > 0:
        threading.Timer(seconds, answer.set_result, ("rested",)).start()
    return answer


def joined(cloud: Cloud) -> tuple[Bus, Bus]:
    """Control, and a host that answers later."""
    control, host = cloud.join(CONTROL), cloud.bus("host-1")
    host.serve("later", float, later)
    host.start()
    assert bus_places.eventually(lambda: "host-1" in control.peers())
    return control, host


def test_an_answer_comes_to_a_future(cloud: Cloud) -> None:
    control, host = joined(cloud)
    asked = [control.ask("host-1", "add", (one, one), returns=int, deadline_s=PATIENCE_S) for one in range(50)]
    assert [one.result(PATIENCE_S) for one in asked] == [2 * one for one in range(50)]
    assert host.ask(CONTROL, "who", None, returns=str, deadline_s=PATIENCE_S).result(PATIENCE_S) == CONTROL


def test_answers_that_take_long_hold_up_nobody(cloud: Cloud) -> None:
    control, _ = joined(cloud)
    many = 4 * ANSWERING_THREADS
    began = time.monotonic()
    asked = [control.ask("host-1", "later", 2.0, returns=str, deadline_s=PATIENCE_S) for _ in range(many)]
    assert control.call("host-1", "who", None, returns=str, deadline_s=1.5) == "host-1"
    assert not any(one.done() for one in asked)
    assert [one.result(PATIENCE_S) for one in asked] == ["rested"] * many
    assert time.monotonic() - began < 6.0


def test_refusals_come_to_the_future_too(cloud: Cloud) -> None:
    control, _ = joined(cloud)
    for peer, method, values, kind in (
        ("host-1", "refuse", "Not now.", "conflict"),
        ("host-1", "later", 0.0, "conflict"),
        ("host-1", "stumble", None, "internal"),
        ("host-1", "nothing", None, "unknown_method"),
        ("nobody", "who", None, "absent"),
    ):
        asked = control.ask(peer, method, values, returns=str, deadline_s=PATIENCE_S)
        with pytest.raises(BusError) as refused:
            asked.result(PATIENCE_S)
        assert refused.value.kind == kind
    number = control.ask("host-1", "who", None, returns=int, deadline_s=PATIENCE_S)
    with pytest.raises(BusError, match="wrong values"):
        number.result(PATIENCE_S)


def test_a_deadline_holds_for_futures(cloud: Cloud) -> None:
    control, _ = joined(cloud)
    began = time.monotonic()
    asked = control.ask("host-1", "later", -1.0, returns=str, deadline_s=0.3)
    with pytest.raises(BusTimeout, match=r"^host-1 did not answer later within 0\.3 s\.$"):
        asked.result(PATIENCE_S)
    assert 0.3 <= time.monotonic() - began < 2.0


def test_who_leaves_the_bus_waits_for_nothing(cloud: Cloud) -> None:
    control, host = joined(cloud)
    asked = host.ask(CONTROL, "nap", 5.0, returns=str, deadline_s=PATIENCE_S)
    host.close()
    for one in (asked, host.ask(CONTROL, "who", None, returns=str, deadline_s=PATIENCE_S)):
        with pytest.raises(BusError):
            one.result(2.0)
    assert control.call(CONTROL, "who", None, returns=str, deadline_s=PATIENCE_S) == CONTROL
