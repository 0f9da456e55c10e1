"""The log lines of all processes, as `logs` and `why` read them."""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from haneul.cli.tree.layout import Layout

Line = dict[str, Any]
FIRST = ("at", "process", "level", "event", "traceback")
LOOK_S = 0.2


def read(layout: Layout) -> list[Line]:
    """Every line of every process, in the order of time, older files among them."""
    paths = [*layout.log.glob("*.log.1"), *layout.log.glob("*.log")]
    lines = [line for path in paths for line in _lines_of(path)]
    return sorted(lines, key=lambda line: float(line["at"]))


def _lines_of(path: Path) -> Iterator[Line]:
    with path.open("rb") as file:
        moment = path.stat().st_mtime
        for raw in file:
            line = parsed(raw, path.name.partition(".")[0], moment)
            # What a dying process wrote without a time follows what it wrote before.
            moment = float(line["at"])
            yield line


def parsed(raw: bytes, program: str, moment: float) -> Line:
    """One line; what is no JSON of ours (a dying process's last words) becomes the text of an event."""
    try:
        line = json.loads(raw)
        if isinstance(line, dict) and isinstance(line.get("at"), int | float):
            return line
    except ValueError:
        pass
    text = raw.decode(errors="replace").rstrip()
    return {"at": moment, "process": program, "level": "error", "event": "output", "text": text}


def of_request(lines: list[Line], request_id: str) -> list[Line]:
    """The lines of one request, by our id or the client's own, and those of the operations that it began."""
    named = [line for line in lines if request_id in (line.get("request_id"), line.get("global_request_id"))]
    ids = {line["request_id"] for line in named if line.get("request_id")}
    operations = {line["operation_id"] for line in lines if line.get("request_id") in ids and line.get("operation_id")}
    return [line for line in lines if line.get("request_id") in ids or line.get("operation_id") in operations]


def follow(layout: Layout) -> Iterator[Line]:
    """Lines as they are written from now on, for ever."""
    files: dict[Path, IO[bytes]] = {}
    is_first_look = True
    while True:
        for path in sorted(layout.log.glob("*.log")):
            if path not in files:
                files[path] = path.open("rb")
                files[path].seek(0, 2 if is_first_look else 0)
            yield from _fresh(files[path], path)
        is_first_look = False
        time.sleep(LOOK_S)


def _fresh(file: IO[bytes], path: Path) -> Iterator[Line]:
    if path.stat().st_size < file.tell():
        # It was cut, having grown too long.
        file.seek(0)
    while raw := file.readline():
        if not raw.endswith(b"\n"):
            file.seek(-len(raw), 1)
            return
        yield parsed(raw, path.name.partition(".")[0], time.time())


def shown(line: Line) -> str:
    """A line for people: local time, process, what happened, and the rest as name=value."""
    moment = datetime.fromtimestamp(float(line["at"])).strftime("%H:%M:%S.%f")[:-3]
    level = "" if line.get("level", "info") == "info" else f" {str(line['level']).upper()}"
    rest = " ".join(
        f"{name}={_value(value)}" for name, value in line.items() if name not in FIRST and value is not None
    )
    trace = "\n" + str(line["traceback"]).rstrip() if line.get("traceback") else ""
    return f"{moment} {line.get('process', '-'):<10}{level} {line.get('event', '-')} {rest}".rstrip() + trace


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text) if " " in text else text
