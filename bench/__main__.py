"""`python -m bench [CASE...]`: run the cases, all when none is named, and write what they found out."""

import argparse
import os
import shutil
import sys
import time

from bench import plot, report
from bench.calibration import reads_per_cpu_second
from bench.case import Bench, Case, opened
from bench.cases import (
    assignments,
    firewall,
    identity,
    images,
    live_rules,
    login,
    networks,
    pages,
    real_guests,
    servers,
    starting,
    waiting,
)

CASES: tuple[Case, ...] = (
    *identity.CASES,
    *images.CASES,
    *assignments.CASES,
    *servers.CASES,
    *networks.CASES,
    *live_rules.CASES,
    *login.CASES,
    *waiting.CASES,
    *starting.CASES,
    *real_guests.CASES,
    *pages.CASES,
    *firewall.CASES,
)
SAID_MOST = 300


def main() -> int:
    """Run what is asked for; 1 if a case could not be measured."""
    wanted = _arguments()
    if wanted.list:
        for case in CASES:
            print(f"{case.name:14}{case.says}{' (root, real guests)' if case.is_real else ''}")
        return 0
    chosen = [case for case in CASES if case.name in wanted.cases or (not wanted.cases and _can_run(case))]
    yardstick = [reads_per_cpu_second()]
    with opened(quick=wanted.quick) as bench:
        results = [_run(case, bench) for case in chosen]
    found = report.report_of(results, [*yardstick, reads_per_cpu_second()])
    table = report.write(found)
    if found.curves:
        plot.draw(found.curves, report.RESULTS / "cost-against-rows.png")
    print(f"\n{report.markdown(found)}\nWritten to {table.parent}.")
    return 1 if any(result.failed for result in results) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what haneul costs.")
    parser.add_argument("cases", nargs="*", metavar="CASE", choices=[[], *(case.name for case in CASES)])
    parser.add_argument("--list", action="store_true", help="name the cases")
    parser.add_argument("--quick", action="store_true", help="a tenth of the requests: for trying, not for figures")
    return parser.parse_args()


def _can_run(case: Case) -> bool:
    able = not case.is_real or (os.geteuid() == 0 and shutil.which("qemu-system-x86_64") is not None)
    if not able:
        print(f"{case.name}: left out, since it needs root and QEMU.", file=sys.stderr)
    return able


def _run(case: Case, bench: Bench) -> report.CaseResult:
    print(f"{case.name}: {case.says}", flush=True)
    began = time.perf_counter()
    try:
        outcome = case.run(bench)
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:SAID_MOST]
        print(f"  could not be measured: {said}", flush=True)
        return report.CaseResult(name=case.name, seconds=time.perf_counter() - began, failed=said)
    for figure in outcome.figures:
        missed = "  MISSED" if figure.is_met is False else ""
        print(f"  {figure.name}: {report.shown(figure.value)} {figure.unit}{missed}", flush=True)
    seconds = round(time.perf_counter() - began, 1)
    return report.CaseResult(name=case.name, seconds=seconds, figures=outcome.figures, curves=outcome.curves)


if __name__ == "__main__":
    sys.exit(main())
