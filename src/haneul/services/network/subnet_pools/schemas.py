from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from haneul.kernel.schema import Count, Name, StrictBody, Text255, View
from haneul.services.network.field_types import Uuid
from haneul.services.network.standard import StandardView, standard_fields
from haneul.services.network.subnet_pools.models import SubnetPool

Prefix = Annotated[str, Meta(max_length=64)]
Prefixes = Annotated[list[Prefix], Meta(max_length=1000)]
Length = Annotated[int, Meta(ge=0, le=128)]


class SubnetPoolChange(StrictBody):
    """What both a new pool and a change of one may say."""

    description: Text255 | UnsetType = UNSET
    min_prefixlen: Length | UnsetType = UNSET
    max_prefixlen: Length | UnsetType = UNSET
    default_prefixlen: Length | UnsetType = UNSET
    default_quota: Count | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET
    address_scope_id: Uuid | None | UnsetType = UNSET


class SubnetPoolCreate(SubnetPoolChange, kw_only=True):
    name: Name
    prefixes: Prefixes
    project_id: Text255 | UnsetType = UNSET
    tenant_id: Text255 | UnsetType = UNSET
    shared: bool = False


class SubnetPoolUpdate(SubnetPoolChange):
    name: Name | UnsetType = UNSET
    prefixes: Prefixes | UnsetType = UNSET


class SubnetPoolCreateBody(StrictBody):
    subnetpool: SubnetPoolCreate | UnsetType = UNSET
    subnetpools: list[SubnetPoolCreate] | UnsetType = UNSET


class PrefixesBody(StrictBody):
    prefixes: Annotated[list[Prefix], Meta(min_length=1, max_length=1000)]


class OnboardBody(StrictBody):
    network_id: Uuid


class SubnetPoolView(StandardView):
    """A pool as Neutron shows it: lengths of prefixes are text."""

    name: str
    ip_version: int
    prefixes: list[str]
    min_prefixlen: str
    max_prefixlen: str
    default_prefixlen: str
    default_quota: int | None
    is_default: bool
    shared: bool
    address_scope_id: str | None


class SubnetPoolCreatedView(View):
    subnetpool: SubnetPoolView | UnsetType = UNSET
    subnetpools: list[SubnetPoolView] | UnsetType = UNSET


class PrefixesView(View):
    prefixes: list[str]


class OnboardedView(View):
    id: str
    cidr: str


def subnet_pool_view(pool: SubnetPool, tags: list[str], *, is_shared: bool) -> SubnetPoolView:
    """A pool as a caller sees it: shared, if it is with him."""
    return SubnetPoolView(
        **standard_fields(pool, tags),
        name=pool.name,
        ip_version=pool.ip_version,
        prefixes=pool.prefixes,
        min_prefixlen=str(pool.min_prefixlen),
        max_prefixlen=str(pool.max_prefixlen),
        default_prefixlen=str(pool.default_prefixlen),
        default_quota=pool.default_quota or None,
        is_default=pool.is_default,
        shared=is_shared,
        address_scope_id=pool.address_scope_id or None,
    )
