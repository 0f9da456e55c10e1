"""Reports on their way to control, joined where several wait."""

import queue
import threading
from collections.abc import Callable

from haneul.kernel import log, stop_points
from haneul.kernel.bus import CONTROL, Bus, BusError
from haneul.kernel.reconcile.values import Nothing, Observation, Report

DEADLINE_S = 30.0
# While control is away a report would wait for it; the first pass after the next start tells the same.
END_S = 2.0
JOINED_MOST = 64


class Outbox:
    """One kind's reports, sent in order by one thread. A report that is lost is made up for by a full pass."""

    def __init__(self, bus: Bus, host: str, kind: str, look_again: Callable[[], None]) -> None:
        self._bus, self._host, self._kind, self._look_again = bus, host, kind, look_again
        self._reports: queue.SimpleQueue[Report | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._send, name=f"reports-{kind}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._reports.put(None)
        if self._thread.is_alive():
            self._thread.join(END_S)

    def put(self, report: Report) -> None:
        self._reports.put(report)

    def flush(self) -> None:
        """Send what waits, where no thread was started for that."""
        if not self._thread.is_alive() and (waiting := self._waiting()):
            self._tell(joined(waiting))

    def _send(self) -> None:
        while (report := self._reports.get()) is not None:
            self._tell(joined([report, *self._waiting()]))

    def _waiting(self) -> list[Report]:
        found: list[Report] = []
        while len(found) < JOINED_MOST:
            try:
                more = self._reports.get_nowait()
            except queue.Empty:
                break
            if more is None:
                self._reports.put(None)
                break
            found.append(more)
        return found

    def _tell(self, report: Report) -> None:
        try:
            self._bus.call(CONTROL, "reconcile.report", report, returns=Nothing, deadline_s=DEADLINE_S)
        except BusError as refused:
            log.event("report was not heard", "warning", kind=self._kind, reason=str(refused))
            threading.Timer(1.0, self._look_again).start()
        stop_points.reached(f"agent:{self._kind}:reported")


def joined(reports: list[Report]) -> Report:
    """Several reports as one; of a thing that stands in several, the latest word counts."""
    if len(reports) == 1:
        return reports[0]
    observations: dict[str, Observation] = {}
    gone: dict[str, int | None] = {}
    for report in reports:
        for thing_id in report.gone:
            observations.pop(thing_id, None)
            gone[thing_id] = report.gone_at.get(thing_id)
        observations |= {seen.id: seen for seen in report.observations}
    full = [report for report in reports if report.is_full]
    return Report(
        reports[0].host,
        reports[0].kind,
        list(observations.values()),
        list(gone),
        unexpected=full[-1].unexpected if full else [],
        stopped=next((report.stopped for report in reversed(reports) if report.stopped), ""),
        is_full=bool(full),
        gone_at={thing_id: generation for thing_id, generation in gone.items() if generation is not None},
    )
