from collections.abc import Collection
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType, field

from haneul.kernel.schema import StrictBody, Text255, View
from haneul.services.network.networks.models import Network
from haneul.services.network.standard import StandardView, standard_fields

Hints = Annotated[list[Text255], Meta(max_length=16)]
Mtu = Annotated[int, Meta(ge=0, le=65535)]
SegmentationId = Annotated[int, Meta(ge=0, le=0x7FFFFFFF)]
ProviderType = field(name="provider:network_type", default=UNSET)
PhysicalNetwork = field(name="provider:physical_network", default=UNSET)
ProviderSegment = field(name="provider:segmentation_id", default=UNSET)
IsExternal = field(name="router:external", default=UNSET)


class NetworkCreate(StrictBody):
    name: Text255 = ""
    description: Text255 = ""
    project_id: Text255 | UnsetType = UNSET
    tenant_id: Text255 | UnsetType = UNSET
    admin_state_up: bool = True
    shared: bool | UnsetType = UNSET
    is_external: bool | UnsetType = IsExternal
    is_default: bool | UnsetType = UNSET
    network_type: Text255 | None | UnsetType = ProviderType
    physical_network: Text255 | None | UnsetType = PhysicalNetwork
    segmentation_id: SegmentationId | None | UnsetType = ProviderSegment
    segments: list[dict[str, Any]] | UnsetType = UNSET
    mtu: Mtu | UnsetType = UNSET
    port_security_enabled: bool = True
    dns_domain: Text255 = ""
    availability_zone_hints: Hints = []
    qos_policy_id: str | None = None
    vlan_transparent: bool | None = None


class NetworkUpdate(StrictBody):
    name: Text255 | UnsetType = UNSET
    description: Text255 | UnsetType = UNSET
    admin_state_up: bool | UnsetType = UNSET
    shared: bool | UnsetType = UNSET
    is_external: bool | UnsetType = IsExternal
    is_default: bool | UnsetType = UNSET
    network_type: Text255 | None | UnsetType = ProviderType
    physical_network: Text255 | None | UnsetType = PhysicalNetwork
    segmentation_id: SegmentationId | None | UnsetType = ProviderSegment
    segments: list[dict[str, Any]] | UnsetType = UNSET
    mtu: Mtu | UnsetType = UNSET
    port_security_enabled: bool | UnsetType = UNSET
    dns_domain: Text255 | UnsetType = UNSET
    qos_policy_id: str | None = None


class NetworkCreateBody(StrictBody):
    network: NetworkCreate | UnsetType = UNSET
    networks: list[NetworkCreate] | UnsetType = UNSET


class NetworkView(StandardView):
    name: str
    admin_state_up: bool
    status: str
    shared: bool
    is_external: bool = field(name="router:external")
    is_default: bool | UnsetType
    mtu: int
    subnets: list[str]
    network_type: str | UnsetType = field(name="provider:network_type")
    physical_network: str | None | UnsetType = field(name="provider:physical_network")
    segmentation_id: int | None | UnsetType = field(name="provider:segmentation_id")
    port_security_enabled: bool
    dns_domain: str
    availability_zone_hints: list[str]
    availability_zones: list[str]
    ipv4_address_scope: str | None
    ipv6_address_scope: str | None
    vlan_transparent: None = None
    qos_policy_id: None = None
    l2_adjacency: bool = True


class NetworkCreatedView(View):
    network: NetworkView | UnsetType = UNSET
    networks: list[NetworkView] | UnsetType = UNSET


class Surroundings(View):
    """What a network's view shows that stands in other rows."""

    tags: list[str]
    subnets: list[str]
    is_shared: bool
    zones: Collection[str]
    scopes: tuple[str | None, str | None]
    hidden: dict[str, Any]


def network_view(network: Network, around: Surroundings) -> NetworkView:
    """A network as the caller may see it."""
    shown = {
        "network_type": network.network_type,
        "physical_network": network.physical_network or None,
        "segmentation_id": network.segmentation_id or None,
        **around.hidden,
    }
    return NetworkView(
        **standard_fields(network, around.tags),
        **shown,
        name=network.name,
        admin_state_up=network.admin_state_up,
        status="ACTIVE",
        shared=around.is_shared,
        is_external=network.is_external,
        is_default=network.is_default if network.is_external else UNSET,
        mtu=network.mtu,
        subnets=around.subnets,
        port_security_enabled=network.port_security_enabled,
        dns_domain=network.dns_domain,
        availability_zone_hints=network.availability_zone_hints,
        availability_zones=sorted(around.zones),
        ipv4_address_scope=around.scopes[0],
        ipv6_address_scope=around.scopes[1],
    )
