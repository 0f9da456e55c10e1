"""The console's log stays small under a writer that never stops, and never leads out of the guest's folder."""

import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from haneul.host.hypervisor import console_log

ME = os.getuid()
MOST_BYTES = console_log.KEPT_BYTES + console_log.SLACK_BYTES


@pytest.fixture(params=["disk", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system that can take blocks off a file's front, and one that can only punch holes."""
    if request.param == "disk":
        yield tmp_path
    else:
        with tempfile.TemporaryDirectory(dir="/dev/shm") as made:
            yield Path(made)


def test_tail_gives_the_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("one\ntwo\nthree\n")
    assert console_log.tail(log, ME, 2) == "two\nthree\n"
    assert console_log.tail(log, ME, None) == "one\ntwo\nthree\n"
    assert console_log.tail(log, ME, 0) == ""
    assert console_log.tail(tmp_path / "absent", ME, None) == ""


def test_a_small_log_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x" * console_log.KEPT_BYTES)
    assert console_log.shorten(log, ME) == 0
    assert log.stat().st_size == console_log.KEPT_BYTES


def test_no_line_is_lost_while_the_front_is_cut(folder: Path) -> None:
    log = folder / "log"
    done = threading.Event()

    def write() -> None:
        with log.open("ab", buffering=0) as file:
            for number in range(120_000):
                file.write(b"line %07d\n" % number)
        done.set()

    log.touch()
    writer = threading.Thread(target=write)
    writer.start()
    given_back = 0
    while not done.wait(0.001):
        given_back += console_log.shorten(log, ME)
    writer.join()
    given_back += console_log.shorten(log, ME)
    assert given_back > 0
    assert log.stat().st_blocks * 512 <= MOST_BYTES + log.stat().st_blksize
    kept = console_log.tail(log, ME, None).splitlines()
    assert len(kept) > 10_000
    assert kept == [f"line {number:07d}" for number in range(120_000 - len(kept), 120_000)]


def test_only_a_plain_file_of_the_guests_own_is_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    link, twin, pipe = tmp_path / "link", tmp_path / "twin", tmp_path / "pipe"
    link.symlink_to(secret)
    twin.hardlink_to(secret)
    os.mkfifo(pipe)
    for path in (link, twin, pipe, tmp_path):
        assert console_log.tail(path, ME, None) == ""
        assert console_log.shorten(path, ME) == 0
    twin.unlink()
    assert console_log.tail(secret, ME + 1, None) == "", "another account's file was read"
    assert console_log.tail(secret, ME, None) == "secret"
