"""What a request for a volume asks for: its size, its source, its type."""

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, NotBuilt, NotFound
from haneul.kernel.http import Call
from haneul.kernel.ids import is_uuid_like
from haneul.services.block_storage.services.logic import ZONE, backends
from haneul.services.block_storage.types import logic as types
from haneul.services.block_storage.types.models import VolumeType
from haneul.services.block_storage.volumes.logic import NewVolume, get_visible
from haneul.services.block_storage.volumes.models import Volume
from haneul.services.block_storage.volumes.schemas import VolumeCreate
from haneul.services.image import public as images

GIB = 1 << 30
LARGEST_GB = 0x7FFFFFFF
NO_IMAGE = "Invalid image identifier or unable to access requested image."


def understood(call: Call, wanted: VolumeCreate, default_type: str) -> tuple[NewVolume, Volume | None]:
    """The volume that is asked for, and the one that it is to be made of, if it is; BadRequest, NotFound."""
    refuse_unbuilt(wanted)
    given = [name for name in ("snapshot_id", "source_volid", "imageRef", "image_id") if getattr(wanted, name)]
    if len(given) > 1:
        raise BadRequest("May specify only one of snapshot, imageRef or source volume")
    source = get_visible(call.db, wanted.source_volid, call.caller) if wanted.source_volid else None
    image = _image(call, wanted.imageRef or wanted.image_id)
    if source is not None and source.status not in ("available", "in-use"):
        raise BadRequest("Invalid volume: Volume {id} is not available to be cloned.", id=source.id)
    size = _size(wanted, source)
    _refuse_small(size, source, image)
    new = NewVolume(
        project_id=call.caller.project_id or "",
        user_id=call.caller.user_id,
        name=(wanted.name or wanted.display_name or "").strip() or wanted.name,
        description=wanted.description if wanted.description is not None else wanted.display_description,
        size_gb=size,
        type_id=_type(call.db, wanted, source, default_type).id,
        zone=_zone(call.db, wanted, source),
        is_bootable=image is not None or (source is not None and source.is_bootable),
        source_kind="image" if image else "volume" if source else "",
        source_id=image.id if image else source.id if source else None,
        metadata=dict(wanted.metadata or {}),
        image_metadata=_told_of(image) if image else dict(source.image_metadata) if source else {},
    )
    return new, source


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
    if wanted.snapshot_id:
        raise NotBuilt("haneul does not make volumes of snapshots yet.")


def _size(wanted: VolumeCreate, source: Volume | None) -> int:
    text = wanted.size if wanted.size is not None else (source.size_gb if source else None)
    digits = str(text)
    if isinstance(text, bool) or not (digits.isascii() and digits.isdigit()) or not 0 < int(digits) <= LARGEST_GB:
        raise BadRequest(
            "Invalid volume size provided for create request: {size} (size argument must be an integer (or string "
            "representation of an integer) and greater than zero).",
            size=digits[:64],
        )
    return int(digits)


def _refuse_small(size_gb: int, source: Volume | None, image: images.Image | None) -> None:
    if source is not None and size_gb < source.size_gb:
        raise BadRequest(
            "Invalid input received: Volume size '{size}'GB cannot be smaller than original volume size {least}GB. "
            "They must be >= original volume size.",
            size=size_gb,
            least=source.size_gb,
        )
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


def _type(db: Db, wanted: VolumeCreate, source: Volume | None, default_type: str) -> VolumeType:
    if wanted.volume_type:
        return types.find(db, wanted.volume_type)
    return types.get(db, source.type_id) if source else types.find(db, default_type)


def _zone(db: Db, wanted: VolumeCreate, source: Volume | None) -> str:
    zone = wanted.availability_zone or (source.zone if source else ZONE)
    if zone not in {ZONE, *(one.zone for one in backends(db))}:
        raise BadRequest("Invalid input received: Availability zone '{zone}' is invalid.", zone=zone)
    return zone
