from msgspec import UNSET, UnsetType

from haneul.kernel.schema import StrictBody, Text255, View
from haneul.services.network.address_groups.models import AddressGroup


class AddressGroupCreate(StrictBody):
    name: Text255 = ""
    description: Text255 = ""
    project_id: Text255 | UnsetType = UNSET
    tenant_id: Text255 | UnsetType = UNSET
    addresses: list[Text255] | None = None


class AddressGroupUpdate(StrictBody):
    name: Text255 | UnsetType = UNSET
    description: Text255 | UnsetType = UNSET


class AddressGroupCreateBody(StrictBody):
    address_group: AddressGroupCreate | UnsetType = UNSET
    address_groups: list[AddressGroupCreate] | UnsetType = UNSET


class Addresses(StrictBody):
    addresses: list[Text255]


class AddressGroupView(View):
    """What Neutron shows of one, which is less than of most resources."""

    id: str
    name: str
    description: str
    project_id: str
    tenant_id: str
    addresses: list[str]


class AddressGroupCreatedView(View):
    address_group: AddressGroupView | UnsetType = UNSET
    address_groups: list[AddressGroupView] | UnsetType = UNSET


def address_group_view(group: AddressGroup, addresses: list[str]) -> AddressGroupView:
    """An address group as the API shows it."""
    return AddressGroupView(
        id=group.id,
        name=group.name,
        description=group.description,
        project_id=group.project_id,
        tenant_id=group.project_id,
        addresses=addresses,
    )
