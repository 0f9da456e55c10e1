"""Turning actions into wanted states and operations."""

from haneul.kernel import operations
from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.kernel.errors import Conflict
from haneul.kernel.operations import Asker
from haneul.services.compute.servers.logic import GONE, get, refuse_locked, refuse_unless, set_state
from haneul.services.compute.servers.models import Server, servers
from haneul.services.compute.servers.operations import RebootServer, StartServer, StopServer


def start(db: Db, by: Asker, server: Server) -> None:
    """Start a stopped server."""
    refuse_locked(server, by.caller)
    refuse_unless(server, "start", "stopped")
    set_state(db, server, task_state="powering-on")
    operations.start(db, StartServer, server.id, by=by)


def stop(db: Db, by: Asker, server: Server) -> None:
    """Stop a running server, or one in error."""
    refuse_locked(server, by.caller)
    refuse_unless(server, "stop", "active", "error")
    _refuse_unbuilt(server, "stop")
    set_state(db, server, task_state="powering-off")
    operations.start(db, StopServer, server.id, by=by)


def reboot(db: Db, by: Asker, server: Server, *, hard: bool) -> None:
    """Reboot a server: softly only one that runs, hard from any state in which it has a disk."""
    refuse_locked(server, by.caller)
    allowed = ("active", "stopped", "paused", "error") if hard else ("active",)
    refuse_unless(server, "reboot", *allowed)
    _refuse_unbuilt(server, "reboot")
    set_state(db, server, task_state="rebooting_hard" if hard else "rebooting")
    verb = "reboot-hard" if hard else "reboot-soft"
    operations.start(db, RebootServer, server.id, by=by, input={"verb": verb})


def lock(db: Db, server: Server, *, locked: bool, reason: str | None = None) -> None:
    """Keep a server as it is, or let it be changed again."""
    db.update(servers, {"id": server.id}, is_locked=locked, locked_reason=reason, updated_at=now())


def _refuse_unbuilt(server: Server, action: str) -> None:
    if server.wanted_power == GONE or not server.host:
        raise Conflict("Cannot '{action}' instance {id}: it was never built. Delete it.", action=action, id=server.id)


__all__ = ["get", "lock", "reboot", "start", "stop"]
