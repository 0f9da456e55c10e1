from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.compute.interfaces import logic
from haneul.services.compute.interfaces.asking import nic_wanted
from haneul.services.compute.interfaces.operations import AttachInterface, DetachInterface
from haneul.services.compute.interfaces.schemas import InterfaceCreate, InterfaceView, interface_view
from haneul.services.compute.servers.api import loaded

routes = Routes()

_READER = "rule:project_reader_or_admin"
_MEMBER = "rule:project_member_or_admin"
LIST = Rule("os_compute_api:os-attach-interfaces:list", _READER, "List a server's interfaces.")
SHOW = Rule("os_compute_api:os-attach-interfaces:show", _READER, "Show an interface of a server.")
CREATE = Rule("os_compute_api:os-attach-interfaces:create", _MEMBER, "Give a server an interface.")
DELETE = Rule("os_compute_api:os-attach-interfaces:delete", _MEMBER, "Take an interface from a server.")
ALL = "/v2.1/servers/{server_id}/os-interface"
ONE = "/v2.1/servers/{server_id}/os-interface/{port_id}"


@routes.get(ALL, rule=LIST, wraps="interfaceAttachments")
def list_interfaces(call: Call, server_id: str) -> Listed[InterfaceView]:
    found = logic.list_(call.db, loaded(call, server_id))
    return Listed(items=[interface_view(one) for one in found])


@routes.get(ONE, rule=SHOW, wraps="interfaceAttachment")
def show_interface(call: Call, server_id: str, port_id: str) -> InterfaceView:
    return interface_view(logic.get(call.db, loaded(call, server_id), port_id))


@routes.post(ALL, rule=CREATE, wraps="interfaceAttachment", status=200)
def attach_interface(call: Call, server_id: str, body: InterfaceCreate) -> InterfaceView:
    server = loaded(call, server_id)
    logic.refuse_unfit(call, server, "attach_interface")
    wanted = nic_wanted(call, server, body)
    return interface_view(logic.attach(call.db, call, server, wanted, AttachInterface))


@routes.delete(ONE, rule=DELETE, status=202)
def detach_interface(call: Call, server_id: str, port_id: str) -> None:
    server = loaded(call, server_id)
    logic.refuse_unfit(call, server, "detach_interface")
    logic.detach(call.db, call, server, port_id, DetachInterface)
