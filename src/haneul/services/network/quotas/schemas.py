from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from haneul.kernel.schema import StrictBody, View

Most = Annotated[int, Meta(ge=-1, le=0x7FFFFFFF)]


class QuotaUpdate(StrictBody):
    """New limits; `force` sets even those that the project exceeds already."""

    network: Most | UnsetType = UNSET
    subnet: Most | UnsetType = UNSET
    subnetpool: Most | UnsetType = UNSET
    port: Most | UnsetType = UNSET
    router: Most | UnsetType = UNSET
    floatingip: Most | UnsetType = UNSET
    security_group: Most | UnsetType = UNSET
    security_group_rule: Most | UnsetType = UNSET
    rbac_policy: Most | UnsetType = UNSET
    force: bool = False
    check_limit: bool = True


class QuotaView(View):
    network: int
    subnet: int
    subnetpool: int
    port: int
    router: int
    floatingip: int
    security_group: int
    security_group_rule: int
    rbac_policy: int


class ProjectQuotaView(QuotaView):
    project_id: str
    tenant_id: str


class Figures(View):
    """A limit and what is used of it; what is reserved is never more than a request's own."""

    limit: int
    used: int
    reserved: int = 0


class QuotaDetailsView(View):
    network: Figures
    subnet: Figures
    subnetpool: Figures
    port: Figures
    router: Figures
    floatingip: Figures
    security_group: Figures
    security_group_rule: Figures
    rbac_policy: Figures
