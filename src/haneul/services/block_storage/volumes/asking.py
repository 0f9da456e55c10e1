"""What a request for a volume asks for: its size, its source, its type."""

import msgspec

from haneul.kernel.errors import BadRequest, NotBuilt, NotFound
from haneul.kernel.http import Call
from haneul.kernel.ids import is_uuid_like
from haneul.kernel.policy import Rule
from haneul.services.block_storage.base_rules import MEMBER
from haneul.services.block_storage.types.models import VolumeType
from haneul.services.block_storage.volumes import choosing_type
from haneul.services.block_storage.volumes.logic import NewVolume, refuse_many
from haneul.services.block_storage.volumes.models import Volume
from haneul.services.block_storage.volumes.schemas import VolumeCreate
from haneul.services.block_storage.volumes.sources import Origin, origin_of, refuse_other_zone, refuse_small
from haneul.services.image import public as images

MULTIATTACH = Rule("volume:multiattach", MEMBER, "Create a volume that several servers may be attached to.")
GIB = 1 << 30
LARGEST_GB = 0x7FFFFFFF
NO_IMAGE = "Invalid image identifier or unable to access requested image."


def understood(call: Call, wanted: VolumeCreate, default_type: str) -> tuple[NewVolume, Volume | None]:
    """The volume that is asked for, and the one that it is to be made of, if it is; BadRequest, NotFound."""
    refuse_unbuilt(wanted)
    given = [name for name in ("snapshot_id", "source_volid", "imageRef", "image_id") if getattr(wanted, name)]
    if len(given) > 1:
        raise BadRequest("May specify only one of snapshot, imageRef or source volume")
    origin = origin_of(call, wanted)
    source = origin.volume if origin else None
    image = _image(call, wanted.imageRef or wanted.image_id)
    size = _size(wanted, origin)
    refuse_small(size, origin)
    _refuse_small(size, image)
    refuse_many(wanted.metadata or {})
    kind = _type(call, wanted, (source, image), default_type)
    choosing_type.refuse_size(kind, size)
    zone = choosing_type.zone_of(call.db, kind, wanted.availability_zone or (source.zone if source else None))
    refuse_other_zone(zone, origin)
    new = NewVolume(
        project_id=call.caller.project_id or "",
        user_id=call.caller.user_id,
        name=_trimmed(wanted.name, wanted.display_name),
        description=_trimmed(wanted.description, wanted.display_description),
        size_gb=size,
        type_id=kind.id,
        zone=zone,
        is_multiattach=kind.is_multiattach,
        is_bootable=image is not None or (source is not None and source.is_bootable),
        source_kind="image" if image else origin.kind if origin else "",
        source_id=image.id if image else origin.id if origin else None,
        source_volume_id=source.id if source else None,
        metadata=dict(wanted.metadata or {}),
        image_metadata=_told_of(image) if image else dict(source.image_metadata) if source else {},
    )
    return new, source


def refuse_unknown(call: Call, body: type[msgspec.Struct]) -> None:
    """BadRequest for a body with fields that nobody knows; they were passed over before 3.53."""
    if not call.at_least("3.53"):
        return
    given = msgspec.json.decode(call.raw_body)["volume"]
    unknown = sorted(set(given) - {field.encode_name for field in msgspec.structs.fields(body)})
    if unknown:
        raise BadRequest(
            "Invalid input for field/attribute volume: Additional properties are not allowed ('{name}' was unexpected)",
            name=unknown[0][:255],
        )


def refuse_unbuilt(wanted: VolumeCreate) -> None:
    """What this cloud can't do yet is refused in words, never passed over."""
    if wanted.multiattach not in (None, False, "false", "False"):
        raise BadRequest(
            "multiattach parameter has been removed. The default behavior is to use multiattach enabled volume types. "
            "Contact your administrator to create a multiattach enabled volume type and use it to create multiattach "
            "volumes."
        )
    if wanted.group_id or wanted.consistencygroup_id:
        raise NotBuilt("haneul does not offer groups of volumes yet.")
    if wanted.backup_id:
        raise NotBuilt("haneul does not offer backups of volumes yet.")


def _trimmed(*given: str | None) -> str | None:
    """The first text that is given, without the blanks around it."""
    return next((text.strip() for text in given if text is not None), None)


def _size(wanted: VolumeCreate, origin: Origin | None) -> int:
    text = wanted.size if wanted.size is not None else (origin.size_gb if origin else None)
    digits = str(text)
    if isinstance(text, bool) or not (digits.isascii() and digits.isdigit()) or not 0 < int(digits) <= LARGEST_GB:
        raise BadRequest(
            "Invalid input received: Invalid volume size provided for create request: {size} (size argument must be an "
            "integer (or string representation of an integer) and greater than zero).",
            size=digits[:64],
        )
    return int(digits)


def _refuse_small(size_gb: int, image: images.Image | None) -> None:
    if image is None:
        return
    least = max(image.min_disk, -(-max(image.size or 0, image.virtual_size or 0) // GIB))
    if size_gb < least:
        raise BadRequest(
            "Invalid input received: Size of specified image {least}GB is larger than volume size {size}GB.",
            size=size_gb,
            least=least,
        )


def _image(call: Call, reference: str | None) -> images.Image | None:
    if not reference:
        return None
    image_id = reference.rpartition("/")[2]
    try:
        if is_uuid_like(image_id):
            return images.bootable(call.db, image_id, call.caller)
    except NotFound:
        raise BadRequest(NO_IMAGE) from None
    raise BadRequest(NO_IMAGE)


def _told_of(image: images.Image) -> dict[str, str]:
    """What a volume keeps of its image, in Glance's words."""
    return {
        **{name: value for name, value in image.properties.items() if not name.startswith("os_glance_")},
        "image_id": image.id,
        "image_name": image.name or "",
        "checksum": image.checksum or "",
        "container_format": image.container_format or "",
        "disk_format": image.disk_format or "",
        "min_disk": str(image.min_disk),
        "min_ram": str(image.min_ram),
        "size": str(image.size or 0),
    }


def _type(
    call: Call, wanted: VolumeCreate, made_of: tuple[Volume | None, images.Image | None], default_type: str
) -> VolumeType:
    source, image = made_of
    wish = choosing_type.Wish(
        asked=wanted.volume_type,
        of_source=source.type_id if source else None,
        of_image=image.properties.get("cinder_img_volume_type") if image else None,
        configured=default_type,
    )
    kind = choosing_type.chosen(call.db, call.caller, wish)
    if kind.is_multiattach:
        call.enforce(call.caller, rule=MULTIATTACH)
    return kind
