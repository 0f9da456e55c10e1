"""The results as JSON and as a Markdown table, in `bench/results`."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from bench.figures import Curve, Figure

RESULTS = Path(__file__).parent / "results"


class CaseResult(Struct, frozen=True, kw_only=True):
    """What one case found out, or why it could not."""

    name: str
    seconds: float
    figures: list[Figure] = []
    curves: list[Curve] = []
    failed: str = ""


class Report(Struct, kw_only=True):
    """One run of the benchmarks."""

    at: str
    machine: str
    cpus: int
    yardstick: list[int]
    cases: list[CaseResult]

    @property
    def figures(self) -> list[Figure]:
        return [figure for case in self.cases for figure in case.figures]

    @property
    def curves(self) -> list[Curve]:
        return [curve for case in self.cases for curve in case.curves]


def report_of(cases: list[CaseResult], yardstick: list[float]) -> Report:
    """A report on this machine. `yardstick` are its raw SQLite reads per CPU second, at the beginning and the end."""
    return Report(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        cpus=os.cpu_count() or 0,
        yardstick=[round(value) for value in yardstick],
        cases=cases,
    )


def write(report: Report) -> Path:
    """Write `results.json` and `results.md`; the path of the table."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "results.json").write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    table = RESULTS / "results.md"
    table.write_text(markdown(report))
    return table


def markdown(report: Report) -> str:
    """The report as people read it."""
    lines = [
        "# What haneul costs",
        "",
        f"Measured {report.at} on {report.cpus} CPUs ({report.machine}). "
        f"Raw SQLite reads per CPU second of this machine: {' and '.join(map(str, report.yardstick))}.",
        "",
        "| figure | measured | target | reached | beside it |",
        "| --- | --- | --- | --- | --- |",
        *map(_line, report.figures),
    ]
    failed = [f"- {case.name}: {case.failed}" for case in report.cases if case.failed]
    if failed:
        lines += ["", "Not measured:", "", *failed]
    return "\n".join(lines) + "\n"


def _line(figure: Figure) -> str:
    sign = {"more": "≥", "less": "≤"}[figure.better]
    target = "" if figure.target is None else f"{sign} {figure.target:g}"
    reached = {True: "yes", False: "**no**", None: ""}[figure.is_met]
    beside = ", ".join(f"{name} {value}" for name, value in figure.beside.items())
    return f"| {figure.name} | {shown(figure.value)} {figure.unit} | {target} | {reached} | {beside} |"


def shown(value: float) -> str:
    """A number with as many digits as mean something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
