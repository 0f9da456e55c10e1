"""The methods that this process answers, and how what goes wrong in them is told to the caller."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import msgspec

from haneul.kernel.bus import messages
from haneul.kernel.bus.base import BusError
from haneul.kernel.bus.messages import Answer, Call, Outcome, Refusal

log = logging.getLogger(__name__)

T = TypeVar("T")
ToError = Callable[[Exception], BusError | None]


class Methods:
    """Methods by name; `to_error` turns an exception of the program's own kinds into what the caller shall see."""

    def __init__(self, to_error: ToError | None = None) -> None:
        self._methods: dict[str, tuple[msgspec.msgpack.Decoder[Any], Callable[[Any], Any]]] = {}
        self._to_error = to_error

    def add(self, method: str, takes: type[Any], function: Callable[[Any], Any]) -> None:
        """Answer calls of a method with a function; ValueError if the method is taken."""
        if method in self._methods:
            raise ValueError(f"The bus already answers {method}.")
        self._methods[method] = (msgspec.msgpack.Decoder(takes), function)

    def answer(self, call: Call, expires: float, reply: Callable[[Outcome], None]) -> None:
        """Run the call's method and reply with its answer or refusal: at once, or when the future that it gave is done.

        It is not run at all once the call has expired (monotonic).
        """
        given = self._tried(call, lambda: self._run(call, expires))
        if isinstance(given, Future):
            given.add_done_callback(lambda done: reply(self._outcome(call, done.result)))
        elif isinstance(given, Refusal):
            reply(given)
        else:
            reply(self._outcome(call, lambda: given))

    def _run(self, call: Call, expires: float) -> Any:
        if time.monotonic() >= expires:
            raise BusError(messages.TIMEOUT, f"The deadline of {call.method} passed before its turn came.")
        try:
            decoder, function = self._methods[call.method]
        except KeyError:
            raise BusError(messages.UNKNOWN_METHOD, f"{call.to} does not answer {call.method}.") from None
        try:
            values = decoder.decode(call.body)
        except msgspec.MsgspecError as error:
            raise BusError(messages.MALFORMED, f"{call.method} was asked with wrong values: {error}.") from error
        return function(values)

    def _outcome(self, call: Call, result: Callable[[], Any]) -> Outcome:
        return self._tried(call, lambda: self._answer(call, result()))

    def _answer(self, call: Call, result: Any) -> Answer:
        body = msgspec.msgpack.encode(result)
        if len(body) > messages.MAX_BODY_BYTES:
            raise BusError(messages.TOO_LARGE, f"The answer to {call.method} is larger than a message may be.")
        return Answer(call.id, call.sender, body)

    def _tried(self, call: Call, work: Callable[[], T]) -> T | Refusal:
        try:
            return work()
        except BusError as error:
            return Refusal(call.id, call.sender, error.kind, str(error))
        except Exception as error:
            known = self._to_error(error) if self._to_error else None
            if known is None:
                log.exception("Answering %s failed.", call.method)
                known = BusError(messages.INTERNAL, f"{call.to} failed to answer {call.method}; its log says why.")
            return Refusal(call.id, call.sender, known.kind, str(known))
