"""How soon a cloud answers, and what it holds in memory when nothing happens."""

import os
import shutil
import statistics
import time

from bench.case import Bench, Case
from bench.cloud import BenchCloud, new_cloud
from bench.figures import Figure, Outcome
from bench.measure import Spent, cpu_seconds, memory_mb

TIMES = 5
REST_S = 10.0


def simulated(_bench: Bench) -> Outcome:
    """`up --simulate` in a new folder, and again in the same one, each until every port answers."""
    first: list[Spent] = []
    second: list[Spent] = []
    for _ in range(TIMES):
        with new_cloud("--simulate") as cloud:
            first.append(cloud.up_until_answering())
            cloud.down()
            second.append(cloud.up_until_answering())
    return Outcome(
        figures=[
            _seconds("first `up --simulate` until every port answers", first, None),
            _seconds("second `up --simulate` until every port answers", second, 1.5),
        ]
    )


def real(_bench: Bench) -> Outcome:
    """A second `up` of a cloud with real guests."""
    with new_cloud() as cloud:
        cloud.up()
        times = []
        for _ in range(TIMES):
            cloud.down()
            times.append(cloud.up_until_answering())
        return Outcome(figures=[_seconds("second `up` until every port answers", times, 3.0)])


def _seconds(name: str, runs: list[Spent], target: float | None) -> Figure:
    times = [run.wall_s for run in runs]
    return Figure(
        name=name,
        value=statistics.median(times),
        unit="s",
        target=target,
        better="less",
        beside={
            "best": round(min(times), 3),
            "worst": round(max(times), 3),
            "CPU s": round(statistics.median(run.cpu_s for run in runs), 3),
        },
    )


def at_rest(_bench: Bench) -> Outcome:
    """Memory of control and agent some seconds after `up`, of a cloud that is as real as this machine can have it."""
    can_be_real = os.geteuid() == 0 and shutil.which("qemu-system-x86_64") is not None
    flags = () if can_be_real else ("--simulate",)
    with new_cloud(*flags) as cloud:
        cloud.up()
        time.sleep(REST_S)
        return Outcome(figures=_memory(cloud, "real" if can_be_real else "simulated"))


def _memory(cloud: BenchCloud, kind: str) -> list[Figure]:
    held = {name: memory_mb(pid) for name, pid in {**cloud.processes, "supervisor": cloud.supervisor}.items()}
    before, began = cpu_seconds(cloud.pids), time.perf_counter()
    time.sleep(REST_S)
    idle = (cpu_seconds(cloud.pids) - before) / (time.perf_counter() - began)
    return [
        Figure(
            name=f"control and agent at rest ({kind})",
            value=held["control"].rss + held["agent"].rss,
            unit="MB RSS",
            target=200,
            better="less",
            beside={
                **{f"{name} RSS": round(memory.rss, 1) for name, memory in held.items()},
                **{f"{name} PSS": round(memory.pss, 1) for name, memory in held.items()},
            },
        ),
        Figure(name=f"CPU at rest ({kind})", value=idle * 100, unit="% of a core", better="less"),
    ]


CASES = (
    Case(name="up-simulated", says="How soon `up --simulate` answers on every port.", run=simulated),
    Case(name="up-real", says="How soon a second `up` answers on every port.", run=real, is_real=True),
    Case(name="rest", says="Memory of control and agent at rest.", run=at_rest),
)
