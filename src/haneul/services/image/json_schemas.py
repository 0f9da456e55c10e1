"""The JSON schemas that describe images and members to clients (glance: api/v2/images.py, api/v2/image_members.py)."""

from typing import Any, get_args

from haneul.kernel.http import Call, Routes
from haneul.services.image.images.schemas import DELETION_POLICIES, UUID, ContainerFormat, DiskFormat, Visibility
from haneul.services.image.stores.api import ANYONE

routes = Routes()

STATUSES = (
    "queued",
    "saving",
    "active",
    "killed",
    "deleted",
    "uploading",
    "importing",
    "pending_delete",
    "deactivated",
)


def _field(kind: str, description: str, *, null: bool = False, **more: Any) -> dict[str, Any]:
    return {"type": ["null", kind] if null else kind, "description": description, **more}


def _ours(kind: str, description: str, *, null: bool = False, **more: Any) -> dict[str, Any]:
    return _field(kind, description, null=null, readOnly=True, **more)


def _custom(description: str, **more: Any) -> dict[str, Any]:
    """A property that images need not have, and whose meaning is known all the same."""
    return _field("string", description, is_base=False, **more)


CLAIMS = {
    "description": "What is known of the image's bytes. Of an image that is no longer queued, it must be what the "
    "image says already.",
    "type": "object",
    "writeOnly": True,
    "additionalProperties": False,
    "properties": {
        "checksum": {"type": "string", "minLength": 32, "maxLength": 32},
        "os_hash_algo": {"type": "string", "maxLength": 64},
        "os_hash_value": {"type": "string", "maxLength": 128},
    },
    "required": ["os_hash_algo", "os_hash_value"],
}
LOCATION = {
    "type": "object",
    "properties": {
        "url": {"type": "string", "maxLength": 255},
        "metadata": {"type": "object"},
        "validation_data": CLAIMS,
    },
    "required": ["url", "metadata"],
}
CUSTOM_PROPERTIES = {
    "kernel_id": _custom("The image that is the kernel of an AMI-style image", pattern=UUID),
    "ramdisk_id": _custom("The image that is the ramdisk of an AMI-style image", pattern=UUID),
    "instance_uuid": _custom("The server that the image was made of, for the record"),
    "architecture": _custom("The processor architecture that the image runs on"),
    "os_distro": _custom("The common name of the operating system's distribution"),
    "os_version": _custom("The operating system's version, as its distributor says it"),
    "description": _custom("The image in the words of whoever made it"),
    "cinder_encryption_key_id": _custom("The key of the volumes that are made of the image"),
    "cinder_encryption_key_deletion_policy": _custom(
        "When the image's key is deleted; without a word, never", enum=DELETION_POLICIES
    ),
}
IMAGE_PROPERTIES = {
    "id": _field("string", "An identifier for the image", pattern=UUID),
    "name": _field("string", "Descriptive name for the image", null=True, maxLength=255),
    "status": _ours("string", "Status of the image", enum=STATUSES),
    "visibility": _field("string", "Scope of image accessibility", enum=get_args(Visibility)),
    "protected": _field("boolean", "If true, image will not be deletable."),
    "os_hidden": _field("boolean", "If true, image will not appear in default image list response."),
    "checksum": _ours("string", "md5 hash of image contents.", null=True, maxLength=32),
    "os_hash_algo": _ours("string", "Algorithm to calculate the os_hash_value", null=True, maxLength=64),
    "os_hash_value": _ours(
        "string",
        "Hexdigest of the image contents using the algorithm specified by the os_hash_algo",
        null=True,
        maxLength=128,
    ),
    "owner": _field("string", "Owner of the image", null=True, maxLength=255),
    "size": _ours("integer", "Size of image file in bytes", null=True),
    "virtual_size": _ours("integer", "Virtual size of image in bytes", null=True),
    "container_format": _field("string", "Format of the container", null=True, enum=[None, *get_args(ContainerFormat)]),
    "disk_format": _field("string", "Format of the disk", null=True, enum=[None, *get_args(DiskFormat)]),
    "created_at": _ours("string", "Date and time of image registration"),
    "updated_at": _ours("string", "Date and time of the last image modification"),
    "tags": _field("array", "List of strings related to the image", items={"type": "string", "maxLength": 255}),
    "direct_url": _ours("string", "URL to access the image file kept in external store"),
    "min_ram": _field("integer", "Amount of ram (in MB) required to boot image."),
    "min_disk": _field("integer", "Amount of disk space (in GB) required to boot image."),
    "self": _ours("string", "An image self url"),
    "file": _ours("string", "An image file url"),
    "stores": _ours(
        "string",
        "Store in which image data resides.  Only present when the operator has enabled multiple stores.  May be a "
        "comma-separated list of store identifiers.",
    ),
    "schema": _ours("string", "An image schema url"),
    "locations": _field("array", "A set of URLs to access the image file kept in external store", items=LOCATION),
}
IMAGE = {
    "name": "image",
    "properties": IMAGE_PROPERTIES | CUSTOM_PROPERTIES,
    "additionalProperties": {"type": "string"},
    "links": [
        {"rel": "self", "href": "{self}"},
        {"rel": "enclosure", "href": "{file}"},
        {"rel": "describedby", "href": "{schema}"},
    ],
}
DESCRIBED_BY = {"rel": "describedby", "href": "{schema}"}
IMAGES = {
    "name": "images",
    "properties": {
        "images": {"type": "array", "items": IMAGE},
        "first": {"type": "string"},
        "next": {"type": "string"},
        "schema": {"type": "string"},
    },
    "links": [{"rel": "first", "href": "{first}"}, {"rel": "next", "href": "{next}"}, DESCRIBED_BY],
}
MEMBER = {
    "name": "member",
    "properties": {
        "member_id": _field("string", "An identifier for the image member (tenantId)"),
        "image_id": _field("string", "An identifier for the image", pattern=UUID),
        "created_at": _field("string", "Date and time of image member creation"),
        "updated_at": _field("string", "Date and time of last modification of image member"),
        "status": _field("string", "The status of this image member", enum=["pending", "accepted", "rejected"]),
        "schema": {"readOnly": True, "type": "string"},
    },
}
MEMBERS = {
    "name": "members",
    "properties": {"members": {"type": "array", "items": MEMBER}, "schema": {"type": "string"}},
    "links": [DESCRIBED_BY],
}


@routes.get("/v2/schemas/image", rule=ANYONE, quick=True)
def show_image_schema(call: Call) -> dict[str, Any]:
    call.enforce()
    return IMAGE


@routes.get("/v2/schemas/images", rule=ANYONE, quick=True)
def show_images_schema(call: Call) -> dict[str, Any]:
    call.enforce()
    return IMAGES


@routes.get("/v2/schemas/member", rule=ANYONE, quick=True)
def show_member_schema(call: Call) -> dict[str, Any]:
    call.enforce()
    return MEMBER


@routes.get("/v2/schemas/members", rule=ANYONE, quick=True)
def show_members_schema(call: Call) -> dict[str, Any]:
    call.enforce()
    return MEMBERS
