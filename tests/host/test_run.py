"""host.run on real programs: it waits, limits, ends, and never ends the wrong one."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from haneul.host import run as running


def sleeper(tmp_path: Path, *argv: str) -> int:
    wanted = argv or ("sleep", "60")
    return running.spawn_daemon(wanted, uid=os.getuid(), gid=os.getgid(), log_path=tmp_path / "log", cwd=tmp_path)


def test_output_and_input_pass_through() -> None:
    assert running.run(["cat"], timeout_s=5, input=b"sky").stdout == b"sky"


def test_environment_is_clean_but_for_what_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_PASSWORD", "secret")
    said = running.run(["env"], timeout_s=5, env={"ASKED": "yes"}).stdout.decode()
    assert "secret" not in said
    assert "ASKED=yes" in said


def test_failure_says_program_code_and_stderr() -> None:
    with pytest.raises(running.RunFailed, match="sh failed with code 3: no luck") as caught:
        running.run(["sh", "-c", "echo no luck >&2; exit 3"], timeout_s=5)
    assert caught.value.code == 3


@pytest.mark.parametrize("limits", [None, running.Limits(cpu_s=5)])
def test_missing_program_is_a_sentence(limits: running.Limits | None) -> None:
    with pytest.raises(running.RunFailed, match=r"The program no-such-thing is not installed on this host\."):
        running.run(["no-such-thing"], timeout_s=5, limits=limits)


def test_slow_program_is_stopped_with_its_children() -> None:
    began = time.monotonic()
    with pytest.raises(running.RunFailed, match=r"took longer than 0\.2 seconds"):
        running.run(["sh", "-c", "sleep 61 & sleep 61"], timeout_s=0.2)
    assert time.monotonic() - began < 5
    assert not is_running("sleep 61")


def test_limits_hold(tmp_path: Path) -> None:
    target = tmp_path / "big"
    with pytest.raises(running.RunFailed):
        running.run(
            ["dd", "if=/dev/zero", f"of={target}", "bs=1M", "count=3"], timeout_s=5, limits=running.Limits(file_mb=1)
        )
    assert target.stat().st_size == 1 << 20
    with pytest.raises(running.RunFailed):
        running.run([sys.executable, "-c", "bytearray(900 << 20)"], timeout_s=20, limits=running.Limits(memory_mb=500))


def test_daemon_has_its_own_session_and_none_of_our_files(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    pid = sleeper(tmp_path, "sh", "-c", "echo hello; echo oops >&2; exec sleep 60")
    try:
        os.close(writer)
        assert os.read(reader, 1) == b"", "the daemon holds our pipe"
        assert os.getsid(pid) == pid
        deadline = time.monotonic() + 5
        while "oops" not in (tmp_path / "log").read_text() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert (tmp_path / "log").read_text() == "hello\noops\n"
    finally:
        os.close(reader)
        running.end(pid, 5)
    assert not running.alive(pid)


def test_end_kills_what_ignores_a_plea_and_is_repeatable(tmp_path: Path) -> None:
    pid = sleeper(tmp_path, "sh", "-c", "trap '' TERM; echo set; while :; do sleep 0.05; done")
    while "set" not in (tmp_path / "log").read_text():
        time.sleep(0.01)
    running.end(pid, 0.2)
    assert not running.alive(pid)
    assert not Path(f"/proc/{pid}").exists(), "a zombie is left"
    running.end(pid, 0.2)


def test_end_spares_a_later_process_of_the_same_pid(tmp_path: Path) -> None:
    pid = sleeper(tmp_path)
    ticks = running.started_ticks(pid)
    assert ticks is not None
    running.end(pid, 5, started=ticks - 1)
    assert running.alive(pid, ticks)
    assert not running.alive(pid, ticks - 1)
    running.end(pid, 5, started=ticks)
    assert not running.alive(pid)


def test_a_dead_daemon_is_no_zombie(tmp_path: Path) -> None:
    pid = sleeper(tmp_path, "true")
    deadline = time.monotonic() + 5
    while running.alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    running.reap()
    assert not Path(f"/proc/{pid}").exists()


def test_log_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="Too many levels"):
        sleeper(tmp_path)


def is_running(command: str) -> bool:
    listed = subprocess.run(["ps", "-eo", "args="], capture_output=True, text=True, check=True).stdout
    return command in listed.splitlines()


def test_how_a_daemon_ended_is_told_to_who_asks_after_another_has_looked(tmp_path: Path) -> None:
    pid = sleeper(tmp_path, "sh", "-c", "exit 7")
    while running.alive(pid):
        time.sleep(0.01)
    assert running.end(pid, 1) == 7
    assert running.end(pid, 1) is None
