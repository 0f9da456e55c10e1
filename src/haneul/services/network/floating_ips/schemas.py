from collections.abc import Sequence
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from haneul.kernel.schema import StrictBody, Text255, View
from haneul.services.network.field_types import Uuid
from haneul.services.network.floating_ips.models import FloatingIp
from haneul.services.network.port_forwardings.models import PortForwarding
from haneul.services.network.ports.models import Port
from haneul.services.network.standard import StandardView, standard_fields

Address = Annotated[str, Meta(max_length=64)]
DnsName = Annotated[str, Meta(max_length=255)]


class FloatingIpCreate(StrictBody):
    floating_network_id: Uuid
    subnet_id: Uuid | None = None
    floating_ip_address: Address | None = None
    port_id: Uuid | None = None
    fixed_ip_address: Address | None = None
    description: Text255 = ""
    project_id: Text255 | UnsetType = UNSET
    tenant_id: Text255 | UnsetType = UNSET
    dns_name: DnsName | None = None
    dns_domain: DnsName | None = None
    qos_policy_id: str | None = None


class FloatingIpUpdate(StrictBody):
    port_id: Uuid | None | UnsetType = UNSET
    fixed_ip_address: Address | None | UnsetType = UNSET
    description: Text255 | UnsetType = UNSET
    qos_policy_id: str | None = None


class FloatingIpCreateBody(StrictBody):
    floatingip: FloatingIpCreate | UnsetType = UNSET
    floatingips: list[FloatingIpCreate] | UnsetType = UNSET


class PortDetails(View):
    name: str
    network_id: str
    mac_address: str
    admin_state_up: bool
    status: str
    device_id: str
    device_owner: str


class ForwardingInside(View):
    """A port forwarding as its floating IP shows it."""

    id: str
    protocol: str
    internal_port_id: str
    internal_ip_address: str
    internal_port: int | UnsetType
    external_port: int | UnsetType


class FloatingIpView(StandardView):
    floating_ip_address: str
    floating_network_id: str
    router_id: str | None
    port_id: str | None
    fixed_ip_address: str | None
    status: str
    port_details: PortDetails | None
    port_forwardings: list[ForwardingInside]
    dns_name: str
    dns_domain: str
    qos_policy_id: None = None
    qos_network_policy_id: None = None


class FloatingIpCreatedView(View):
    floatingip: FloatingIpView | UnsetType = UNSET
    floatingips: list[FloatingIpView] | UnsetType = UNSET


class PoolView(View):
    """An IPv4 subnet that floating IPs come from, as the caller's project sees it."""

    subnet_id: str
    subnet_name: str
    network_id: str
    cidr: str
    project_id: str
    tenant_id: str


def floating_ip_view(
    floating: FloatingIp, tags: list[str], port: Port | None, forwardings: Sequence[PortForwarding]
) -> FloatingIpView:
    """A floating IP with the port that it stands for, if any, and the ports that it forwards."""
    return FloatingIpView(
        **standard_fields(floating, tags),
        floating_ip_address=floating.floating_ip_address,
        floating_network_id=floating.floating_network_id,
        router_id=floating.router_id or None,
        port_id=floating.fixed_port_id,
        fixed_ip_address=floating.fixed_ip_address,
        status=floating.status,
        port_details=_details(port) if port is not None else None,
        port_forwardings=[_inside(forwarding) for forwarding in forwardings],
        dns_name=floating.dns_name,
        dns_domain=floating.dns_domain,
    )


def _details(port: Port) -> PortDetails:
    return PortDetails(
        name=port.name,
        network_id=port.network_id,
        mac_address=port.mac_address,
        admin_state_up=port.admin_state_up,
        status=port.status,
        device_id=port.device_id,
        device_owner=port.device_owner,
    )


def _inside(forwarding: PortForwarding) -> ForwardingInside:
    return ForwardingInside(
        id=forwarding.id,
        protocol=forwarding.protocol,
        internal_port_id=forwarding.internal_port_id,
        internal_ip_address=forwarding.internal_ip_address,
        internal_port=forwarding.inside_first if forwarding.inside_first == forwarding.inside_last else UNSET,
        external_port=forwarding.outside_first if forwarding.outside_first == forwarding.outside_last else UNSET,
    )
