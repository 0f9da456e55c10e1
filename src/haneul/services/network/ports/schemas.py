from typing import Annotated, Any, TypeVar

from msgspec import UNSET, Meta, UnsetType, field

from haneul.kernel.schema import StrictBody, Text255, View
from haneul.services.network.field_types import Uuid
from haneul.services.network.ports.models import Port
from haneul.services.network.standard import StandardView, standard_fields

T = TypeVar("T")
Address = Annotated[str, Meta(max_length=64)]
Few = Annotated[list[T], Meta(max_length=100)]
"""More than any port has; Neutron's own bounds are asked for by name, with its sentences."""
HostId = field(name="binding:host_id", default=UNSET)
VnicType = field(name="binding:vnic_type", default=UNSET)
Profile = field(name="binding:profile", default=UNSET)


class FixedIpWanted(StrictBody):
    subnet_id: Uuid | UnsetType = UNSET
    ip_address: Address | UnsetType = UNSET


class AddressPairWanted(StrictBody):
    ip_address: Address
    mac_address: Address | UnsetType = UNSET


class DhcpOptionWanted(StrictBody):
    opt_name: Annotated[str, Meta(min_length=1, max_length=64)]
    opt_value: Annotated[str, Meta(max_length=255)] | None
    ip_version: int = 4


class PortChange(StrictBody):
    """What both a new port and a change of one may say."""

    description: Text255 | UnsetType = UNSET
    mac_address: Address | None | UnsetType = UNSET
    fixed_ips: Few[FixedIpWanted] | None | UnsetType = UNSET
    device_id: Text255 | UnsetType = UNSET
    device_owner: Text255 | UnsetType = UNSET
    security_groups: Few[Address] | None | UnsetType = UNSET
    port_security_enabled: bool | UnsetType = UNSET
    allowed_address_pairs: list[AddressPairWanted] | None | UnsetType = UNSET
    extra_dhcp_opts: Few[DhcpOptionWanted] | None | UnsetType = UNSET
    dns_name: Text255 | UnsetType = UNSET
    dns_domain: Text255 | UnsetType = UNSET
    host: Text255 | None | UnsetType = HostId
    vnic_type: Text255 | UnsetType = VnicType
    profile: dict[str, Any] | None | UnsetType = Profile
    qos_policy_id: str | None = None


class PortCreate(PortChange, kw_only=True):
    network_id: Uuid
    name: Text255 = ""
    admin_state_up: bool = True
    project_id: Text255 | UnsetType = UNSET
    tenant_id: Text255 | UnsetType = UNSET
    tags: list[Text255] = []
    propagate_uplink_status: bool | UnsetType = UNSET
    numa_affinity_policy: str | None = None


class PortUpdate(PortChange):
    name: Text255 | UnsetType = UNSET
    admin_state_up: bool | UnsetType = UNSET
    numa_affinity_policy: str | None = None


class PortCreateBody(StrictBody):
    port: PortCreate | UnsetType = UNSET
    ports: list[PortCreate] | UnsetType = UNSET


class FixedIpView(View):
    subnet_id: str
    ip_address: str


class DnsAssignment(View):
    ip_address: str
    hostname: str
    fqdn: str


class PortView(StandardView):
    name: str
    network_id: str
    mac_address: str
    admin_state_up: bool
    status: str
    device_id: str
    device_owner: str
    fixed_ips: list[FixedIpView]
    security_groups: list[str]
    allowed_address_pairs: list[dict[str, str]]
    extra_dhcp_opts: list[dict[str, Any]]
    port_security_enabled: bool
    dns_name: str
    dns_domain: str
    dns_assignment: list[DnsAssignment]
    vnic_type: str = field(name="binding:vnic_type")
    host: str | UnsetType = field(name="binding:host_id")
    vif_type: str | UnsetType = field(name="binding:vif_type")
    vif_details: dict[str, Any] | UnsetType = field(name="binding:vif_details")
    profile: dict[str, Any] | UnsetType = field(name="binding:profile")
    qos_policy_id: None = None
    qos_network_policy_id: None = None
    resource_request: None | UnsetType = None
    ip_allocation: str = "immediate"
    propagate_uplink_status: bool = True


class PortCreatedView(View):
    port: PortView | UnsetType = UNSET
    ports: list[PortView] | UnsetType = UNSET


class Surroundings(View):
    """What a port's view shows that stands in other rows. `domain` ends its names."""

    tags: list[str]
    fixed_ips: list[FixedIpView]
    security_groups: list[str]
    domain: str
    hidden: dict[str, Any]


DETAILS = {"port_filter": True, "connectivity": "l2"}


def port_view(port: Port, around: Surroundings) -> PortView:
    """A port as the caller may see it."""
    binding = {
        "host": port.host,
        "vif_type": port.vif_type,
        "vif_details": DETAILS if port.vif_type == "bridge" else {},
        "profile": port.binding_profile,
        **around.hidden,
    }
    return PortView(
        **standard_fields(port, around.tags),
        **binding,
        name=port.name,
        network_id=port.network_id,
        mac_address=port.mac_address,
        admin_state_up=port.admin_state_up,
        status=port.status,
        device_id=port.device_id,
        device_owner=port.device_owner,
        fixed_ips=around.fixed_ips,
        security_groups=around.security_groups,
        allowed_address_pairs=port.allowed_address_pairs,
        extra_dhcp_opts=port.extra_dhcp_opts,
        port_security_enabled=port.port_security_enabled,
        dns_name=port.dns_name,
        dns_domain=port.dns_domain,
        dns_assignment=[_assignment(port, fixed.ip_address, around.domain) for fixed in around.fixed_ips],
        vnic_type=port.vnic_type,
    )


def _assignment(port: Port, address: str, domain: str) -> DnsAssignment:
    hostname = port.dns_name or "host-" + address.replace(".", "-").replace(":", "-")
    return DnsAssignment(ip_address=address, hostname=hostname, fqdn=f"{hostname}.{domain}.")
