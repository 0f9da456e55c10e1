"""Log lines of several processes, as one story."""

import json
from pathlib import Path

import pytest

from haneul.cli import log_lines
from haneul.cli.screen import duration
from haneul.cli.tree.layout import Layout


def write(folder: Path, program: str, *lines: dict[str, object]) -> None:
    folder.mkdir(exist_ok=True)
    with (folder / f"{program}.log").open("a") as file:
        file.writelines(json.dumps({"process": program, **line}) + "\n" for line in lines)


def test_lines_of_all_processes_stand_in_the_order_of_time(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    write(layout.log, "control", {"at": 3, "event": "c"}, {"at": 1, "event": "a"})
    write(layout.log, "agent", {"at": 2, "event": "b"})
    assert [line["event"] for line in log_lines.read(layout)] == ["a", "b", "c"]


def test_a_dying_process_s_last_words_stay_behind_what_it_said_before(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    write(layout.log, "control", {"at": 5, "event": "begun"})
    with (layout.log / "control.log").open("a") as file:
        file.write("MemoryError\n")
    assert log_lines.read(layout)[1] == {
        "at": 5.0,
        "process": "control",
        "level": "error",
        "event": "output",
        "text": "MemoryError",
    }


def test_a_request_takes_its_operations_with_it() -> None:
    lines = [
        {"at": 1, "event": "request", "request_id": "req-1", "global_request_id": "req-client"},
        {"at": 2, "event": "started", "request_id": "req-1", "operation_id": "op"},
        {"at": 3, "event": "step", "operation_id": "op"},
        {"at": 4, "event": "request", "request_id": "req-2"},
    ]
    assert [line["at"] for line in log_lines.of_request(lines, "req-1")] == [1, 2, 3]
    assert log_lines.of_request(lines, "req-client") == log_lines.of_request(lines, "req-1")
    assert log_lines.of_request(lines, "req-3") == []


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (59, "59 s"), (250, "4 min 10 s"), (7500, "2 h 5 min"), (273_600, "3 d 4 h")]
)
def test_durations_are_short(seconds: float, said: str) -> None:
    assert duration(seconds) == said
