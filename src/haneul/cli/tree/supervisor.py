"""The supervisor: binds the ports, starts control and agent, and starts again what dies.

It holds nothing that can't be lost: when it dies, its children notice and end (guests never do), and the next `up`
starts everything again.
"""

import os
import selectors
import shutil
import signal
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from haneul.cli.failures import Failure
from haneul.cli.tree.child import GRACE_S, Child, Recipe
from haneul.cli.tree.layout import Layout
from haneul.cli.tree.records import ProcessSeen, TreeSeen, note, seen, sole_supervisor
from haneul.host import run as running
from haneul.host.account import Account, own_account
from haneul.kernel import log
from haneul.kernel.listening import listen
from haneul.settings import CloudSettings

DEATHS_BEFORE_READY = 3
LOG_BYTES = 64 << 20
LOOK_AT_LOGS_S = 30.0
# glibc otherwise trims its heap at every large chunk, and keeps an arena for every thread.
MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(8 << 20), "MALLOC_MMAP_THRESHOLD_": str(4 << 20), "MALLOC_ARENA_MAX": "2"}
# Root's processes write no bytecode: with the umask of daemons control could not read it, and would compile each time.
PROGRAM = (sys.executable, "-I", *(("-B",) if os.geteuid() == 0 else ()), "-m", "haneul.cli")


class Supervisor:
    """One cloud's process tree. `account` is control's."""

    def __init__(self, layout: Layout, settings: CloudSettings, account: Account) -> None:
        self._layout, self._settings, self._account = layout, settings, account
        self._tree = TreeSeen(
            supervisor=ProcessSeen(
                pid=os.getpid(), ticks=running.started_ticks(os.getpid()) or 0, state="ready", since=time.time()
            )
        )
        self._children: list[Child] = []
        self._sockets: list[socket.socket] = []
        self._selector = selectors.DefaultSelector()
        self._stopping = False
        self._logs_at = 0.0

    def run(self) -> bool:
        """Run the cloud until SIGTERM or SIGINT; False if it could not be started, for a reason that is noted."""
        log.open_log(None, "supervisor")
        with sole_supervisor(self._layout.tree):
            self._hear_signals()
            end_children_of(seen(self._layout.status_file))
            try:
                self._begin()
                while not self._stopping:
                    self._turn()
            except Failure as failure:
                self._tree.failed, self._tree.fix = str(failure), failure.fix
                log.event("the cloud could not be started", "error", reason=str(failure))
            finally:
                self._end()
                log.close_log()
        return not self._tree.failed

    def _hear_signals(self) -> None:
        # The pipe wakes the selector, so that a signal between two looks is never slept over.
        reader, writer = socket.socketpair()
        writer.setblocking(False)
        reader.setblocking(False)
        signal.set_wakeup_fd(writer.fileno())
        self._selector.register(reader, selectors.EVENT_READ)
        self._wakers = (reader, writer)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _begin(self) -> None:
        ports = self._settings.listening_ports
        try:
            self._sockets = listen(self._settings.bind, ports)
        except OSError as error:
            raise Failure(
                f"The cloud can't listen: {error.strerror}.",
                "End what uses it, or move every port with --base-port, or choose another address with --bind.",
            ) from error
        self._tree.ports = ports
        self._children = [Child(recipe) for recipe in self._recipes()]
        self._tree.children = {child.recipe.name: child.seen for child in self._children}
        for child in self._children:
            self._start(child)
        self._note()

    def _recipes(self) -> list[Recipe]:
        control = self._recipe("control", self._account, tuple(one.fileno() for one in self._sockets))
        return [control, self._recipe("agent", own_account(), ())]

    def _recipe(self, name: str, account: Account, sockets: tuple[int, ...]) -> Recipe:
        return Recipe(
            name=name,
            command=(*PROGRAM, name, "--state", str(self._layout.state)),
            account=account,
            log_path=self._layout.log / f"{name}.log",
            environment={**MEMORY, **own_variables(os.environ)},
            sockets=sockets,
        )

    def _turn(self) -> None:
        """Wait for the next thing to happen, and see to it."""
        for key, _ in self._selector.select(self._patience_s()):
            if isinstance(key.data, Child):
                self._hear(key.data)
            else:
                self._wakers[0].recv(4096)
        moment = time.monotonic()
        for child in self._children:
            if child.seen.state == "waiting" and child.due_at <= moment:
                self._start(child)
                self._note()
        if moment >= self._logs_at:
            self._logs_at = moment + LOOK_AT_LOGS_S
            self._shorten_logs()

    def _patience_s(self) -> float:
        due = [child.due_at for child in self._children if child.seen.state == "waiting"]
        return max(0.0, min([self._logs_at, *due]) - time.monotonic())

    def _start(self, child: Child) -> None:
        child.start()
        assert child.line is not None
        self._selector.register(child.line, selectors.EVENT_READ, child)

    def _hear(self, child: Child) -> None:
        assert child.line is not None
        line = child.line
        if not child.listen():
            self._selector.unregister(line)
            child.bury()
            self._refuse_hopeless(child)
        self._note()

    def _refuse_hopeless(self, child: Child) -> None:
        """Give up on a cloud that never came up; one that did is tried for ever."""
        if child.was_ready or self._stopping:
            return
        if child.failure is not None:
            raise Failure(child.failure.failed, child.failure.fix)
        if child.deaths >= DEATHS_BEFORE_READY:
            name = child.recipe.name
            raise Failure(
                f"The {name} process ended {child.deaths} times while it started ({child.seen.last_ending}).",
                f"Its log says why: {child.recipe.log_path}",
            )

    def _shorten_logs(self) -> None:
        """Move a log that has grown too long aside. Its writers append, and so go on at its new beginning."""
        for path in self._layout.log.glob("*.log"):
            if path.stat().st_size > LOG_BYTES:
                shutil.copyfile(path, path.with_suffix(".log.1"))
                os.truncate(path, 0)

    def _note(self) -> None:
        note(self._layout.status_file, self._tree)

    def _end(self) -> None:
        # The agent first: its last report still finds control.
        for child in reversed(self._children):
            child.plead()
        for child in reversed(self._children):
            child.end()
        for one in self._sockets:
            one.close()
        self._tree.supervisor.state = "ended"
        self._note()


def end_children_of(tree: TreeSeen | None) -> None:
    """End what an earlier supervisor that was killed may have left; its children are ending by themselves."""
    for child in (tree.children if tree else {}).values():
        if child.lives:
            running.end(child.pid, GRACE_S, child.ticks)


def own_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """What of an environment is meant for haneul."""
    return {name: value for name, value in environment.items() if name.startswith("HANEUL_")}


def start(layout: Layout) -> int:
    """Start a supervisor in a session of its own; its pid."""
    me = own_account()
    return running.spawn_daemon(
        (*PROGRAM, "supervise", "--state", str(layout.state)),
        uid=me.uid,
        gid=me.gid,
        log_path=layout.log / "supervisor.log",
        cwd=Path("/"),
        env=own_variables(os.environ),
    )
