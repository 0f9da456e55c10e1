from msgspec import UNSET, UnsetType

from haneul.kernel.schema import StrictBody, Text255, View
from haneul.services.network.address_scopes.models import AddressScope


class AddressScopeCreate(StrictBody):
    ip_version: int
    name: Text255 = ""
    shared: bool = False
    project_id: Text255 | UnsetType = UNSET
    tenant_id: Text255 | UnsetType = UNSET


class AddressScopeUpdate(StrictBody):
    name: Text255 | UnsetType = UNSET
    shared: bool | UnsetType = UNSET


class AddressScopeCreateBody(StrictBody):
    address_scope: AddressScopeCreate | UnsetType = UNSET
    address_scopes: list[AddressScopeCreate] | UnsetType = UNSET


class AddressScopeView(View):
    id: str
    name: str
    project_id: str
    tenant_id: str
    ip_version: int
    shared: bool


class AddressScopeCreatedView(View):
    address_scope: AddressScopeView | UnsetType = UNSET
    address_scopes: list[AddressScopeView] | UnsetType = UNSET


def address_scope_view(scope: AddressScope, *, is_shared: bool) -> AddressScopeView:
    """A scope as a caller sees it: shared, if it is with him. Neutron shows neither its tags nor when it came."""
    return AddressScopeView(
        id=scope.id,
        name=scope.name,
        project_id=scope.project_id,
        tenant_id=scope.project_id,
        ip_version=scope.ip_version,
        shared=is_shared,
    )
