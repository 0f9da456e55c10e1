"""What processes have used: CPU seconds with all their threads, and resident memory."""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

SCHEDULER_CLOCK = 2
"""The kind of CPU clock that counts what the scheduler gave a whole process (`CPUCLOCK_SCHED`)."""


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU seconds of these processes so far, in user and kernel mode, all threads, those that have ended among them.

    The same as utime + stime of `/proc/PID/stat`, which counts only hundredths: it is the clock that
    `clock_getcpuclockid(3)` names.
    """
    return sum(time.clock_gettime((~pid << 3) | SCHEDULER_CLOCK) for pid in pids)


class Spent(Struct):
    """What passed between the beginning and the end of a `spending` block."""

    cpu_s: float = 0.0
    wall_s: float = 0.0


@contextmanager
def spending(pids: Iterable[int]) -> Iterator[Spent]:
    """Fills in what these processes used while the block ran."""
    watched = list(pids)
    spent = Spent()
    cpu, wall = cpu_seconds(watched), time.perf_counter()
    yield spent
    spent.cpu_s, spent.wall_s = cpu_seconds(watched) - cpu, time.perf_counter() - wall


class Memory(Struct, frozen=True):
    """Resident memory in MB: `rss` counts shared pages whole, `pss` shares them out."""

    rss: float
    pss: float


def memory_mb(pid: int) -> Memory:
    """The resident memory of a process, from `/proc/PID/smaps_rollup`."""
    kilobytes = {
        words[0].rstrip(":"): int(words[1])
        for words in map(str.split, Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    }
    return Memory(kilobytes["Rss"] / 1024, kilobytes["Pss"] / 1024)


@contextmanager
def apart(pids: Iterable[int]) -> Iterator[None]:
    """Keep these processes on the first CPU, and this one and what it starts on the others, while the block runs."""
    everywhere = os.sched_getaffinity(0)
    first = {min(everywhere)}
    watched = list(pids)
    try:
        for pid in watched:
            _keep_on(pid, first)
        os.sched_setaffinity(0, everywhere - first or everywhere)
        yield
    finally:
        for pid in watched:
            _keep_on(pid, everywhere)
        os.sched_setaffinity(0, everywhere)


def _keep_on(pid: int, cpus: set[int]) -> None:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), cpus)
