"""What every bus keeps, whichever wire carries it: calls."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from queue import Queue

import pytest
from msgspec import Struct
from tests.contracts import bus_places
from tests.contracts.bus_places import PATIENCE_S, Cloud, answers, eventually
from tests.servers import fixtures

from haneul.kernel.bus import CONTROL, BusError, BusTimeout, Wake

cloud = bus_places.cloud
rabbitmq_server = fixtures.rabbitmq_server


class Plan(Struct):
    host: str
    revision: int
    disks: list[str] = []


def test_both_sides_can_ask(cloud: Cloud) -> None:
    control, host = cloud.join(CONTROL), cloud.join("host-1")
    assert host.call(CONTROL, "who", None, returns=str, deadline_s=5) == CONTROL
    assert control.call("host-1", "who", None, returns=str, deadline_s=5) == "host-1"


def test_hosts_can_ask_each_other_and_themselves(cloud: Cloud) -> None:
    cloud.join(CONTROL)
    one, _ = cloud.join("host-1"), cloud.join("host-2")
    assert one.call("host-2", "who", None, returns=str, deadline_s=5) == "host-2"
    assert one.call("host-1", "who", None, returns=str, deadline_s=5) == "host-1"


def test_control_can_ask_itself(cloud: Cloud) -> None:
    assert cloud.join(CONTROL).call(CONTROL, "who", None, returns=str, deadline_s=5) == CONTROL


def test_structs_arrive_as_structs(cloud: Cloud) -> None:
    control = cloud.bus(CONTROL)
    control.serve("plan", Plan, lambda plan: Plan(plan.host, plan.revision + 1, ["root"]))
    control.start()
    host = cloud.join("host-1")
    assert host.call(CONTROL, "plan", Plan("host-1", 6), returns=Plan, deadline_s=5) == Plan("host-1", 7, ["root"])


def test_a_hundred_calls_at_once_each_get_their_own_answer(cloud: Cloud) -> None:
    control, host = cloud.join(CONTROL), cloud.join("host-1")

    def ask(number: int) -> int:
        asking, peer = (control, "host-1") if number % 2 else (host, CONTROL)
        return asking.call(peer, "add", (number, number), returns=int, deadline_s=PATIENCE_S)

    with ThreadPoolExecutor(100) as threads:
        assert list(threads.map(ask, range(100))) == [2 * number for number in range(100)]


def test_eight_mebibytes_pass_both_ways(cloud: Cloud) -> None:
    control, host = cloud.join(CONTROL), cloud.join("host-1")
    content = bytes(range(256)) * 4096 * 8
    assert host.call(CONTROL, "echo", content, returns=bytes, deadline_s=PATIENCE_S) == content
    assert control.call("host-1", "echo", content, returns=bytes, deadline_s=PATIENCE_S) == content


def test_what_is_too_large_is_refused_and_harms_nothing(cloud: Cloud) -> None:
    control = cloud.bus(CONTROL)
    control.serve("much", int, bytes)
    control.start()
    host = cloud.join("host-1")
    for ask in (
        lambda: host.call(CONTROL, "echo", bytes(17 * 1024 * 1024), returns=bytes, deadline_s=PATIENCE_S),
        lambda: host.call(CONTROL, "much", 17 * 1024 * 1024, returns=bytes, deadline_s=PATIENCE_S),
        lambda: host.publish("news", "x" * 17 * 1024 * 1024),
    ):
        with pytest.raises(BusError, match="larger than a message may be") as refused:
            ask()
        assert refused.value.kind == "too_large"
    assert answers(host, CONTROL)


def test_a_deadline_holds_and_the_late_answer_is_dropped(cloud: Cloud) -> None:
    control, host = cloud.join(CONTROL), cloud.join("host-1")
    began = time.monotonic()
    with pytest.raises(BusTimeout, match=r"^control did not answer nap within 0\.3 s\.$"):
        host.call(CONTROL, "nap", 1.2, returns=str, deadline_s=0.3)
    assert 0.3 <= time.monotonic() - began < 1.2
    time.sleep(1.2)
    assert host.call(CONTROL, "who", None, returns=str, deadline_s=5) == CONTROL
    assert control.call("host-1", "who", None, returns=str, deadline_s=5) == "host-1"


def test_calls_whose_deadline_has_passed_are_not_begun(cloud: Cloud) -> None:
    began: Queue[float] = Queue()

    def count(seconds: float) -> None:
        began.put(seconds)
        time.sleep(seconds)

    control = cloud.bus(CONTROL)
    control.serve("count", float, count)
    control.start()
    host = cloud.join("host-1")

    def ask(_: int) -> str:
        try:
            host.call(CONTROL, "count", 1.0, returns=type(None), deadline_s=0.3)
        except BusTimeout:
            return "late"
        return "in time"

    with ThreadPoolExecutor(30) as threads:
        assert set(threads.map(ask, range(30))) == {"late"}
    assert eventually(lambda: answers(host, CONTROL))
    assert began.qsize() <= 8


def test_a_refusal_passes_with_its_kind_and_sentence(cloud: Cloud) -> None:
    cloud.join(CONTROL)
    host = cloud.join("host-1")
    with pytest.raises(BusError, match=r"^The port is in use by 하늘\.$") as refused:
        host.call(CONTROL, "refuse", "The port is in use by 하늘.", returns=str, deadline_s=5)
    assert refused.value.kind == "conflict"


def test_an_error_of_the_program_is_mapped(cloud: Cloud) -> None:
    cloud.join(CONTROL)
    host = cloud.join("host-1")
    with pytest.raises(BusError, match=r"^It is not here: server 7\.$") as refused:
        host.call(CONTROL, "miss", "server 7", returns=str, deadline_s=5)
    assert refused.value.kind == "missing"


def test_any_other_error_is_told_neutrally_and_logged_where_it_was(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.join(CONTROL)
    host = cloud.join("host-1")
    with caplog.at_level(logging.ERROR), pytest.raises(BusError) as refused:
        host.call(CONTROL, "stumble", None, returns=str, deadline_s=5)
    assert refused.value.kind == "internal"
    assert "secret" not in str(refused.value)
    assert "ZeroDivisionError: a secret of the serving side" in caplog.text


@pytest.mark.parametrize(
    ("method", "values", "kind"),
    [("fly", None, "unknown_method"), ("add", "one and two", "malformed"), ("add", (1, 2, 3), "malformed")],
)
def test_a_wrong_question_is_refused(cloud: Cloud, method: str, values: object, kind: str) -> None:
    cloud.join(CONTROL)
    host = cloud.join("host-1")
    with pytest.raises(BusError) as refused:
        host.call(CONTROL, method, values, returns=int, deadline_s=5)
    assert refused.value.kind == kind


def test_an_answer_of_another_shape_is_refused(cloud: Cloud) -> None:
    cloud.join(CONTROL)
    host = cloud.join("host-1")
    with pytest.raises(BusError, match=r"^control answered who with wrong values") as refused:
        host.call(CONTROL, "who", None, returns=int, deadline_s=5)
    assert refused.value.kind == "malformed"


def test_an_absent_host_is_known_at_once(cloud: Cloud) -> None:
    control, host = cloud.join(CONTROL), cloud.join("host-1")
    assert answers(host, CONTROL)
    for asking in (control, host):
        began = time.monotonic()
        with pytest.raises(BusError, match=r"^host-9 is not connected\.$") as refused:
            asking.call("host-9", "who", None, returns=str, deadline_s=PATIENCE_S)
        assert refused.value.kind == "absent"
        assert time.monotonic() - began < PATIENCE_S / 2
        asking.wake("host-9", Wake("servers"))
    assert answers(host, CONTROL)


def test_a_call_to_control_waits_for_it(cloud: Cloud) -> None:
    """A host may be up first; what it asks is answered as soon as control is there."""
    host = cloud.bus("host-1")
    host.start()
    with pytest.raises(BusTimeout):
        host.call(CONTROL, "who", None, returns=str, deadline_s=0.5)
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(host.call, CONTROL, "who", None, returns=str, deadline_s=PATIENCE_S)
        time.sleep(0.3)
        cloud.join(CONTROL)
        assert asked.result() == CONTROL


def test_a_method_is_served_once(cloud: Cloud) -> None:
    with pytest.raises(ValueError, match="already answers echo"):
        cloud.bus("host-1").serve("echo", bytes, print)
