"""One process under the supervisor: started, listened to, started again when it dies, ended."""

import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from haneul.cli.tree.link import SHOW_STACKS, Notice
from haneul.cli.tree.records import ProcessSeen
from haneul.host import run as running
from haneul.host.account import Account
from haneul.kernel import log

# Whoever has lived for a while is started again at once; who dies again and again is given longer and longer breaks,
# though short ones if it gets ready each time: then something kills it, and others wait for it.
SETTLED_S = 3.0
SECOND_WAIT_S = 0.1
LONGEST_WAIT_S = 10.0
LONGEST_READY_WAIT_S = 0.5
GRACE_S = 15.0
LONGEST_NOTICE = 65_536
LOOK_S = 0.01
STACKS_S = 0.3


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """How a child is started."""

    name: str
    command: tuple[str, ...]
    account: Account
    log_path: Path
    environment: Mapping[str, str]
    sockets: tuple[int, ...] = ()


class Child:
    """A process that should run. `seen` is what others are told of it."""

    def __init__(self, recipe: Recipe, clock: Callable[[], float] = time.monotonic) -> None:
        self.recipe, self._clock = recipe, clock
        self.seen = ProcessSeen()
        self.failure: Notice | None = None
        self.deaths = 0
        self.was_ready = False
        self.line: socket.socket | None = None
        self._heard = b""
        self._began = 0.0
        self._wait_s = 0.0
        self.due_at = 0.0

    def start(self) -> None:
        """Start the process, with a line to us and the sockets that it serves."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        words = ["--link", str(theirs.fileno())]
        if self.recipe.sockets:
            words += ["--sockets", ",".join(map(str, self.recipe.sockets))]
        try:
            pid = running.spawn_daemon(
                [*self.recipe.command, *words],
                uid=self.recipe.account.uid,
                gid=self.recipe.account.gid,
                log_path=self.recipe.log_path,
                cwd=Path("/"),
                env=self.recipe.environment,
                pass_fds=(theirs.fileno(), *self.recipe.sockets),
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self.line, self._heard, self._began = ours, b"", self._clock()
        self.seen.pid, self.seen.ticks = pid, running.started_ticks(pid) or 0
        self.seen.state, self.seen.doing, self.seen.since = "starting", "", time.time()
        log.event("child started", child=self.recipe.name, pid=pid)

    def listen(self) -> bool:
        """Take what the child has said; False once it has hung up, which it does only by ending."""
        assert self.line is not None
        try:
            said = self.line.recv(LONGEST_NOTICE)
        except BlockingIOError:
            return True
        except OSError:
            said = b""
        *lines, self._heard = (self._heard + said).split(b"\n")
        for line in lines:
            with suppress(msgspec.MsgspecError):
                self._take(msgspec.json.decode(line, type=Notice))
        return bool(said) and len(self._heard) < LONGEST_NOTICE

    def _take(self, notice: Notice) -> None:
        self.seen.doing = notice.doing
        if notice.failed:
            self.failure = notice
        if notice.ready:
            self.seen.state, self.was_ready, self.failure = "ready", True, None

    def bury(self) -> None:
        """The process has ended, or no longer listens to us: note how, and when to start it again."""
        self._hang_up()
        code = running.end(self.seen.pid, GRACE_S, self.seen.ticks)
        self.deaths += 1
        if self._clock() - self._began > SETTLED_S:
            self._wait_s = 0.0
        wait_s = min(self._wait_s, LONGEST_READY_WAIT_S if self.seen.state == "ready" else LONGEST_WAIT_S)
        self.due_at = self._clock() + wait_s
        self._wait_s = max(self._wait_s * 2, SECOND_WAIT_S)
        self.seen.last_ending = _ending(code)
        log.event("child ended", "warning", child=self.recipe.name, pid=self.seen.pid, ending=self.seen.last_ending)
        self.seen.state, self.seen.pid, self.seen.since = "waiting", 0, time.time()
        self.seen.restarts += 1

    def plead(self) -> None:
        """Ask it to end, without waiting for it."""
        with suppress(ProcessLookupError):
            if self.seen.lives:
                os.kill(self.seen.pid, signal.SIGTERM)

    def end(self) -> None:
        """Wait for the end of one that was asked to; by force if it takes too long, and its log shows where it hung."""
        deadline = self._clock() + GRACE_S
        while self.seen.lives and self._clock() < deadline:
            time.sleep(LOOK_S)
        if self.seen.lives:
            log.event("child did not end in time", "warning", child=self.recipe.name, pid=self.seen.pid)
            os.kill(self.seen.pid, SHOW_STACKS)
            time.sleep(STACKS_S)
            running.end(self.seen.pid, 0, self.seen.ticks)
        self._hang_up()
        self.seen.state, self.seen.pid, self.seen.since = "ended", 0, time.time()

    def _hang_up(self) -> None:
        if self.line is not None:
            self.line.close()
            self.line = None


def _ending(code: int | None) -> str:
    if code is None:
        return "it ended"
    if code < 0:
        return f"signal {signal.Signals(-code).name} ended it"
    return f"it ended with code {code}"
