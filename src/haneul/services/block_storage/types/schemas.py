from typing import Any

import msgspec

from haneul.kernel.schema import UNSET, Name, StrictBody, UnsetType, View
from haneul.services.block_storage.names import Description, SpecsWithSpaces, Truth
from haneul.services.block_storage.types.models import VolumeType
from haneul.services.block_storage.yes_no import truth

VISIBLE_TO_ALL = ("RESKEY:availability_zones", "multiattach", "replication_enabled")
"""The specs of a type that who may use it may see."""


class TypeCreate(StrictBody):
    name: Name
    description: Description = None
    extra_specs: SpecsWithSpaces = {}
    is_public: Truth = msgspec.field(default=True, name="os-volume-type-access:is_public")

    @property
    def publicity(self) -> bool:
        """Whether the type is for everyone; BadRequest."""
        return truth(self.is_public, "is_public")


class TypeUpdate(StrictBody):
    """What is null stays as it is. openstacksdk says `is_public` under its name in the create call."""

    name: Name | None = None
    description: Description = None
    is_public: Truth | None = None
    access: Truth | None = msgspec.field(default=None, name="os-volume-type-access:is_public")

    @property
    def changes(self) -> dict[str, Any]:
        """What is to be changed, by the columns' names; BadRequest."""
        word = self.access if self.is_public is None else self.is_public
        given = {
            "name": self.name,
            "description": self.description,
            "is_public": None if word is None else truth(word, "is_public"),
        }
        return {name: value for name, value in given.items() if value is not None}


class Seen(msgspec.Struct, frozen=True):
    """What the caller may see of types beside their names."""

    has_specs: bool
    has_all_specs: bool
    has_qos: bool
    has_access: bool


class TypeView(View):
    id: str
    name: str
    is_public: bool
    description: str | None
    extra_specs: dict[str, str | None] | UnsetType = UNSET
    qos_specs_id: str | None | UnsetType = UNSET
    access: bool | UnsetType = msgspec.field(default=UNSET, name="os-volume-type-access:is_public")


class TypesView(View):
    volume_types: list[TypeView]
    volume_type_links: list[dict[str, str]] | UnsetType = UNSET


def specs_seen(kind: VolumeType, *, sees_all: bool) -> dict[str, str | None]:
    """The type's specs, or those that everyone may see."""
    return {name: value for name, value in kind.specs.items() if sees_all or name in VISIBLE_TO_ALL}


def view(kind: VolumeType, seen: Seen) -> TypeView:
    """The type's body."""
    return TypeView(
        id=kind.id,
        name=kind.name,
        is_public=kind.is_public,
        description=kind.description,
        extra_specs=specs_seen(kind, sees_all=seen.has_all_specs) if seen.has_specs else UNSET,
        qos_specs_id=kind.qos_specs_id if seen.has_qos else UNSET,
        access=kind.is_public if seen.has_access else UNSET,
    )
