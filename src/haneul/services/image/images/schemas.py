from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from haneul.kernel.clock import iso_seconds
from haneul.kernel.errors import BadRequest, Forbidden
from haneul.kernel.schema import UNSET, Count, Meta, OpenBody, Text255, UnsetType, View
from haneul.services.image.images.models import Image

ImageId = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")]
DiskFormat = Literal["ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"]
ContainerFormat = Literal["ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"]
Visibility = Literal["community", "public", "private", "shared"]
STORE = "file"
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
        raise _unfit(name, problem) from None


def text(name: str, value: Any) -> str:
    """A custom property's value; BadRequest unless it is a string."""
    if not isinstance(value, str):
        raise _unfit(name, "Expected `str`")
    return value


def _unfit(name: str, problem: str) -> BadRequest:
    return BadRequest(
        "Provided object does not match schema 'image': {name}: {problem}.", name=name[:LONGEST_NAME], problem=problem
    )


class ImageView(View):
    """What an image shows of itself; its custom properties stand beside these."""

    id: str
    name: str | None
    status: str
    visibility: str
    owner: str | None
    protected: bool
    os_hidden: bool
    disk_format: str | None
    container_format: str | None
    size: int | None
    virtual_size: int | None
    min_disk: int
    min_ram: int
    checksum: str | None
    os_hash_algo: str | None
    os_hash_value: str | None
    created_at: str
    updated_at: str
    tags: list[str]
    self: str
    file: str
    schema: str = "/v2/schemas/image"
    stores: str | UnsetType = UNSET


def view(image: Image) -> dict[str, Any]:
    """The answer's body."""
    row = image.row
    shown = ImageView(
        id=row.id,
        name=row.name,
        status=row.status,
        visibility=row.visibility,
        owner=row.project_id,
        protected=row.protected,
        os_hidden=row.os_hidden,
        disk_format=row.disk_format,
        container_format=row.container_format,
        size=row.size,
        virtual_size=row.virtual_size,
        min_disk=row.min_disk,
        min_ram=row.min_ram,
        checksum=row.checksum,
        os_hash_algo=row.os_hash_algo,
        os_hash_value=row.os_hash_value,
        created_at=iso_seconds(row.created_at),
        updated_at=iso_seconds(row.updated_at),
        tags=image.tags,
        self=f"/v2/images/{row.id}",
        file=f"/v2/images/{row.id}/file",
        stores=STORE if row.size is not None else UNSET,
    )
    return image.properties | msgspec.to_builtins(shown)  # type: ignore[no-any-return]
