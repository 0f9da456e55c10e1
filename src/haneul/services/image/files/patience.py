"""Waiting for bytes that come as slowly as whoever has them likes: it holds no thread that others need."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from haneul.kernel.http import Call
from haneul.services.image.locations.models import Location
from haneul.services.image.stores.backends import Backends

T = TypeVar("T")
AT_ONCE = 32

_patient = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="image-patient")


def is_slow(places: Sequence[Location], backends: Backends) -> bool:
    """Whether the bytes may have to be had from servers that tenants name."""
    found = [backends.holding(one.store) for one in places]
    return any(one is not None and one.store.is_read_only for one in found)


async def waited(call: Call, function: Callable[[], T], *, slow: bool) -> T:
    """Run something that waits off the event loop; what is slow waits only for other slow things."""
    if slow:
        return await asyncio.get_running_loop().run_in_executor(_patient, function)
    return await call.in_thread(function)
