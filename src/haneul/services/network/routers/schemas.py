from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from haneul.kernel.schema import OpenBody, StrictBody, Text255, View
from haneul.services.network.field_types import Uuid
from haneul.services.network.ports.models import FixedIp
from haneul.services.network.routers.models import Router
from haneul.services.network.standard import StandardView, standard_fields

Address = Annotated[str, Meta(max_length=64)]
Hints = Annotated[list[Text255], Meta(max_length=16)]
Routes = Annotated[list["RouteWanted"], Meta(max_length=1000)]
GatewayIps = Annotated[list["ExternalIpWanted"], Meta(max_length=100)]


class RouteWanted(StrictBody):
    destination: Address
    nexthop: Address


class ExternalIpWanted(StrictBody):
    subnet_id: Uuid | UnsetType = UNSET
    ip_address: Address | UnsetType = UNSET


class GatewayWanted(StrictBody):
    """Where a router's gateway shall be; without any field: nowhere."""

    network_id: Uuid | None | UnsetType = UNSET
    enable_snat: bool | UnsetType = UNSET
    external_fixed_ips: GatewayIps | None | UnsetType = UNSET
    qos_policy_id: str | None = None


class RouterChange(StrictBody):
    """What both a new router and a change of one may say."""

    external_gateway_info: GatewayWanted | None | UnsetType = UNSET
    distributed: bool | None | UnsetType = UNSET
    ha: bool | None | UnsetType = UNSET
    enable_ndp_proxy: bool | None | UnsetType = UNSET


class RouterCreate(RouterChange):
    name: Text255 = ""
    description: Text255 = ""
    project_id: Text255 | UnsetType = UNSET
    tenant_id: Text255 | UnsetType = UNSET
    admin_state_up: bool = True
    availability_zone_hints: Hints = []
    flavor_id: str | None = None


class RouterUpdate(RouterChange):
    name: Text255 | UnsetType = UNSET
    description: Text255 | UnsetType = UNSET
    admin_state_up: bool | UnsetType = UNSET
    routes: Routes | None | UnsetType = UNSET


class RouterCreateBody(StrictBody):
    router: RouterCreate | UnsetType = UNSET
    routers: list[RouterCreate] | UnsetType = UNSET


class ExtraRoutes(StrictBody):
    routes: Routes


class InterfaceWanted(OpenBody):
    """A router's leg, by the subnet that it is on or by its port."""

    subnet_id: Address | UnsetType = UNSET
    port_id: Address | UnsetType = UNSET


class InterfaceView(View):
    """What a change of a router's legs is answered with."""

    id: str
    tenant_id: str
    project_id: str
    port_id: str
    network_id: str
    subnet_id: str
    subnet_ids: list[str]


class ExternalIpView(View):
    subnet_id: str
    ip_address: str


class GatewayView(View):
    network_id: str
    external_fixed_ips: list[ExternalIpView]
    enable_snat: bool


class RouterView(StandardView):
    name: str
    admin_state_up: bool
    external_gateway_info: GatewayView | None
    routes: list[dict[str, str]]
    availability_zone_hints: list[str]
    availability_zones: list[str]
    distributed: bool | UnsetType = False
    ha: bool | UnsetType = False
    status: str = "ACTIVE"
    enable_ndp_proxy: bool = False
    flavor_id: None = None


class RouterCreatedView(View):
    router: RouterView | UnsetType = UNSET
    routers: list[RouterView] | UnsetType = UNSET


class Surroundings(View):
    """What a router's view shows that stands in other rows: `gateway` are its external addresses."""

    tags: list[str]
    zones: list[str]
    gateway: Sequence[FixedIp]
    hidden: dict[str, Any]


def router_view(router: Router, around: Surroundings) -> RouterView:
    """A router as the caller may see it."""
    return RouterView(
        **standard_fields(router, around.tags),
        **around.hidden,
        name=router.name,
        admin_state_up=router.admin_state_up,
        external_gateway_info=_gateway(router, around.gateway) if router.gateway_network_id else None,
        routes=router.routes,
        availability_zone_hints=router.availability_zone_hints,
        availability_zones=around.zones,
    )


def _gateway(router: Router, held: Sequence[FixedIp]) -> GatewayView:
    return GatewayView(
        network_id=router.gateway_network_id,
        external_fixed_ips=[ExternalIpView(subnet_id=fixed.subnet_id, ip_address=fixed.address) for fixed in held],
        enable_snat=router.enable_snat,
    )
