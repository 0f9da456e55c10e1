"""What a namespace can hold, as clients and files say it: checked, and with nothing in it that Glance doesn't know."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from haneul.kernel.errors import Forbidden
from haneul.kernel.schema import UNSET, Meta, UnsetType
from haneul.services.image.metadefs.fitting import unfit

Text80 = Annotated[str, Meta(max_length=80)]
Words = list[str | None]
LARGEST = 2**62
Whole = Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]
Number = Whole | Annotated[float, Meta(ge=-LARGEST, le=LARGEST)]


class ItemType(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a property of many values holds."""

    type: str
    enum: Words | UnsetType = UNSET


class PropertyDefinition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of a property (glance: api/v2/model/metadef_property_type.py)."""

    type: str
    title: str
    name: Text80 | UnsetType = UNSET
    description: str | UnsetType = UNSET
    operators: list[str] | UnsetType = UNSET
    default: Any = UNSET
    readonly: bool | UnsetType = UNSET
    minimum: Number | UnsetType = UNSET
    maximum: Number | UnsetType = UNSET
    enum: Words | UnsetType = UNSET
    pattern: str | UnsetType = UNSET
    minLength: Whole | UnsetType = UNSET
    maxLength: Whole | UnsetType = UNSET
    confidential: bool | UnsetType = UNSET
    items: ItemType | UnsetType = UNSET
    uniqueItems: bool | UnsetType = UNSET
    minItems: Whole | UnsetType = UNSET
    maxItems: Whole | UnsetType = UNSET
    additionalItems: bool | UnsetType = UNSET


class ObjectDefinition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An object; what an answer of ours says beside it is passed over."""

    name: Text80
    description: str | UnsetType = UNSET
    required: list[str] | UnsetType = UNSET
    properties: dict[str, PropertyDefinition] | UnsetType = UNSET
    created_at: Any = UNSET
    updated_at: Any = UNSET
    self: Any = UNSET
    schema: Any = UNSET


class TagDefinition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Text80
    created_at: Any = UNSET
    updated_at: Any = UNSET


class AssociationDefinition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Text80
    prefix: Text80 | None | UnsetType = UNSET
    properties_target: Text80 | None | UnsetType = UNSET
    created_at: Any = UNSET
    updated_at: Any = UNSET


class NamespaceDefinition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A namespace with all that it holds, as a body or a file has it."""

    namespace: Text80
    display_name: Text80 | None | UnsetType = UNSET
    description: str | None | UnsetType = UNSET
    visibility: str | None | UnsetType = UNSET
    protected: bool | None | UnsetType = UNSET
    owner: str | None | UnsetType = UNSET
    resource_type_associations: list[AssociationDefinition] = []
    properties: dict[Text80, PropertyDefinition] = {}
    objects: list[ObjectDefinition] = []
    tags: list[TagDefinition] = []


def refuse_ours(body: Mapping[str, Any], *names: str) -> None:
    """Forbidden for what clients may not set."""
    for name in names:
        if name in body:
            raise Forbidden("Attribute '{name}' is read-only.", name=name)


def property_fields(definition: PropertyDefinition) -> dict[str, Any]:
    """The definition as it is kept and shown: whole bounds, and a default that is always text."""
    found: dict[str, Any] = msgspec.to_builtins(definition)
    for name in ("minimum", "maximum"):
        if name in found:
            found[name] = int(found[name])
    if "default" in found:
        found["default"] = _text_of(found["default"])
    return found


def _text_of(default: Any) -> str | None:
    """Glance keeps defaults as text, and nothing of what has parts."""
    return None if default is None or isinstance(default, dict | list) else str(default)


def properties_by_name(given: Mapping[str, PropertyDefinition] | UnsetType) -> dict[str, dict[str, Any]]:
    return {} if given is UNSET else {name: property_fields(one) for name, one in given.items()}


def converted(schema: str, value: Any, kind: type[msgspec.Struct]) -> Any:
    """The value as this struct; BadRequest in the words of the schema check."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at ")
        raise unfit(schema, f"{problem} (at {place.strip('`').removeprefix('$.')[:120] or schema})") from None
