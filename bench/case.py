"""A case, and what cases share in a run: clouds that are started once, when the first case wants them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property

from msgspec import Struct

from bench.calibration import reads_per_cpu_second
from bench.cloud import BenchCloud, running_cloud
from bench.figures import Figure, Outcome
from bench.load import Plan, Result, send
from bench.measure import spending

LIGHT_COST = 4


class Bench:
    """One run."""

    def __init__(self, stack: ExitStack, *, quick: bool = False) -> None:
        self._stack = stack
        self.quick = quick

    @cached_property
    def simulated(self) -> BenchCloud:
        """A simulated cloud with flavors and an image to start servers from."""
        return self._stack.enter_context(running_cloud("--simulate"))

    @cached_property
    def light(self) -> BenchCloud:
        """A simulated cloud whose password hashes cost little, so that what a login costs besides can be seen."""
        return self._stack.enter_context(light_cloud())

    def count(self, many: int) -> int:
        """How often to do something: as often as is worth measuring, or a tenth in a quick run."""
        return max(many // 10, 10) if self.quick else many


@contextmanager
def opened(*, quick: bool = False) -> Iterator[Bench]:
    """A run; what it has started ends with it."""
    with ExitStack() as stack:
        yield Bench(stack, quick=quick)


def light_cloud(*flags: str) -> AbstractContextManager[BenchCloud]:
    """A simulated cloud whose password hashes cost little."""
    return running_cloud("--simulate", *flags, config=f"[identity]\nbcrypt_cost = {LIGHT_COST}\n")


class Case(Struct, frozen=True, kw_only=True):
    """One thing to measure; `is_real` marks what needs root and starts real guests."""

    name: str
    says: str
    run: Callable[[Bench], Outcome]
    is_real: bool = False


def per_cpu_second(cloud: BenchCloud, plan: Plan, status: int) -> tuple[float, Result]:
    """Good answers per CPU second of the cloud's processes; RuntimeError if any answer is another one."""
    with spending(cloud.pids) as spent:
        result = send(plan).expect(status, plan.count)
    return result.count / spent.cpu_s, result


def rate(name: str, cloud: BenchCloud, plan: Plan, *, status: int = 200, target: float | None = None) -> Figure:
    """Good answers per CPU second as a figure, with the machine's yardstick beside it."""
    yardstick = reads_per_cpu_second()
    value, result = per_cpu_second(cloud, plan, status)
    return Figure(
        name=name,
        value=value,
        unit="per CPU second",
        target=target,
        beside={
            "answers": result.count,
            "per wall second": round(result.count / result.seconds, 1),
            "p50 ms": result.p50_ms,
            "p99 ms": result.p99_ms,
            "bytes an answer": round(result.received / result.count),
            "raw SQLite reads per CPU second": round(yardstick),
        },
    )
