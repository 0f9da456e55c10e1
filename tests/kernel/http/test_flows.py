import asyncio
from collections.abc import AsyncIterator

import pytest

from haneul.kernel.errors import BadRequest
from haneul.kernel.http.flows import Flow, Line, Message, whole


def line_of(*messages: Message) -> Line:
    """A line that gives these messages and is then silent."""
    waiting = list(messages)

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    return Line(receive)


async def parts(line: Line) -> AsyncIterator[bytes]:
    """What Falcon makes of a line: a client that goes away looks like the end of the body."""
    while (message := await line()).get("body"):
        yield message["body"]


def test_a_body_that_ends_is_whole() -> None:
    async def read() -> bytes:
        line = line_of({"type": "http.request", "body": b"some"}, {"type": "http.request", "body": b""})
        return b"".join([part async for part in whole(parts(line), line)])

    assert asyncio.run(read()) == b"some"


def test_a_body_that_breaks_off_is_refused_after_what_came() -> None:
    async def read() -> bytes:
        line = line_of({"type": "http.request", "body": b"some"}, {"type": "http.disconnect"})
        body = whole(parts(line), line)
        first = await anext(body)
        with pytest.raises(BadRequest, match="broke off"):
            await anext(body)
        return first

    assert asyncio.run(read()) == b"some"


class Counting:
    """Endless chunks that know whether they were closed."""

    def __init__(self) -> None:
        self.sent, self.is_closed = 0, False

    def __aiter__(self) -> "Counting":
        return self

    async def __anext__(self) -> bytes:
        await asyncio.sleep(0)
        self.sent += 1
        return b"chunk"

    async def aclose(self) -> None:
        self.is_closed = True


def test_a_flow_ends_when_its_reader_is_gone() -> None:
    async def send() -> Counting:
        endless = Counting()
        flow = Flow(endless, line_of({"type": "http.request"}, {"type": "http.disconnect"}))
        async for _ in flow:
            pass
        await flow.close()
        return endless

    endless = asyncio.run(send())
    assert endless.is_closed
    assert endless.sent < 10


def test_a_flow_goes_on_as_long_as_its_reader_stays() -> None:
    async def send() -> Counting:
        endless = Counting()
        flow = Flow(endless, line_of())
        async for _ in flow:
            if endless.sent == 100:
                break
        await flow.close()
        return endless

    assert asyncio.run(send()).is_closed
