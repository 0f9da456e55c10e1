"""One process's face to a bus: all that is the same whichever wire carries the messages."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import msgspec

from haneul.kernel.bus import messages
from haneul.kernel.bus.base import BusError, BusTimeout, Wake
from haneul.kernel.bus.loop import LoopThread
from haneul.kernel.bus.messages import Call, Event, Message, Outcome, WakeUp
from haneul.kernel.bus.methods import Methods, ToError
from haneul.kernel.bus.pending import PendingCalls

log = logging.getLogger(__name__)

T = TypeVar("T")

ANSWERING_THREADS = 8
CLOSE_DEADLINE_S = 5.0
LEFT = "This process has left the bus."


class Inbox(Protocol):
    """Where a wire delivers; every verb is called on the loop's thread and never waits."""

    def called(self, call: Call, reply: Callable[[Outcome], None]) -> None: ...
    def settled(self, outcome: Outcome) -> None: ...
    def sent(self, call: Call) -> None: ...
    def woken(self, wake: Wake) -> None: ...
    def happened(self, event: Event) -> None: ...
    def control_changed(self) -> None: ...
    def link_lost(self, sentence: str) -> None: ...


class Wire(Protocol):
    """What carries messages; every verb is called on the loop's thread."""

    @property
    def address(self) -> str:
        """Where answers to this process's calls go."""
        ...

    async def open(self, inbox: Inbox) -> None:
        """Listen or begin to connect; OSError if this can never work."""
        ...

    def send(self, message: Message) -> None:
        """Send without waiting; a call whose peer is known to be absent is refused through the inbox."""
        ...

    def subscribe(self, topic: str) -> None:
        """Have events of this topic delivered."""
        ...

    def peers(self) -> Sequence[str]:
        """Names of the others that are there; safe from any thread."""
        ...

    async def close(self) -> None:
        """Disconnect."""
        ...


class Station:
    """A Bus over any Wire."""

    def __init__(self, wire: Wire, name: str, to_error: ToError | None = None) -> None:
        self.name = name
        self._wire = wire
        self._loop = LoopThread(f"bus-{name}")
        self._methods = Methods(to_error)
        self._pending = PendingCalls()
        self._answering = ThreadPoolExecutor(ANSWERING_THREADS, thread_name_prefix=f"bus-{name}-answer")
        # A single thread keeps wakes and events in the order in which they came.
        self._telling = ThreadPoolExecutor(1, thread_name_prefix=f"bus-{name}-tell")
        self._wake_functions: list[Callable[[Wake], None]] = []
        self._control_functions: list[Callable[[], None]] = []
        self._event_functions: dict[str, list[Callable[[bytes], None]]] = {}
        self._closed = False

    def start(self) -> None:
        """Listen or begin to connect, and return at once; OSError if the hub can't listen."""
        self._loop.start()
        try:
            self._loop.run(self._wire.open(self), CLOSE_DEADLINE_S)
        except BaseException:
            self.close()
            raise

    def call(self, peer: str, method: str, values: Any, *, returns: type[T], deadline_s: float) -> T:
        """Ask a peer; BusTimeout after the deadline, BusError when it refuses or is known to be absent."""
        self._loop.refuse_own_thread("call()")
        call = self._call(peer, method, values, deadline_s)
        return decoded(call, self._asked(call), returns)

    def ask(self, peer: str, method: str, values: Any, *, returns: type[T], deadline_s: float) -> Future[T]:
        """As `call`, but the answer comes to a future, so that no thread waits for it; its callbacks must be quick."""
        call = self._call(peer, method, values, deadline_s)
        told: Future[T] = Future()
        told.set_running_or_notify_cancel()
        call_id, answer = self._pending.open()
        call = msgspec.structs.replace(call, id=call_id)

        def settle(done: Future[bytes]) -> None:
            try:
                told.set_result(decoded(call, done.result(), returns))
            except BusError as error:
                told.set_exception(error)

        answer.add_done_callback(settle)
        if self._closed:
            self._pending.fail_all(messages.CLOSED, LEFT)
        self._loop.soon(self._send_until, call, answer)
        return told

    def _call(self, peer: str, method: str, values: Any, deadline_s: float) -> Call:
        body = msgspec.msgpack.encode(values)
        if len(body) > messages.MAX_BODY_BYTES:
            raise BusError(messages.TOO_LARGE, f"The values of {method} are larger than a message may be.")
        return Call(0, peer, self._wire.address, method, deadline_s, body)

    def _send_until(self, call: Call, answer: Future[bytes]) -> None:
        """Send a call that nobody waits for; on the loop's thread."""
        deadline = self._loop.later(call.remaining_s, self._pending.expire, call)
        answer.add_done_callback(lambda _: self._loop.soon(deadline.cancel))
        self._wire.send(call)

    def wake(self, peer: str, wake: Wake) -> None:
        """Tell a peer to look; best effort, never waits, never raises for an absent peer."""
        self._loop.soon(self._wire.send, WakeUp(peer, wake))

    def publish(self, topic: str, event: Any) -> None:
        """Send an event to whoever subscribed; best effort, at most once."""
        refuse_pattern(topic)
        body = msgspec.json.encode(event)
        if len(body) > messages.MAX_BODY_BYTES:
            raise BusError(messages.TOO_LARGE, f"This event of {topic} is larger than a message may be.")
        self._loop.soon(self._wire.send, Event(topic, body))

    def subscribe(self, topic: str, function: Callable[[bytes], None]) -> None:
        """Call the function with each event's JSON bytes; it should return soon, since events wait for each other."""
        refuse_pattern(topic)
        self._event_functions.setdefault(topic, []).append(function)
        self._loop.soon(self._wire.subscribe, topic)

    def serve(self, method: str, takes: type[Any], function: Callable[[Any], Any]) -> None:
        """Answer calls of this method in a small thread pool; ValueError if the method is taken."""
        self._methods.add(method, takes, function)

    def on_wake(self, function: Callable[[Wake], None]) -> None:
        """Call the function with each wake; it should return soon, since wakes wait for each other."""
        self._wake_functions.append(function)

    def on_control(self, function: Callable[[], None]) -> None:
        """Call the function whenever what control told may be lost; it should return soon."""
        self._control_functions.append(function)

    def peers(self) -> Sequence[str]:
        """Names of the peers known to be there now, without this one."""
        return self._wire.peers()

    def close(self) -> None:
        """Disconnect, refuse the calls that wait and end the threads; a second time does nothing."""
        self._loop.refuse_own_thread("close()")
        if self._closed:
            return
        self._closed = True
        if self._loop.running:
            self._close_wire()
        self._pending.fail_all(messages.CLOSED, LEFT)
        self._loop.stop()
        self._answering.shutdown(wait=False, cancel_futures=True)
        self._telling.shutdown(wait=False, cancel_futures=True)

    def called(self, call: Call, reply: Callable[[Outcome], None]) -> None:
        """Answer a call in the thread pool; `reply` is called on the loop's thread."""
        self._answering.submit(self._answer, call, time.monotonic() + call.remaining_s, reply)

    def settled(self, outcome: Outcome) -> None:
        """An answer or refusal to one of our calls has come."""
        self._pending.settle(outcome)

    def sent(self, call: Call) -> None:
        """One of our calls has left this process."""
        self._pending.mark_sent(call.id)

    def woken(self, wake: Wake) -> None:
        """A wake has come."""
        for function in self._wake_functions:
            self._telling.submit(tell, function, wake)

    def happened(self, event: Event) -> None:
        """An event has come."""
        for function in self._event_functions.get(event.topic, ()):
            self._telling.submit(tell, function, event.body)

    def control_changed(self) -> None:
        """A control process, or the link to it, came or went."""
        for function in self._control_functions:
            self._telling.submit(tell, _call, function)

    def link_lost(self, sentence: str) -> None:
        """The link is gone, and with it the answers that were to come over it."""
        self._pending.fail_sent(sentence)

    def _asked(self, call: Call) -> bytes:
        call_id, answer = self._pending.open()
        try:
            if self._closed:
                raise BusError(messages.CLOSED, LEFT)
            self._loop.soon(self._wire.send, msgspec.structs.replace(call, id=call_id))
            return answer.result(call.remaining_s)
        except TimeoutError:
            raise BusTimeout(call.to, call.method, call.remaining_s) from None
        finally:
            self._pending.forget(call_id)

    def _close_wire(self) -> None:
        try:
            self._loop.run(self._wire.close(), CLOSE_DEADLINE_S)
        except (TimeoutError, OSError) as error:
            log.warning("The bus of %s did not close cleanly: %s", self.name, error)

    def _answer(self, call: Call, expires: float, reply: Callable[[Outcome], None]) -> None:
        self._methods.answer(call, expires, lambda outcome: self._loop.soon(reply, outcome))


def decoded(call: Call, answer: bytes, returns: type[T]) -> T:
    """The values of an answer; BusError if they are of another type."""
    try:
        return msgspec.msgpack.decode(answer, type=returns)
    except msgspec.MsgspecError as error:
        raise BusError(messages.MALFORMED, f"{call.to} answered {call.method} with wrong values: {error}.") from error


def refuse_pattern(topic: str) -> None:
    """ValueError if a topic is empty or holds a wildcard, which RabbitMQ would understand and the hub would not."""
    if not topic or "*" in topic or "#" in topic:
        raise ValueError(f"{topic!r} is not a topic: it must not be empty and must not hold * or #.")


def _call(function: Callable[[], None]) -> None:
    function()


def tell(function: Callable[[T], None], news: T) -> None:
    """Call a function with a wake or an event and log what it raises, so that the next ones still come."""
    try:
        function(news)
    except Exception:
        log.exception("A wake or event was not taken.")
