"""`haneul status`: what runs."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen, duration
from haneul.cli.tree.layout import Layout
from haneul.cli.tree.records import ProcessSeen, TreeSeen, seen
from haneul.settings import CloudSettings

CONNECT_S = 1.0


@click.command("status")
@with_cloud
def status_command(layout: Layout, screen: Screen) -> int:
    """Show what runs; exit code 1 if the cloud does not run whole."""
    from haneul.cli import credentials, on_host

    settings = layout.settings()
    tree = seen(layout.status_file)
    processes = [_process(name, one) for name, one in _processes(tree)]
    urls = credentials.service_urls(settings)
    services = [
        {"service": kind, "url": url, "listens": _listens(settings.local_address, settings.port_of(kind))}
        for kind, url in urls.items()
    ]
    guests = on_host.running_guests(layout, settings)
    networks = _networks(layout)
    is_whole = tree is not None and tree.is_ready and all(one["state"] == "ready" for one in processes)
    screen.line(f"The {'simulated ' if settings.simulate else ''}cloud in {layout.state} {_summary(is_whole, tree)}.")
    screen.line()
    screen.table(
        ["process", "pid", "state", "MB", "up", "restarts", "last ending"],
        [[value if value is not None else "-" for value in _shown(one)] for one in processes],
    )
    screen.line()
    screen.table(["service", "url", "listens"], [[*list(one.values())[:2], _yes(one["listens"])] for one in services])
    screen.line()
    screen.line(f"Guests running on this host: {len(guests)}")
    for line in _told(networks, settings):
        screen.line(line)
    screen.result(
        {
            "ready": is_whole,
            "state": str(layout.state),
            "processes": processes,
            "services": services,
            "guests": guests,
            "networks": networks,
            "external_range": settings.external_range,
        }
    )
    return 0 if is_whole else 1


def _networks(layout: Layout) -> dict[str, dict[str, int]] | None:
    """How much of each kind this host should have and has made; None while the database can't be asked."""
    from sqlalchemy.exc import SQLAlchemyError

    from haneul.cli.checks.finding import Subject
    from haneul.cli.checks.network_rows import made_here

    subject = Subject(layout)
    try:
        return made_here(subject) if subject.has_database else None
    except SQLAlchemyError:
        return None
    finally:
        subject.close()


def _told(networks: dict[str, dict[str, int]] | None, settings: CloudSettings) -> Iterator[str]:
    if networks is None:
        yield "Networks on this host: unknown, since the database can't be asked."
        return
    words = [f"{name}: {counted['made']}" for name, counted in networks.items()]
    yield f"On this host, {', '.join(words)}"
    waiting = sum(counted["wanted"] - counted["made"] for counted in networks.values())
    if waiting:
        yield f"Not made yet, or not in its newest form: {waiting} (haneul doctor says why)"
    if settings.external_range:
        own = settings.external_address.partition("/")[0]
        yield f"External network: {settings.external_range}, on which this machine is {own}"


def _processes(tree: TreeSeen | None) -> list[tuple[str, ProcessSeen]]:
    if tree is None:
        return [(name, ProcessSeen(state="ended")) for name in ("supervisor", "control", "agent")]
    return [("supervisor", tree.supervisor), *tree.children.items()]


def _process(name: str, one: ProcessSeen) -> dict[str, Any]:
    lives = one.lives
    return {
        "process": name,
        "pid": one.pid if lives else None,
        "state": one.state if lives or one.state == "waiting" else "ended",
        "memory_mb": _memory_mb(one.pid) if lives else None,
        "up_s": round(time.time() - one.since, 1) if lives else None,
        "restarts": one.restarts,
        "last_ending": one.last_ending,
    }


def _shown(one: dict[str, Any]) -> list[Any]:
    return [value if name != "up_s" or value is None else duration(value) for name, value in one.items()]


def _summary(is_whole: bool, tree: TreeSeen | None) -> str:
    if is_whole:
        return "runs"
    return "does not run whole" if tree is not None and tree.supervisor.lives else "does not run"


def _memory_mb(pid: int) -> float:
    """Resident memory as the kernel counts it; none of a process that is just ending."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    kilobytes = status.partition("VmRSS:")[2].split()
    return round(int(kilobytes[0]) / 1024, 1) if kilobytes else 0.0


def _listens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), CONNECT_S).close()
    except OSError:
        return False
    return True


def _yes(value: Any) -> str:
    return "yes" if value else "no"
