"""Networks through compute. Source: Compute API reference, "Networks" and "Project networks", up to 2.35."""

from typing import Any

from haneul.kernel.errors import NotFound
from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.compute.networks_proxy.schemas import NetworkLabel, network_fields, network_label
from haneul.services.compute.viewers import LAST, viewer
from haneul.services.network import public as network

_READER = "rule:project_reader_or_admin"
LIST = Rule("os_compute_api:os-networks:list", _READER, "List networks.")
SHOW = Rule("os_compute_api:os-networks:show", _READER, "Show a network.")
LIST_LABELS = Rule("os_compute_api:os-tenant-networks:list", _READER, "List a project's networks.")
SHOW_LABEL = Rule("os_compute_api:os-tenant-networks:show", _READER, "Show a project's network.")
NETWORKS, LABELS = "/v2.1/os-networks", "/v2.1/os-tenant-networks"
routes = Routes()


@routes.get(NETWORKS, rule=LIST, wraps="networks", until=LAST)
def list_networks(call: Call) -> Listed[dict[str, Any]]:
    call.enforce(call.caller)
    watching = viewer(call)
    found = network.networks_seen(call.db, watching)
    return Listed(items=[network_fields(one, is_admin=watching.is_admin) for one in found])


@routes.get(NETWORKS + "/{network_id}", rule=SHOW, wraps="network", until=LAST)
def get_network(call: Call, network_id: str) -> dict[str, Any]:
    call.enforce(call.caller)
    return network_fields(_seen(call, network_id), is_admin=viewer(call).is_admin)


@routes.get(LABELS, rule=LIST_LABELS, wraps="networks", until=LAST)
def list_project_networks(call: Call) -> Listed[NetworkLabel]:
    call.enforce(call.caller)
    return Listed(items=[network_label(one) for one in network.networks_seen(call.db, viewer(call))])


@routes.get(LABELS + "/{network_id}", rule=SHOW_LABEL, wraps="network", until=LAST)
def get_project_network(call: Call, network_id: str) -> NetworkLabel:
    call.enforce(call.caller)
    return network_label(_seen(call, network_id))


def _seen(call: Call, network_id: str) -> network.Network:
    try:
        return network.network_seen(call.db, network_id, viewer(call))
    except NotFound:
        raise NotFound("Network not found") from None
