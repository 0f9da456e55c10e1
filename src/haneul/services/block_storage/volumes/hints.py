"""A request's wishes for the place of a volume. Source: Block Storage API reference, "scheduler hints"."""

from typing import Any

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, NotBuilt
from haneul.kernel.ids import is_uuid_like
from haneul.services.block_storage.volumes.models import Volume
from haneul.services.block_storage.volumes.queries import OF_IDS

NAMED = ("same_host", "different_host")
UNBUILT = ("local_to_instance", "query")
MOST = 64


def places_of(db: Db, hints: dict[str, Any] | None, source: Volume | None) -> dict[str, list[str]]:
    """The back ends, as HOST@BACKEND, that the new volume shall be in or not in; BadRequest, NotBuilt.

    Hints of other names mean nothing to anyone here, as they don't to Cinder.
    """
    given = hints or {}
    for name in UNBUILT:
        if given.get(name) is not None:
            raise NotBuilt("haneul does not place volumes by the hint {name} yet.", name=name)
    found = {name: _back_ends(db, name, given[name]) for name in NAMED if given.get(name)}
    if source is not None:
        _refuse_contrary(found, source)
    return found


def _back_ends(db: Db, name: str, given: object) -> list[str]:
    ids = given if isinstance(given, list) else [given]
    if len(ids) > MOST or not all(isinstance(one, str) and is_uuid_like(one) for one in ids):
        raise BadRequest(
            "Invalid input for field/attribute {name}: expected the id of a volume, or a list of at most {most}.",
            name=name,
            most=MOST,
        )
    return sorted({_back_end(volume) for volume in db.all(OF_IDS, ids=ids) if volume.host})


def _refuse_contrary(found: dict[str, list[str]], source: Volume) -> None:
    """A copy lies where its source lies."""
    place = _back_end(source)
    if place not in found.get("same_host", [place]) or place in found.get("different_host", []):
        raise BadRequest("Invalid input received: the scheduler hints exclude the back end of the volume's source.")


def _back_end(volume: Volume) -> str:
    return volume.host.partition("#")[0]
