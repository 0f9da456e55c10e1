from collections.abc import Mapping

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, NotFound
from haneul.services.block_storage.types import logic as types
from haneul.services.block_storage.types.models import VolumeType

YES = "<is> True"


def refuse_used(db: Db, type_id: str) -> None:
    """BadRequest while volumes of the type exist: what was promised to them stays."""
    if types.is_used(db, type_id):
        raise BadRequest("Volume Type is currently in use.")


def set_(db: Db, type_id: str, specs: Mapping[str, str | None]) -> None:
    """Set these specs and leave others; NotFound, BadRequest for a type in use and for specs at odds."""
    refuse_used(db, type_id)
    kind = types.get(db, type_id)
    together = {**kind.specs, **specs}
    if together.get("multiattach") == YES and together.get("cacheable") == YES:
        raise BadRequest("cacheable cannot be set with multiattach.")
    types.set_specs(db, kind, specs)


def value(kind: VolumeType, specs: Mapping[str, str | None], key: str) -> str | None:
    """One of the specs; NotFound."""
    if key not in specs:
        raise NotFound("Volume Type {id} has no extra specs with key {key}.", id=kind.id, key=key)
    return specs[key]


def delete(db: Db, type_id: str, key: str) -> None:
    """Take a spec away; NotFound, BadRequest for a type in use."""
    kind = types.get(db, type_id)
    refuse_used(db, type_id)
    value(kind, kind.specs, key)
    types.drop_spec(db, kind, key)
