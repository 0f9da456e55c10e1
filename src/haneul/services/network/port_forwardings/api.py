from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.network.floating_ips import logic as floating_ips
from haneul.services.network.floating_ips.models import FloatingIp
from haneul.services.network.lists import answered, asked
from haneul.services.network.owners import viewer
from haneul.services.network.port_forwardings import logic
from haneul.services.network.port_forwardings.schemas import (
    ForwardingCreate,
    ForwardingUpdate,
    ForwardingView,
    forwarding_view,
)

OF_FLOATING_IP = "/v2.0/floatingips/{floatingip_id}/port_forwardings"
ONE = OF_FLOATING_IP + "/{port_forwarding_id}"
READ = "rule:admin_only or (role:reader and rule:ext_parent_owner)"
WRITE = "rule:admin_only or (role:member and rule:ext_parent_owner)"
GET = Rule("get_floatingip_port_forwarding", READ, "Show what a floating IP forwards.")
CREATE = Rule("create_floatingip_port_forwarding", WRITE, "Forward ports of a floating IP.")
UPDATE = Rule("update_floatingip_port_forwarding", WRITE, "Change what a floating IP forwards.")
DELETE = Rule("delete_floatingip_port_forwarding", WRITE, "End a forwarding.")

routes = Routes()


def allowed(call: Call, floating_ip_id: str) -> FloatingIp:
    """The floating IP, once the route's rule allows it: forwardings are whose that is."""
    floating = floating_ips.get(call.db, floating_ip_id, viewer(call))
    call.enforce({"ext_parent:project_id": floating.project_id})
    return floating


@routes.get(OF_FLOATING_IP, rule=GET, wraps="port_forwardings")
def list_port_forwardings(call: Call, floatingip_id: str) -> Listed[ForwardingView]:
    floating = allowed(call, floatingip_id)
    wanted = asked(call, logic.LISTING)
    rows = logic.list_(call.db, floating, wanted)
    return answered(wanted, rows, [forwarding_view(row) for row in rows])


@routes.post(OF_FLOATING_IP, rule=CREATE, wraps="port_forwarding", lax=True)
def create_port_forwarding(call: Call, floatingip_id: str, body: ForwardingCreate) -> ForwardingView:
    floating = allowed(call, floatingip_id)
    return forwarding_view(logic.create(call.db, floating, body, viewer(call)))


@routes.get(ONE, rule=GET, wraps="port_forwarding", quick=True)
def get_port_forwarding(call: Call, floatingip_id: str, port_forwarding_id: str) -> ForwardingView:
    return forwarding_view(logic.get(call.db, allowed(call, floatingip_id), port_forwarding_id))


@routes.put(ONE, rule=UPDATE, wraps="port_forwarding", lax=True)
def update_port_forwarding(
    call: Call, floatingip_id: str, port_forwarding_id: str, body: ForwardingUpdate
) -> ForwardingView:
    floating = allowed(call, floatingip_id)
    forwarding = logic.get(call.db, floating, port_forwarding_id)
    return forwarding_view(logic.update(call.db, floating, forwarding, body, viewer(call)))


@routes.delete(ONE, rule=DELETE)
def delete_port_forwarding(call: Call, floatingip_id: str, port_forwarding_id: str) -> None:
    logic.delete(call.db, logic.get(call.db, allowed(call, floatingip_id), port_forwarding_id))
