"""Start a server program as its own user in a scratch folder, wait until it serves, and end it."""

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"
# Below the ports from which the kernel serves outgoing connections, so that none of these takes ours in between.
PORTS = range(20000, 32000)
READY_DEADLINE_S = 60.0
END_DEADLINE_S = 20.0
PAUSE_S = 0.05


class Daemon:
    """One server process; its output goes to a file whose end is shown when it doesn't come up."""

    def __init__(self, folder: Path, argv: Sequence[str], user: str, environment: Mapping[str, str] = {}) -> None:
        self._name = Path(argv[0]).name
        self._log = folder / f"{self._name}.log"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                as_user(user, argv),
                cwd=folder,
                env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8", **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until(self, serves: Callable[[], bool]) -> None:
        """Return once the probe is true; AssertionError with the log's end if the server dies or takes too long."""
        deadline = time.monotonic() + READY_DEADLINE_S
        while not serves():
            died = self._process.poll()
            if died is not None or time.monotonic() > deadline:
                said = self._log.read_text(errors="replace")[-4000:]
                raise AssertionError(f"{self._name} does not serve (exit status {died}). It said:\n{said}")
            time.sleep(PAUSE_S)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """For a while the server runs, but not a step."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def end(self, polite: signal.Signals = signal.SIGTERM) -> None:
        """Ask the process to end and wait; whatever is left of its session after that is killed."""
        with suppress(subprocess.TimeoutExpired):
            self._process.send_signal(polite)
            self._process.wait(END_DEADLINE_S)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def as_user(user: str, argv: Sequence[str]) -> list[str]:
    """The command as another user, so that it also ends should the tests themselves be killed."""
    identity = [f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups"]
    return ["setpriv", "--pdeathsig=TERM", *(identity if os.geteuid() == 0 else []), *argv]


def run(folder: Path, argv: Sequence[str], user: str) -> str:
    """Run a preparing command to its end and return what it says; AssertionError with its output if it fails."""
    done = subprocess.run(
        as_user(user, argv), cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{argv[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


@contextmanager
def scratch(user: str) -> Iterator[Path]:
    """A folder that belongs to a server's user and is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="haneul-test-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, user)
        yield folder
    finally:
        shutil.rmtree(folder)


def free_port() -> int:
    """A loopback port that nobody listens on."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port
