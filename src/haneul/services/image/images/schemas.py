import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from haneul.kernel.errors import BadRequest, Forbidden
from haneul.kernel.schema import UNSET, Count, Meta, OpenBody, Text255, UnsetType

ImageId = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")]
DiskFormat = Literal["ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"]
ContainerFormat = Literal["ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"]
Visibility = Literal["community", "public", "private", "shared"]
MOST_PROPERTIES = 128
MOST_TAGS = 128
READ_ONLY = frozenset(
    (
        "created_at",
        "updated_at",
        "status",
        "checksum",
        "size",
        "virtual_size",
        "direct_url",
        "self",
        "file",
        "schema",
        "stores",
        "os_hash_algo",
        "os_hash_value",
    )
)
RESERVED = frozenset(("location", "locations", "deleted", "deleted_at"))
RESERVED_PREFIX = "os_glance"
LONGEST_NAME = 255
UUID = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"
DELETION_POLICIES = ("on_image_deletion", "do_not_delete")
# Custom properties whose values are not any text (glance: etc/schema-image.json).
KNOWN_VALUES = {
    "kernel_id": re.compile(UUID.removesuffix("$") + r"\Z"),
    "ramdisk_id": re.compile(UUID.removesuffix("$") + r"\Z"),
    "cinder_encryption_key_deletion_policy": re.compile("|".join(DELETION_POLICIES)),
}


class ImageFields(OpenBody):
    """What a client may say of an image; every other key is a custom property."""

    id: ImageId | UnsetType = UNSET
    name: Text255 | None | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET
    owner: Text255 | None | UnsetType = UNSET
    protected: bool | UnsetType = UNSET
    os_hidden: bool | UnsetType = UNSET
    disk_format: DiskFormat | None | UnsetType = UNSET
    container_format: ContainerFormat | None | UnsetType = UNSET
    min_disk: Count | UnsetType = UNSET
    min_ram: Count | UnsetType = UNSET
    tags: list[Text255] | UnsetType = UNSET


FIELDS = frozenset(ImageFields.__struct_fields__)


class ImageCreate(msgspec.Struct, frozen=True):
    """A new image as asked for; `project_id` is its owner."""

    fields: ImageFields
    properties: dict[str, str]
    project_id: str | None


def image_create(body: Mapping[str, Any], project_id: str | None) -> ImageCreate:
    """The body of a create; BadRequest for wrong values, Forbidden for what clients may not set."""
    for name in body:
        refuse_name(name)
    wanted = fields_in({name: value for name, value in body.items() if name in FIELDS})
    custom = {name: text(name, value) for name, value in body.items() if name not in FIELDS}
    return ImageCreate(wanted, custom, project_id if wanted.owner is UNSET else wanted.owner)


def refuse_name(name: str) -> None:
    """Forbidden for attributes that are ours to set, BadRequest for names too long to keep."""
    if name in READ_ONLY:
        raise Forbidden("Attribute '{name}' is read-only.", name=name)
    if name in RESERVED or name.startswith(RESERVED_PREFIX):
        raise Forbidden("Attribute '{name}' is reserved.", name=name)
    if len(name) > LONGEST_NAME:
        raise BadRequest("Custom property should not be greater than 255 characters.")


def fields_in(values: Mapping[str, Any]) -> ImageFields:
    """These attributes, checked; BadRequest in the words of Glance's schema check."""
    try:
        return msgspec.convert(values, ImageFields)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at ")
        name = place.strip("`").removeprefix("$.")
        raise unfit(name, problem) from None


def text(name: str, value: Any) -> str:
    """A custom property's value; BadRequest unless it is a string, and for some properties one of a kind."""
    if not isinstance(value, str):
        raise unfit(name, "Expected `str`")
    known = KNOWN_VALUES.get(name)
    if known is not None and not known.fullmatch(value):
        raise unfit(name, f"Expected `str` matching regex '{known.pattern}'")
    return value


def unfit(name: str, problem: str) -> BadRequest:
    """What is said of an attribute that is not as Glance's schema wants it."""
    return BadRequest(
        "Provided object does not match schema 'image': {name}: {problem}.", name=name[:LONGEST_NAME], problem=problem
    )
