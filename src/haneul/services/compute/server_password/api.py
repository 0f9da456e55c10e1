from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import View
from haneul.services.compute.metadata import passwords
from haneul.services.compute.servers import logic

routes = Routes()
SHOW = Rule("os_compute_api:os-server-password:show", "rule:project_reader_or_admin", "Show a guest's own password.")
CLEAR = Rule("os_compute_api:os-server-password:clear", "rule:project_member_or_admin", "Forget a guest's password.")


class PasswordView(View):
    """`password` is encrypted with the key that the server was made with."""

    password: str


@routes.get("/v2.1/servers/{server_id}/os-server-password", rule=SHOW)
def get_password(call: Call, server_id: str) -> PasswordView:
    server = logic.get(call.db, server_id, call.caller)
    call.enforce(server)
    return PasswordView(password=passwords.of(call.db, server.id))


@routes.delete("/v2.1/servers/{server_id}/os-server-password", rule=CLEAR)
def clear_password(call: Call, server_id: str) -> None:
    server = logic.get(call.db, server_id, call.caller)
    call.enforce(server)
    passwords.forget(call.db, server.id)
