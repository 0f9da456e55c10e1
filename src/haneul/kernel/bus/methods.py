"""The methods that this process answers, and how what goes wrong in them is told to the caller."""

import logging
import time
from collections.abc import Callable
from typing import Any

import msgspec

from haneul.kernel.bus import messages
from haneul.kernel.bus.base import BusError
from haneul.kernel.bus.messages import Answer, Call, Outcome, Refusal

log = logging.getLogger(__name__)

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

    def outcome(self, call: Call, expires: float) -> Outcome:
        """Run the call's method and return its answer or refusal; not run at all once it has expired (monotonic)."""
        try:
            if time.monotonic() >= expires:
                raise BusError(messages.TIMEOUT, f"The deadline of {call.method} passed before its turn came.")
            return Answer(call.id, call.sender, self._answer(call))
        except BusError as error:
            return Refusal(call.id, call.sender, error.kind, str(error))

    def _answer(self, call: Call) -> bytes:
        try:
            decoder, function = self._methods[call.method]
        except KeyError:
            raise BusError(messages.UNKNOWN_METHOD, f"{call.to} does not answer {call.method}.") from None
        try:
            values = decoder.decode(call.body)
        except msgspec.MsgspecError as error:
            raise BusError(messages.MALFORMED, f"{call.method} was asked with wrong values: {error}.") from error
        answer = self._run(call, function, values)
        if len(answer) > messages.MAX_BODY_BYTES:
            raise BusError(messages.TOO_LARGE, f"The answer to {call.method} is larger than a message may be.")
        return answer

    def _run(self, call: Call, function: Callable[[Any], Any], values: Any) -> bytes:
        try:
            return msgspec.msgpack.encode(function(values))
        except BusError:
            raise
        except Exception as error:
            known = self._to_error(error) if self._to_error else None
            if known is None:
                log.exception("Answering %s failed.", call.method)
                known = BusError(messages.INTERNAL, f"{call.to} failed to answer {call.method}; its log says why.")
            raise known from error
