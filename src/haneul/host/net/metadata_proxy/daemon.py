"""One haproxy for each namespace that has metadata: found again after a restart of ours, ended by its pid."""

import shutil
import time
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from haneul.host import run as running
from haneul.host.disk import durable
from haneul.host.namespaces import identity_of_namespace, inside
from haneul.host.net.links import find_link
from haneul.host.net.metadata_proxy.config import ProxyPlan, config_of
from haneul.host.run import RunFailed

PROGRAM = "haproxy"
CONFIG, PID, LOG = "haproxy.cfg", "haproxy.pid", "haproxy.log"
READY_S, PAUSE_S = 10.0, 0.01
GRACE_S = 2.0
PROC = Path("/proc")
# As /proc/net/tcp writes the state of a socket that listens.
LISTENING = "0A"
SAID_CHARS = 1000


class _Proxy(Struct, frozen=True):
    """A live haproxy of ours; `started` tells it from a later process of the same pid."""

    pid: int
    started: int


def ensure_proxy(plan: ProxyPlan) -> int:
    """Make the plan's proxy run and listen; its pid. One that runs by the same plan is left alone.

    RunFailed, with what haproxy says, if it can't: so for an address that no link of the namespace has.
    """
    text = _described(plan) + config_of(plan)
    plan.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found, config = _find(plan.folder), plan.folder / CONFIG
    if found and config.exists() and config.read_text() == text:
        _remember(plan.folder, found)
        return found.pid
    if found:
        running.end(found.pid, GRACE_S, found.started)
    durable.write(config, text.encode())
    return _start(plan)


def remove_proxy(folder: Path) -> None:
    """End the folder's proxy and remove the folder; an absent one is no matter."""
    found = _find(folder)
    if found:
        running.end(found.pid, GRACE_S, found.started)
    shutil.rmtree(folder, ignore_errors=True)


def proxy_pid(folder: Path) -> int | None:
    """The pid of the folder's proxy, None if none runs."""
    found = _find(folder)
    return found.pid if found else None


def _described(plan: ProxyPlan) -> str:
    """What a proxy is bound to without saying so: a link or a namespace made anew under its old name is another."""
    links = sorted({listen.link for listen in plan.listens if listen.link})
    indexes = {name: link.index if (link := find_link(name, plan.namespace)) else None for name in links}
    return f"# {plan.namespace} {identity_of_namespace(plan.namespace)} {indexes}\n"


def _start(plan: ProxyPlan) -> int:
    log, config = plan.folder / LOG, plan.folder / CONFIG
    # What an earlier one said would be taken for this one's.
    log.unlink(missing_ok=True)
    with inside(plan.namespace):
        # It opens its ports as root and then becomes the plan's user by itself.
        argv = [PROGRAM, "-db", "-f", str(config.resolve())]
        pid = running.spawn_daemon(argv, uid=0, gid=0, log_path=log, cwd=plan.folder)
    started = running.started_ticks(pid)
    if started is not None:
        _remember(plan.folder, _Proxy(pid, started))
    try:
        _await_listening(pid, plan)
    except RunFailed:
        running.end(pid, GRACE_S, started)
        raise
    return pid


def _await_listening(pid: int, plan: ProxyPlan) -> None:
    wanted = {(listen.port, ":" in listen.address) for listen in plan.listens}
    deadline = time.monotonic() + READY_S
    while not wanted <= _listening(pid):
        if not running.alive(pid):
            raise RunFailed(f"The metadata proxy in {plan.namespace} has ended: {_said(plan.folder)}")
        if time.monotonic() > deadline:
            raise RunFailed(f"The metadata proxy in {plan.namespace} does not listen after {READY_S:g} seconds.")
        time.sleep(PAUSE_S)


def _said(folder: Path) -> str:
    log = (folder / LOG).read_text(errors="replace").replace(f"{folder.resolve()}/", "")
    alerts = [line.partition(") : ")[2] for line in log.splitlines() if line.startswith("[ALERT]")]
    return "; ".join(alerts)[:SAID_CHARS] or "it gave no reason."


def _listening(pid: int) -> set[tuple[int, bool]]:
    """The ports on which anything in the process's namespace listens, and whether by IPv6."""
    found = set()
    for name in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (PROC / str(pid) / "net" / name).read_text().splitlines()[1:]:
                _, local, _, state, *_ = line.split()
                if state == LISTENING:
                    found.add((int(local.rpartition(":")[2], 16), name == "tcp6"))
    return found


def _remember(folder: Path, proxy: _Proxy) -> None:
    path, text = folder / PID, f"{proxy.pid} {proxy.started}\n"
    if not path.exists() or path.read_text() != text:
        durable.write(path, text.encode())


def _find(folder: Path) -> _Proxy | None:
    """By the pid file, and where a crash has left none, among all processes."""
    with suppress(OSError, ValueError):
        pid, started = map(int, (folder / PID).read_text().split())
        if running.alive(pid, started) and _is_of(pid, folder):
            return _Proxy(pid, started)
    for place in PROC.iterdir():
        if place.name.isdigit() and _is_of(int(place.name), folder):
            started_now = running.started_ticks(int(place.name))
            if started_now is not None:
                return _Proxy(int(place.name), started_now)
    return None


def _is_of(pid: int, folder: Path) -> bool:
    try:
        words = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return words[0] == PROGRAM.encode() and bytes((folder / CONFIG).resolve()) in words
