from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from haneul.kernel.schema import StrictBody, Text255, View
from haneul.services.network.field_types import Uuid
from haneul.services.network.port_forwardings.models import PortForwarding

PortNumber = Annotated[int, Meta(ge=1, le=65535)]
PortRange = Annotated[str, Meta(max_length=11)]
Address = Annotated[str, Meta(max_length=64)]
Protocol = Annotated[str, Meta(max_length=16)]


class ForwardingUpdate(StrictBody):
    internal_port_id: Uuid | UnsetType = UNSET
    internal_ip_address: Address | None | UnsetType = UNSET
    internal_port: PortNumber | None | UnsetType = UNSET
    internal_port_range: PortRange | None | UnsetType = UNSET
    external_port: PortNumber | None | UnsetType = UNSET
    external_port_range: PortRange | None | UnsetType = UNSET
    protocol: Protocol | UnsetType = UNSET
    description: Text255 | UnsetType = UNSET


class ForwardingCreate(ForwardingUpdate, kw_only=True):
    internal_port_id: Uuid
    protocol: Protocol
    project_id: Text255 | UnsetType = UNSET
    tenant_id: Text255 | UnsetType = UNSET


class ForwardingView(View):
    """Single ports are shown beside their ranges only where a range is one port."""

    id: str
    internal_port_id: str
    internal_ip_address: str
    internal_port: int | UnsetType
    internal_port_range: str
    external_port: int | UnsetType
    external_port_range: str
    protocol: str
    description: str


def forwarding_view(forwarding: PortForwarding) -> ForwardingView:
    inside = (forwarding.inside_first, forwarding.inside_last)
    outside = (forwarding.outside_first, forwarding.outside_last)
    return ForwardingView(
        id=forwarding.id,
        internal_port_id=forwarding.internal_port_id,
        internal_ip_address=forwarding.internal_ip_address,
        internal_port=inside[0] if inside[0] == inside[1] else UNSET,
        internal_port_range=f"{inside[0]}:{inside[1]}",
        external_port=outside[0] if outside[0] == outside[1] else UNSET,
        external_port_range=f"{outside[0]}:{outside[1]}",
        protocol=forwarding.protocol,
        description=forwarding.description,
    )
