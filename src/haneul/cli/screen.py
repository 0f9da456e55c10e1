"""What the commands print: plain and aligned for people, JSON for programs, progress on standard error."""

import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from haneul.cli.failures import Failure

PATIENCE_S = 1.0
TICK_S = 0.5


class Screen:
    """One command's output. With `as_json`, standard output carries exactly one JSON document."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def line(self, text: str = "") -> None:
        """A line for people."""
        if not self.as_json:
            print(text, flush=True)

    def pairs(self, rows: Mapping[str, object]) -> None:
        """Names and values, the values in a column."""
        width = max(map(len, rows), default=0)
        for name, value in rows.items():
            self.line(f"{name:<{width}}  {value}".rstrip())

    def table(self, names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Columns under their names, numbers to the right."""
        texts = [[str(value) for value in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(names, *texts, strict=True)]
        numeric = [all(isinstance(row[index], int | float) for row in rows) for index in range(len(names))]
        for cells in ([name.upper() for name in names], *texts):
            padded = (
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(cells, widths, numeric, strict=True)
            )
            self.line("  ".join(padded).rstrip())

    def result(self, document: Any) -> None:
        """The whole outcome for programs."""
        if self.as_json:
            print(json.dumps(document, indent=2, ensure_ascii=False, default=str), flush=True)

    def failure(self, failure: Failure) -> None:
        """What is wrong, and how to fix it."""
        if self.as_json:
            self.result({"error": str(failure), "fix": failure.fix})
        else:
            print("\n".join(text for text in (f"haneul: {failure}", failure.fix) if text), file=sys.stderr, flush=True)

    @contextmanager
    def doing(self, what: str) -> Iterator["Progress"]:
        """Show what goes on, and for how long, once it has taken more than a second."""
        progress = Progress(what)
        progress.start()
        try:
            yield progress
        finally:
            progress.end()


class Progress:
    """A line on standard error: rewritten on a terminal, one for each stage elsewhere."""

    def __init__(self, what: str) -> None:
        self._what, self._shown = what, ""
        self._began = time.monotonic()
        self._is_terminal = sys.stderr.isatty()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._show, name="progress", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stage(self, what: str) -> None:
        """Say what goes on now."""
        self._what = what

    def end(self) -> None:
        self._ended.set()
        self._thread.join()
        if self._shown and self._is_terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _show(self) -> None:
        if self._ended.wait(PATIENCE_S):
            return
        while not self._ended.is_set():
            if self._is_terminal:
                print(f"\r\x1b[K{self._what} {time.monotonic() - self._began:.0f} s", end="", file=sys.stderr)
            elif self._shown != self._what:
                print(self._what, file=sys.stderr)
            self._shown = self._what
            sys.stderr.flush()
            self._ended.wait(TICK_S)


def duration(seconds: float) -> str:
    """`3 s`, `4 min 10 s`, `2 h 5 min` or `3 d 4 h`."""
    whole = int(seconds)
    for size, name, smaller_size, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            return f"{whole // size} {name} {whole % size // smaller_size} {smaller}"
    return f"{whole} s"
