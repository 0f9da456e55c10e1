from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

from msgspec import UNSET, Meta, UnsetType, field

from haneul.kernel.schema import Count, StrictBody, Text255, View
from haneul.services.network.field_types import Uuid
from haneul.services.network.standard import StandardView, standard_fields
from haneul.services.network.subnets.models import AllocationPool, Subnet, shown

T = TypeVar("T")
Address = Annotated[str, Meta(max_length=64)]
Few = Annotated[list[T], Meta(max_length=100)]


class PoolWanted(StrictBody):
    start: Address
    end: Address


class RouteWanted(StrictBody):
    destination: Address
    nexthop: Address


class SubnetChange(StrictBody):
    """What both a new subnet and a change of one may say."""

    description: Text255 | UnsetType = UNSET
    gateway_ip: Address | None | UnsetType = UNSET
    allocation_pools: Few[PoolWanted] | UnsetType = UNSET
    dns_nameservers: Few[Address] | None | UnsetType = UNSET
    host_routes: Few[RouteWanted] | None | UnsetType = UNSET
    segment_id: Address | None | UnsetType = UNSET
    service_types: Few[Text255] | UnsetType = UNSET


class SubnetCreate(SubnetChange, kw_only=True):
    network_id: Uuid
    ip_version: int
    name: Text255 = ""
    project_id: Text255 | UnsetType = UNSET
    tenant_id: Text255 | UnsetType = UNSET
    cidr: Address | None | UnsetType = UNSET
    prefixlen: Count | UnsetType = UNSET
    subnetpool_id: Address | None | UnsetType = UNSET
    use_default_subnetpool: bool = False
    enable_dhcp: bool = True
    ipv6_ra_mode: Text255 | None | UnsetType = UNSET
    ipv6_address_mode: Text255 | None | UnsetType = UNSET
    dns_publish_fixed_ip: bool = False


class SubnetUpdate(SubnetChange):
    name: Text255 | UnsetType = UNSET
    enable_dhcp: bool | UnsetType = UNSET
    dns_publish_fixed_ip: bool | UnsetType = UNSET


class SubnetCreateBody(StrictBody):
    subnet: SubnetCreate | UnsetType = UNSET
    subnets: list[SubnetCreate] | UnsetType = UNSET


class PoolView(View):
    start: str
    end: str


class SubnetView(StandardView):
    name: str
    network_id: str
    ip_version: int
    cidr: str
    gateway_ip: str | None
    allocation_pools: list[PoolView]
    dns_nameservers: list[str]
    host_routes: list[dict[str, str]]
    enable_dhcp: bool
    ipv6_ra_mode: str | None
    ipv6_address_mode: str | None
    subnetpool_id: str | None
    segment_id: str | None | UnsetType
    service_types: list[str]
    dns_publish_fixed_ip: bool
    is_external: bool = field(name="router:external")


class SubnetCreatedView(View):
    subnet: SubnetView | UnsetType = UNSET
    subnets: list[SubnetView] | UnsetType = UNSET


class Surroundings(View):
    """What a subnet's view shows that stands in other rows."""

    tags: list[str]
    pools: Sequence[AllocationPool]
    is_external: bool
    hidden: dict[str, Any]


def subnet_view(subnet: Subnet, around: Surroundings) -> SubnetView:
    """A subnet as the caller may see it."""
    return SubnetView(
        **standard_fields(subnet, around.tags),
        **{"segment_id": shown(subnet.segment_id), **around.hidden},
        name=subnet.name,
        network_id=subnet.network_id,
        ip_version=subnet.ip_version,
        cidr=subnet.cidr,
        gateway_ip=shown(subnet.gateway_ip),
        allocation_pools=[PoolView(start=pool.first, end=pool.last) for pool in around.pools],
        dns_nameservers=subnet.dns_nameservers,
        host_routes=subnet.host_routes,
        enable_dhcp=subnet.enable_dhcp,
        ipv6_ra_mode=shown(subnet.ipv6_ra_mode),
        ipv6_address_mode=shown(subnet.ipv6_address_mode),
        subnetpool_id=shown(subnet.subnetpool_id),
        service_types=subnet.service_types,
        dns_publish_fixed_ip=subnet.dns_publish_fixed_ip,
        is_external=around.is_external,
    )
