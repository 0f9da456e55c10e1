from urllib.parse import quote

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.compute.consoles import logic
from haneul.services.compute.consoles.schemas import (
    ConnectionView,
    ConsoleUrlView,
    RemoteConsole,
    RemoteConsole28,
    RemoteConsole299,
    RemoteConsoleView,
    SerialConsole,
    SpiceConsole,
    VncConsole,
)
from haneul.services.compute.servers.api import loaded

OPEN = Rule("os_compute_api:os-remote-consoles", "rule:project_member_or_admin", "Open a server's console.")
LOOK_UP = Rule("os_compute_api:os-console-auth-tokens", "rule:context_is_admin", "See where a console's token leads.")

ACTION = "/v2.1/servers/{server_id}/action"
CONSOLES = "/v2.1/servers/{server_id}/remote-consoles"
TOKEN = "/v2.1/os-console-auth-tokens/{console_token}"


def routes_with(consoles_at: str, token_life_s: int) -> Routes:
    """The routes, for consoles whose pages are at this URL."""
    routes = Routes()

    def url_of(call: Call, server_id: str, protocol: str, console_type: str) -> str:
        server = loaded(call, server_id)
        logic.refuse_without_screen(server)
        logic.refuse_unavailable(protocol, console_type)
        token = logic.issue(call.db, server, console_type, token_life_s)
        return f"{consoles_at}/vnc_lite.html?path={quote(f'?token={token}', safe='')}"

    def opened(call: Call, server_id: str, protocol: str, console_type: str) -> RemoteConsoleView:
        url = url_of(call, server_id, protocol, console_type)
        return RemoteConsoleView(protocol=protocol, type=console_type, url=url)

    @routes.post(CONSOLES, rule=OPEN, status=200, since="2.6", until="2.7", wraps="remote_console")
    def create_console(call: Call, server_id: str, body: RemoteConsole) -> RemoteConsoleView:
        return opened(call, server_id, body.protocol, body.type)

    @routes.post(CONSOLES, rule=OPEN, status=200, since="2.8", until="2.98", wraps="remote_console")
    def create_console_28(call: Call, server_id: str, body: RemoteConsole28) -> RemoteConsoleView:
        return opened(call, server_id, body.protocol, body.type)

    @routes.post(CONSOLES, rule=OPEN, status=200, since="2.99", wraps="remote_console")
    def create_console_299(call: Call, server_id: str, body: RemoteConsole299) -> RemoteConsoleView:
        return opened(call, server_id, body.protocol, body.type)

    @routes.action(ACTION, "os-getVNCConsole", rule=OPEN, status=200, until="2.5", wraps="console")
    def get_vnc_console(call: Call, server_id: str, body: VncConsole) -> ConsoleUrlView:
        return ConsoleUrlView(type=body.type, url=url_of(call, server_id, "vnc", body.type))

    @routes.action(ACTION, "os-getSPICEConsole", rule=OPEN, status=200, until="2.5", wraps="console")
    def get_spice_console(call: Call, server_id: str, body: SpiceConsole) -> ConsoleUrlView:
        return ConsoleUrlView(type=body.type, url=url_of(call, server_id, "spice", body.type))

    @routes.action(ACTION, "os-getSerialConsole", rule=OPEN, status=200, until="2.5", wraps="console")
    def get_serial_console(call: Call, server_id: str, body: SerialConsole) -> ConsoleUrlView:
        return ConsoleUrlView(type=body.type, url=url_of(call, server_id, "serial", body.type))

    @routes.get(TOKEN, rule=LOOK_UP, until="2.30", wraps="console", has_secret_path=True)
    def look_up_rdp_token(call: Call, console_token: str) -> ConnectionView:
        call.enforce()
        # Up to 2.30 this told of RDP consoles alone, which the real service has no more either.
        raise BadRequest(
            "The server could not comply with the request since it is either malformed or otherwise incorrect."
        )

    @routes.get(TOKEN, rule=LOOK_UP, since="2.31", wraps="console", has_secret_path=True)
    def look_up_token(call: Call, console_token: str) -> ConnectionView:
        call.enforce()
        server = logic.find(call.db, console_token)
        return ConnectionView(instance_uuid=server.id, host=server.host, port=None, internal_access_path=None)

    return routes
