"""Run the lanes of `make test` one after the other, whatever fails, and say what each took.

    python tools/run_lanes.py check test-unit

A lane is a target of the Makefile. The last line reads like pytest's own: 412 passed, 0 failed.
"""

import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build" / "reports"
# Together a little under what a run may take: a lane that hangs must not keep the others from being heard.
LIMIT_S = {
    "check": 80,
    "check-docs": 20,
    "test-unit": 160,
    "test-contracts": 50,
    "test-laws": 110,
    "test-commands": 130,
    "test-machine": 660,
    "test-databases": 210,
    "test-broker": 60,
}
DEFAULT_LIMIT_S = 180
GRACE_S = 10


@dataclass(frozen=True)
class Tally:
    """How many tests did what."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


@dataclass(frozen=True)
class Outcome:
    """What came of one lane."""

    lane: str
    verdict: str
    tally: Tally
    took_s: float

    @property
    def is_good(self) -> bool:
        return self.verdict == "passed"


def main(lanes: list[str]) -> int:
    if not lanes:
        print("Name the lanes to run: targets of the Makefile.", file=sys.stderr)
        return 2
    outcomes = [run_lane(lane) for lane in lanes]
    total = sum((outcome.tally for outcome in outcomes), Tally())
    print("\nlane              seconds  verdict      tests")
    for outcome in outcomes:
        print(f"{outcome.lane:<16} {outcome.took_s:>8.1f}  {outcome.verdict:<11}  {outcome.tally}")
    print(f"{'together':<16} {sum(outcome.took_s for outcome in outcomes):>8.1f}\n\n{total}")
    return 0 if total.passed and all(outcome.is_good for outcome in outcomes) else 1


def run_lane(lane: str) -> Outcome:
    """Run one target to its end or its limit. A lane that fails without a failed test counts as one failure."""
    print(f"\n== {lane}", flush=True)
    for report in REPORTS.glob("*.xml"):
        report.unlink()
    began = time.monotonic()
    verdict = run_target(lane, LIMIT_S.get(lane, DEFAULT_LIMIT_S))
    took_s = time.monotonic() - began
    tally = sum((tally_of(report) for report in REPORTS.glob("*.xml")), Tally())
    if verdict != "passed" and not tally.failed:
        tally += Tally(failed=1)
    return Outcome(lane, verdict, tally, took_s)


def run_target(target: str, limit_s: float) -> str:
    # The stamp of .venv was looked at when `make test` began; --keep-going lets one lane show all that is wrong.
    make = subprocess.Popen(
        ["make", "--no-print-directory", "--keep-going", target],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        env={name: text for name, text in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")},
        start_new_session=True,
    )
    try:
        return "passed" if make.wait(limit_s) == 0 else "failed"
    except subprocess.TimeoutExpired:
        return f"over {limit_s:g} s"
    finally:
        end_group(make)


def end_group(leader: subprocess.Popen[bytes]) -> None:
    """End what still runs of the lane, asked first and then made to."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if leader.poll() is not None:
            return
        os.killpg(leader.pid, sign)
        try:
            leader.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            continue


def tally_of(report: Path) -> Tally:
    """Count one JUnit report; errors count as failures."""
    suites = list(ET.parse(report).getroot().iter("testsuite"))
    tests, failures, errors, skipped = (
        sum(int(suite.get(name, "0")) for suite in suites) for name in ("tests", "failures", "errors", "skipped")
    )
    failed = failures + errors
    return Tally(passed=tests - failed - skipped, failed=failed, skipped=skipped)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
