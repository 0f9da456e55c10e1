from typing import Any

from haneul.kernel.schema import View
from haneul.services.network.public import Network

FOR_ALL = (
    "cidr",
    "netmask",
    "gateway",
    "broadcast",
    "dns1",
    "dns2",
    "cidr_v6",
    "gateway_v6",
    "netmask_v6",
)
FOR_ADMINS = (
    "created_at",
    "updated_at",
    "deleted_at",
    "deleted",
    "injected",
    "bridge",
    "vlan",
    "vpn_public_address",
    "vpn_public_port",
    "vpn_private_address",
    "dhcp_start",
    "project_id",
    "host",
    "bridge_interface",
    "multi_host",
    "priority",
    "rxtx_base",
    "mtu",
    "dhcp_server",
    "enable_dhcp",
    "share_address",
)


class NetworkLabel(View):
    """A network as a project once saw it; the address range is Python's word for nothing, as Nova writes it."""

    id: str
    cidr: str
    label: str


def network_label(network: Network) -> NetworkLabel:
    """A network with its name."""
    return NetworkLabel(id=network.id, cidr="None", label=network.name)


def network_fields(network: Network, *, is_admin: bool) -> dict[str, Any]:
    """A network with all the fields of nova-network, of which only its id and name still say something."""
    empty = dict.fromkeys((*FOR_ALL, *FOR_ADMINS) if is_admin else FOR_ALL)
    return {"id": network.id, "label": network.name, **empty}
