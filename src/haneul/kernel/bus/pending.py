"""Calls that wait: for their answers, or for a link to be sent over."""

import secrets
import time
from collections import deque
from concurrent.futures import Future
from itertools import count

import msgspec

from haneul.kernel.bus import messages
from haneul.kernel.bus.base import BusError, BusTimeout
from haneul.kernel.bus.messages import Answer, Call, Outcome

MAX_UNSENT = 1000


class PendingCalls:
    """This process's calls without an answer yet; safe from any thread."""

    def __init__(self) -> None:
        # Starting anywhere keeps a late answer to this process's predecessor from matching one of our calls.
        self._ids = count(secrets.randbits(62))
        self._answers: dict[int, Future[bytes]] = {}
        self._sent: set[int] = set()

    def open(self) -> tuple[int, Future[bytes]]:
        """A new call's id and the place where its answer will appear."""
        call_id = next(self._ids)
        answer: Future[bytes] = Future()
        self._answers[call_id] = answer
        return call_id, answer

    def forget(self, call_id: int) -> None:
        """Nobody waits for this call any more; an answer that still comes is dropped."""
        self._answers.pop(call_id, None)
        self._sent.discard(call_id)

    def mark_sent(self, call_id: int) -> None:
        """This call has left the process, so that a lost link may have lost its answer."""
        if call_id in self._answers:
            self._sent.add(call_id)

    def settle(self, outcome: Outcome) -> None:
        """Give a call its outcome; nothing happens if nobody waits for it."""
        self._sent.discard(outcome.id)
        answer = self._answers.pop(outcome.id, None)
        if answer is None:
            return
        if isinstance(outcome, Answer):
            answer.set_result(outcome.body)
        else:
            answer.set_exception(BusError(outcome.kind, outcome.sentence))

    def expire(self, call: Call) -> None:
        """The call's deadline has passed; nothing happens if it has been answered."""
        self._sent.discard(call.id)
        answer = self._answers.pop(call.id, None)
        if answer is not None:
            answer.set_exception(BusTimeout(call.to, call.method, call.remaining_s))

    def fail_sent(self, sentence: str) -> None:
        """Refuse every call that has been sent: its answer was on a link that is gone."""
        for call_id in tuple(self._sent):
            self.settle(messages.Refusal(call_id, "", messages.LOST, sentence))

    def fail_all(self, kind: str, sentence: str) -> None:
        """Refuse every call."""
        for call_id in tuple(self._answers):
            self.settle(messages.Refusal(call_id, "", kind, sentence))


class UnsentCalls:
    """Calls made while the link is down: kept until it is up or their deadline has passed."""

    def __init__(self) -> None:
        self._calls: deque[tuple[float, Call]] = deque(maxlen=MAX_UNSENT)

    def add(self, call: Call) -> None:
        """Keep a call; beyond a thousand the oldest is given up."""
        self._calls.append((time.monotonic() + call.remaining_s, call))

    def take(self) -> list[Call]:
        """Hand over what is still in time, each with the time it has left."""
        now = time.monotonic()
        in_time = [
            msgspec.structs.replace(call, remaining_s=expires - now) for expires, call in self._calls if expires > now
        ]
        self._calls.clear()
        return in_time
