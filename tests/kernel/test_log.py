"""Logs: one JSON object a line, with ids and without secrets."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from haneul.kernel import log

TOKEN = "gAAAAABmQ9k1" + "x" * 120
SIGNED = f"eyJ{'x' * 30}.eyJ{'y' * 90}.{'z' * 86}"


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What was logged, read once the log is closed; the logging of the test run itself is put back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(log, "_sink", log._Sink())
    path = tmp_path / "log"
    log.open_log(path, "control")

    def read() -> list[dict[str, Any]]:
        log.close_log()
        return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]

    yield read
    log.close_log()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("password=hunter2 rest", "password=*** rest"),
        ('{"password": "hunter2", "name": "a"}', '{"password": "***", "name": "a"}'),
        ("adminPass='hunter2'", "adminPass='***'"),
        ('{"password": "two words, \\"quoted\\"", "name": "a"}', '{"password": "***", "name": "a"}'),
        ('{"password": "cut off', '{"password": *** off'),
        (f"X-Auth-Token: {TOKEN}", "X-Auth-Token: ***"),
        (f"in the middle {TOKEN}, of a line", "in the middle ***, of a line"),
        (f"in the middle {SIGNED}, of a line", "in the middle ***, of a line"),
        ("mysql://root:hunter2@db/haneul", "mysql://root:***@db/haneul"),
        ("amqp://guest:hunter2@broker:5672/", "amqp://guest:***@broker:5672/"),
        ("Authorization: Basic aHVudGVyMg==", "Authorization: ***"),
        ("Authorization: Bearer hunter2", "Authorization: ***"),
        ("nothing to hide: passage, tokenize", "nothing to hide: passage, tokenize"),
    ],
)
def test_secrets_are_masked_and_nothing_else(text: str, masked: str) -> None:
    assert log.mask(text) == masked


@pytest.mark.parametrize("text", ["hunter2", "aHVudGVyMg"])
def test_no_secret_survives_in_any_of_its_dresses(text: str) -> None:
    for template in ("secret: {}", "passwd={}&x=1", '"admin_password":"{}"', "credential_secret={}", "token='{}'"):
        assert text not in log.mask(template.format(text))


def test_a_line_has_its_ids_and_values(lines: Any) -> None:
    log.request_id.set("req-7")
    log.event("happened", "warning", thing="a", admin_password="hunter2", token="t")
    log.request_id.set("")
    log.event("alone")
    first, second = lines()
    assert (first["event"], first["level"], first["process"], first["request_id"]) == (
        "happened",
        "warning",
        "control",
        "req-7",
    )
    assert (first["thing"], first["admin_password"], first["token"]) == ("a", "***", "***")
    assert "request_id" not in second


def test_failures_keep_their_traceback_without_its_secrets(lines: Any) -> None:
    try:
        raise ValueError("password=hunter2")
    except ValueError:
        log.failure("it broke")
    (line,) = lines()
    assert "ValueError" in line["traceback"]
    assert "hunter2" not in line["traceback"]


def test_what_libraries_log_joins_in(lines: Any) -> None:
    logging.getLogger("some.library").warning("connecting to mysql://root:hunter2@db")
    logging.getLogger("some.library").info("chatter")
    (line,) = lines()
    assert (line["logger"], line["level"]) == ("some.library", "warning")
    assert "hunter2" not in line["message"]


def test_lines_that_break_are_still_one_line_each(lines: Any) -> None:
    log.event("odd", text="a\nb\r\x00\N{SNOWMAN}")
    log.event("next")
    assert [line["event"] for line in lines()] == ["odd", "next"]
