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
    refuse_unbuilt(server, "stop")
    set_state(db, server, task_state="powering-off")
    operations.start(db, StopServer, server.id, by=by)


def reboot(db: Db, by: Asker, server: Server, *, hard: bool) -> None:
    """Reboot a server: softly only one that runs, hard from any state in which it has a disk."""
    refuse_locked(server, by.caller)
    allowed = ("active", "stopped", "paused", "suspended", "error") if hard else ("active",)
    refuse_unless(server, "reboot", *allowed)
    refuse_unbuilt(server, "reboot")
    set_state(db, server, task_state="rebooting_hard" if hard else "rebooting")
    verb = "reboot-hard" if hard else "reboot-soft"
    operations.start(db, RebootServer, server.id, by=by, input={"verb": verb})


def lock(db: Db, by: Asker, server: Server, reason: str | None = None) -> None:
    """Keep a server as it is. One that is locked already stays so for its own project, whoever locked it."""
    locker = locker_of(by, server)
    if server.is_locked and locker == "owner":
        return
    values = {"is_locked": True, "locked_by": locker, "locked_reason": reason or server.locked_reason}
    db.update(servers, {"id": server.id}, **values, updated_at=now())
    operations.note(db, "server-lock", server.id, by=by)


def unlock(db: Db, by: Asker, server: Server) -> None:
    """Let a server be changed again."""
    db.update(servers, {"id": server.id}, is_locked=False, locked_by="", locked_reason=None, updated_at=now())
    operations.note(db, "server-unlock", server.id, by=by)


def locker_of(by: Asker, server: Server) -> str:
    """As whom somebody locks a server: what an admin of another project locked, its own project can't unlock."""
    return "owner" if by.caller.project_id == server.project_id else "admin"


def reset_state(db: Db, by: Asker, server: Server, vm_state: str) -> None:
    """Say of a server that it is idle in this state, whatever is the matter with it; its guest is left alone."""
    db.update(servers, {"id": server.id}, vm_state=vm_state, task_state="", updated_at=now())
    operations.note(db, "server-reset-state", server.id, by=by)


def refuse_unbuilt(server: Server, action: str) -> None:
    """Conflict for a server that no host has ever had."""
    if server.wanted_power == GONE or not server.host:
        raise Conflict("Cannot '{action}' instance {id}: it was never built. Delete it.", action=action, id=server.id)


__all__ = ["get", "lock", "locker_of", "reboot", "refuse_unbuilt", "reset_state", "start", "stop", "unlock"]
