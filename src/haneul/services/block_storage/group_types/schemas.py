from typing import Annotated, Any

from haneul.kernel.schema import UNSET, Meta, Name, StrictBody, Text255, UnsetType, View
from haneul.services.block_storage.group_types.models import GroupType
from haneul.services.block_storage.names import Description, SpecNameWithSpaces, Truth
from haneul.services.block_storage.yes_no import truth


class GroupTypeCreate(StrictBody):
    name: Name
    description: Description = None
    is_public: Truth = True
    group_specs: Annotated[dict[SpecNameWithSpaces, Text255], Meta(max_length=256)] | None = None

    @property
    def publicity(self) -> bool:
        """Whether the type is for everyone; BadRequest."""
        return truth(self.is_public, "is_public")


class GroupTypeUpdate(StrictBody):
    """What is null stays as it is."""

    name: Text255 | None = None
    description: Description = None
    is_public: Truth | None = None

    @property
    def changes(self) -> dict[str, Any]:
        """What is to be changed, by the columns' names; BadRequest."""
        given = {
            "name": self.name,
            "description": self.description,
            "is_public": None if self.is_public is None else truth(self.is_public, "is_public"),
        }
        return {name: value for name, value in given.items() if value is not None}


class GroupTypeView(View):
    id: str
    name: str
    description: str | None
    is_public: bool
    group_specs: dict[str, str | None] | UnsetType = UNSET


class GroupTypesView(View):
    group_types: list[GroupTypeView]
    group_type_links: list[dict[str, str]] | UnsetType = UNSET


def view(one: GroupType, *, has_specs: bool) -> GroupTypeView:
    """The type's body, with its specs if the caller may see them."""
    return GroupTypeView(
        id=one.id,
        name=one.name,
        description=one.description,
        is_public=one.is_public,
        group_specs=one.specs if has_specs else UNSET,
    )
