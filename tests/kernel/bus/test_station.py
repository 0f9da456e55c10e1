"""The face's own rules, on the smallest wire there is: one that delivers to itself."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future

import pytest

from haneul.kernel.bus.base import BusError
from haneul.kernel.bus.messages import Answer, Call, Message, Refusal
from haneul.kernel.bus.pending import PendingCalls, UnsentCalls
from haneul.kernel.bus.station import Inbox, Station


class Loopback:
    """Everything sent comes back; calls of `nested` show what the loop's own thread may not do."""

    address = "self"

    def __init__(self) -> None:
        self.station: Station
        self.tried: Future[BaseException | None] = Future()

    async def open(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def send(self, message: Message) -> None:
        if isinstance(message, Call) and message.method == "nested":
            self.tried.set_result(self._try())
        elif isinstance(message, Call):
            self._inbox.called(message, self.send)
        elif isinstance(message, Answer | Refusal):
            self._inbox.settled(message)

    def subscribe(self, topic: str) -> None:
        return None

    def peers(self) -> Sequence[str]:
        return ()

    async def close(self) -> None:
        return None

    def _try(self) -> BaseException | None:
        try:
            self.station.call("self", "who", None, returns=str, deadline_s=5)
        except RuntimeError as error:
            return error
        return None


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    wire = Loopback()
    wire.station = Station(wire, "self")
    wire.station.serve("thread", type(None), lambda _: threading.current_thread().name)
    wire.station.start()
    yield wire
    wire.station.close()


def test_a_call_from_the_loops_own_thread_is_refused_clearly(loopback: Loopback) -> None:
    with pytest.raises(BusError):
        loopback.station.call("self", "nested", None, returns=str, deadline_s=0.2)
    refused = loopback.tried.result(timeout=5)
    assert isinstance(refused, RuntimeError)
    assert "call() was used on the bus's own loop thread" in str(refused)


def test_methods_run_in_a_pool_of_their_own(loopback: Loopback) -> None:
    name = loopback.station.call("self", "thread", None, returns=str, deadline_s=5)
    assert name.startswith("bus-self-answer")


def test_an_answer_to_a_predecessors_call_matches_none_of_ours() -> None:
    """Ids start anywhere: two processes of one name, one after the other, don't count alike."""
    firsts = {PendingCalls().open()[0] for _ in range(20)}
    assert len(firsts) == 20


def test_only_what_was_sent_is_lost_with_the_link() -> None:
    pending = PendingCalls()
    sent_id, sent = pending.open()
    _, waiting = pending.open()
    pending.mark_sent(sent_id)
    pending.fail_sent("The link broke.")
    error = sent.exception(timeout=0)
    assert isinstance(error, BusError)
    assert error.kind == "lost"
    assert not waiting.done()


def test_a_call_is_settled_once() -> None:
    pending = PendingCalls()
    call_id, answer = pending.open()
    pending.settle(Answer(call_id, "self", b"first"))
    pending.settle(Answer(call_id, "self", b"second"))
    pending.settle(Answer(call_id + 1, "self", b"nobody's"))
    assert answer.result(timeout=0) == b"first"


def test_unsent_calls_go_out_with_the_time_they_have_left() -> None:
    unsent = UnsentCalls()
    unsent.add(Call(1, "control", "self", "who", 60.0, b""))
    unsent.add(Call(2, "control", "self", "who", 0.0, b""))
    (call,) = unsent.take()
    assert call.id == 1
    assert 59.0 < call.remaining_s < 60.0
    assert unsent.take() == []
