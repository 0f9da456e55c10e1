"""Logs: one JSON object a line, with the request's and operation's ids, and no secrets."""

import io
import logging
import queue
import re
import threading
import time
import traceback
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any

import msgspec

request_id: ContextVar[str] = ContextVar("request_id", default="")
operation_id: ContextVar[str] = ContextVar("operation_id", default="")

SECRET_NAMES = re.compile(
    r"(pass(word|wd)?|secret|token|credential|private_key|admin_pass|authorization|x-auth-token)", re.IGNORECASE
)
SECRET_TEXT = re.compile(
    r"""((?:pass(?:word|wd)?|secret|token|authorization)["']?\s*[:=]\s*)"""
    r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?:(?:Basic|Bearer)\s+)?["']?[^\s"',}&]+)""",
    re.IGNORECASE,
)
STANDARD_ERROR = 2
# Both forms in which tokens are written: fernet, and JSON Web Signatures.
TOKEN_TEXT = re.compile(r"gAAAA[A-Za-z0-9_-]{20,}={0,2}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*")
URL_PASSWORD = re.compile(r"(\w+://[^:/@\s]+:)[^@\s]+@")


def mask(text: str) -> str:
    """The text with what looks like a secret replaced by `***`."""
    return URL_PASSWORD.sub(r"\1***@", TOKEN_TEXT.sub("***", SECRET_TEXT.sub(_masked, text)))


def _masked(found: re.Match[str]) -> str:
    name, value = found.groups()
    quote = value[0] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else ""
    return f"{name}{quote}***{quote}"


class _Sink:
    """Lines wait in a queue and one thread writes them, so that no request waits for a disk."""

    def __init__(self) -> None:
        self.program = "haneul"
        self.level = logging.INFO
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._file: IO[bytes] | io.FileIO | None = None
        self._thread: threading.Thread | None = None

    def open(self, path: Path | None, program: str) -> None:
        self.program = program
        self._file = path.open("ab", buffering=0) if path else io.FileIO(STANDARD_ERROR, "a", closefd=False)
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def put(self, line: dict[str, Any]) -> None:
        if self._file is not None:
            self._lines.put(msgspec.json.encode(line) + b"\n")

    def close(self) -> None:
        if self._thread is not None:
            self._lines.put(None)
            self._thread.join(2)
            self._thread = None

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            lines = [line]
            while not self._lines.empty() and len(lines) < 512:
                more = self._lines.get()
                if more is None:
                    self._lines.put(None)
                    break
                lines.append(more)
            assert self._file is not None
            self._file.write(b"".join(lines))
            time.sleep(0.02)


_sink = _Sink()


def open_log(path: Path | None, program: str, level: int = logging.INFO) -> None:
    """Begin to write lines to a file (standard error for None); the standard library's loggers join in."""
    _sink.level = level
    _sink.open(path, program)
    root = logging.getLogger()
    root.handlers[:] = [_Bridge()]
    root.setLevel(logging.WARNING)
    logging.getLogger("haneul").setLevel(level)


def close_log() -> None:
    _sink.close()


def event(name: str, level: str = "info", **values: Any) -> None:
    """Write one line. Values whose names look secret are masked."""
    line: dict[str, Any] = {"at": round(time.time(), 6), "process": _sink.program, "level": level, "event": name}
    for key, context in (("request_id", request_id), ("operation_id", operation_id)):
        if key not in values and (value := context.get()):
            line[key] = value
    for key, value in values.items():
        line[key] = "***" if SECRET_NAMES.search(key) else value
    _sink.put(line)


def failure(name: str, **values: Any) -> None:
    """Write the exception being handled, its traceback on the line: for the log alone, never for an answer."""
    event(name, "error", traceback=mask(traceback.format_exc()), **values)


def plain(name: str, values: dict[str, Any]) -> None:
    """Write one line whose values are known to hold no secret; for what happens with every request."""
    _sink.put({"at": round(time.time(), 6), "process": _sink.program, "level": "info", "event": name, **values})


class _Bridge(logging.Handler):
    """Lines of the standard library's loggers, in the same shape."""

    def emit(self, record: logging.LogRecord) -> None:
        values: dict[str, Any] = {"logger": record.name, "message": mask(record.getMessage())}
        if record.exc_info:
            values["traceback"] = mask("".join(traceback.format_exception(*record.exc_info)))
        event("log", record.levelname.lower(), **values)
