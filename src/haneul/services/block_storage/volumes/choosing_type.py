"""Which type a volume gets, and what the type asks of the volume."""

import msgspec

from haneul.kernel.auth import Caller
from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest
from haneul.services.block_storage.default_types import logic as default_types
from haneul.services.block_storage.services.logic import ZONE, backends
from haneul.services.block_storage.type_encryptions.logic import refuse_encrypted
from haneul.services.block_storage.types import logic as types
from haneul.services.block_storage.types.models import VolumeType
from haneul.services.block_storage.types.queries import ZONES

SMALLEST, LARGEST = "provisioning:min_vol_size", "provisioning:max_vol_size"


class Wish(msgspec.Struct, frozen=True):
    """What a request says of its volume's type: `asked` and `of_image` are names or ids, `of_source` is the type of the
    volume that it is to be made of, `configured` the name of the type of all others."""

    asked: str | None
    of_source: str | None
    of_image: str | None
    configured: str


def chosen(db: Db, caller: Caller, wish: Wish) -> VolumeType:
    """The type that is asked for, or the source's, or the image's, or the project's, or the configured one.

    NotFound for one that the caller may not use, BadRequest for one that does not go with the source's, NotBuilt for
    one whose volumes are encrypted.
    """
    if wish.asked or wish.of_source or wish.of_image:
        kind = types.visible(db, _named(db, wish), caller)
    else:
        kind = default_types.chosen(db, caller, wish.configured)
    if wish.of_source not in (None, kind.id):
        _refuse_apart(db, types.get(db, wish.of_source), kind)
    refuse_encrypted(db, kind)
    return kind


def _named(db: Db, wish: Wish) -> VolumeType:
    return types.find(db, wish.asked or wish.of_source or wish.of_image or "")


def _refuse_apart(db: Db, old: VolumeType, new: VolumeType) -> None:
    """A copy lies where its source does: its type has to name the same back end, where there are several."""
    backend = old.specs.get("volume_backend_name")
    if len(backends(db)) > 1 and not (backend and backend == new.specs.get("volume_backend_name")):
        raise BadRequest(
            "Invalid input received: Invalid volume_type provided: {id} (requested type is not compatible; either "
            "match source volume, or omit type argument).",
            id=new.id,
        )


def refuse_size(kind: VolumeType, size_gb: int) -> None:
    """BadRequest for a size that the type's volumes can't have."""
    least, most = _bound(kind, SMALLEST), _bound(kind, LARGEST)
    if least is not None and size_gb < least:
        raise BadRequest(
            "Invalid input received: Specified volume size of '{size}' is less than the minimum required size of "
            "'{least}' for volume type '{name}'.",
            size=size_gb,
            least=least,
            name=kind.name,
        )
    if most is not None and size_gb > most:
        raise BadRequest(
            "Invalid input received: Specified volume size of '{size}' is greater than the maximum allowable size of "
            "'{most}' for volume type '{name}'.",
            size=size_gb,
            most=most,
            name=kind.name,
        )


def _bound(kind: VolumeType, name: str) -> int | None:
    text = (kind.specs.get(name) or "").strip()
    return int(text) if text.isascii() and text.isdigit() else None


def zone_of(db: Db, kind: VolumeType, wanted: str | None) -> str:
    """The zone that is wanted, or the usual one, or the first of the type's; BadRequest if there is none such."""
    known = {ZONE, *(one.zone for one in backends(db))}
    named = [zone.strip() for zone in (kind.specs.get(ZONES) or "").split(",") if zone.strip()]
    if not named:
        named = [ZONE] if wanted is None else [wanted]
    elif not known & set(named):
        zones = ", ".join(named)
        raise BadRequest("Volume type is only supported in these availability zones: {zones}", zones=zones)
    fitting = [zone for zone in named if zone in known and wanted in (None, zone)]
    if not fitting:
        raise BadRequest("Availability zone '{zone}' is invalid.", zone=wanted)
    return fitting[0]
