"""Password hashes, in a small pool of their own so that a storm of logins never slows other calls."""

import base64
import hashlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import bcrypt

from haneul.kernel.errors import Unavailable

T = TypeVar("T")

# A quarter of a minute's work at the usual cost: without a bound, a storm of logins would go on long after its end.
WAITING_MOST = 64
_room = threading.BoundedSemaphore(WAITING_MOST)
# How far hashing steps back behind everything else that wants the processor, as `nice` counts.
STEP_BACK = 10


def _step_back() -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), STEP_BACK)


# One thread: bcrypt releases the interpreter's lock, and a login storm may have one core, not all of them.
_pool = ThreadPoolExecutor(1, thread_name_prefix="passwords", initializer=_step_back)
_decoys: dict[int, bytes] = {}


def hashed(password: str, cost: int) -> str:
    """The password's bcrypt hash, salted. The password is digested first: bcrypt reads only 72 bytes."""
    return "sha384-bcrypt$" + bcrypt.hashpw(_digested(password), bcrypt.gensalt(cost)).decode()


def submit_hashing(password: str, cost: int) -> "Future[str]":
    return _submitted(hashed, password, cost)


def submit_check(password: str, kept: str | None, cost: int) -> "Future[bool]":
    """Whether the password has this hash. Without one the same work is done, so that time tells nothing."""
    return _submitted(_check, password, kept, cost)


def _submitted(function: Callable[..., T], *values: Any) -> "Future[T]":
    if not _room.acquire(blocking=False):
        raise Unavailable("Too many passwords wait to be checked; try again in a few seconds.")
    submitted = _pool.submit(function, *values)
    submitted.add_done_callback(lambda _: _room.release())
    return submitted


def _check(password: str, kept: str | None, cost: int) -> bool:
    if kept is None:
        if cost not in _decoys:
            _decoys[cost] = bcrypt.hashpw(b"decoy", bcrypt.gensalt(cost))
        bcrypt.checkpw(_digested(password), _decoys[cost])
        return False
    return bcrypt.checkpw(_digested(password), kept.removeprefix("sha384-bcrypt$").encode())


def _digested(password: str) -> bytes:
    return base64.b64encode(hashlib.sha384(password.encode("utf-8", "surrogatepass")).digest())
