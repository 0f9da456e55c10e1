from collections.abc import Collection

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of
from haneul.kernel.db.among import among
from haneul.kernel.errors import NotFound
from haneul.kernel.ids import new_uuid
from haneul.services.block_storage.types.models import VolumeType, volume_types

BY_ID = by(VolumeType, volume_types, "id")
BY_NAME = by(VolumeType, volume_types, "name")
OF_IDS = Query(VolumeType, columns_of(VolumeType, volume_types).where(among(volume_types.c.id, "ids")))
DEFAULT = "__DEFAULT__"


def get(db: Db, type_id: str) -> VolumeType:
    """The type by its id, whoever may use it; NotFound."""
    found = db.one(BY_ID, id=type_id)
    if found is None:
        raise NotFound("Volume type {id} could not be found.", id=type_id)
    return found


def find(db: Db, name_or_id: str) -> VolumeType:
    """The type by its id or its name, whoever may use it; NotFound."""
    found = db.one(BY_ID, id=name_or_id) or db.one(BY_NAME, name=name_or_id)
    if found is None:
        raise NotFound("Volume type {id} could not be found.", id=name_or_id)
    return found


def seed(db: Db) -> None:
    """Make the type that volumes have for which none is asked, unless it is there."""
    if db.one(BY_NAME, name=DEFAULT) is None:
        moment = now()
        db.insert(
            volume_types,
            VolumeType(
                id=new_uuid(),
                name=DEFAULT,
                description="Default Volume Type",
                is_public=True,
                qos_specs_id=None,
                specs={},
                created_at=moment,
                updated_at=moment,
            ),
        )


def names_of(db: Db, type_ids: Collection[str]) -> dict[str, str]:
    """The names of these types, by their ids."""
    return {one.id: one.name for one in db.all(OF_IDS, ids=sorted(type_ids))} if type_ids else {}
