"""What a body on /servers/{server_id}/action may ask for."""

from typing import Any

from haneul.kernel.errors import Conflict
from haneul.kernel.http import Call, Routes
from haneul.kernel.schema import UNSET
from haneul.services.compute.hosts_link import HostLink
from haneul.services.compute.server_actions import logic
from haneul.services.compute.server_actions.schemas import ConsoleOutput, ConsoleView, Lock, Reboot, ResetState
from haneul.services.compute.servers.api import loaded
from haneul.services.compute.servers.models import Server
from haneul.services.compute.servers.rules import (
    CONSOLE_OUTPUT,
    LOCK,
    REBOOT,
    RESET_STATE,
    START,
    STOP,
    UNLOCK,
    UNLOCK_OVERRIDE,
)

ACTION = "/v2.1/servers/{server_id}/action"


def routes_with(hosts: HostLink) -> Routes:
    """The actions; some ask the server's host at once."""
    routes = Routes()

    @routes.action(ACTION, "os-start", rule=START)
    def start_server(call: Call, server_id: str, body: Any) -> None:
        logic.start(call.db, call, loaded(call, server_id))

    @routes.action(ACTION, "os-stop", rule=STOP)
    def stop_server(call: Call, server_id: str, body: Any) -> None:
        logic.stop(call.db, call, loaded(call, server_id))

    @routes.action(ACTION, "reboot", rule=REBOOT)
    def reboot_server(call: Call, server_id: str, body: Reboot) -> None:
        logic.reboot(call.db, call, loaded(call, server_id), hard=body.type.upper() == "HARD")

    @routes.action(ACTION, "lock", rule=LOCK, until="2.72")
    def lock_server(call: Call, server_id: str, body: Any) -> None:
        logic.lock(call.db, call, loaded(call, server_id))

    @routes.action(ACTION, "lock", rule=LOCK, since="2.73")
    def lock_server_for_a_reason(call: Call, server_id: str, body: Lock | None) -> None:
        reason = body.locked_reason if body is not None and body.locked_reason is not UNSET else None
        logic.lock(call.db, call, loaded(call, server_id), reason)

    @routes.action(ACTION, "unlock", rule=UNLOCK)
    def unlock_server(call: Call, server_id: str, body: Any) -> None:
        server = loaded(call, server_id)
        if server.locked_by not in ("", logic.locker_of(call, server)):
            call.enforce(server, rule=UNLOCK_OVERRIDE)
        logic.unlock(call.db, call, server)

    @routes.action(ACTION, "os-resetState", rule=RESET_STATE)
    def reset_server_state(call: Call, server_id: str, body: ResetState) -> None:
        logic.reset_state(call.db, call, loaded(call, server_id), body.state)

    @routes.action(ACTION, "os-getConsoleOutput", rule=CONSOLE_OUTPUT, status=200, transaction="none")
    async def console_output(call: Call, server_id: str, body: ConsoleOutput) -> ConsoleView:
        server: Server = await call.transaction(lambda db: _loaded_for_console(call, db, server_id), writes=False)
        lines = _lines(body)
        told = await call.in_thread(lambda: hosts.console_tail(server.host, server.id, lines))
        return ConsoleView(output=_last(told, lines))

    return routes


def _lines(body: ConsoleOutput) -> int | None:
    """How many lines are asked for; None for all."""
    length = None if body.length is UNSET or body.length is None else int(body.length)
    return None if length == -1 else length


def _last(told: str, lines: int | None) -> str:
    """The last lines as Nova counts them: what follows the last line break is one, though it may be empty."""
    if lines is None:
        return told
    return "\n".join(told.split("\n")[-lines:]) if lines else ""


def _loaded_for_console(call: Call, db: Any, server_id: str) -> Server:
    server = logic.get(db, server_id, call.caller)
    call.enforce(server)
    if not server.host:
        raise Conflict("Instance {id} is not ready", id=server.id)
    return server
