from collections.abc import Sequence

from haneul.kernel.clock import now
from haneul.kernel.db import Db, by, unique
from haneul.kernel.db.listing import Listing
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.kernel.ids import new_uuid
from haneul.services.block_storage.qos_specs.models import QosSpecs, qos_specs
from haneul.services.block_storage.qos_specs.schemas import parted
from haneul.services.block_storage.types import logic as types
from haneul.services.block_storage.types.models import VolumeType
from haneul.services.block_storage.types.queries import OF_QOS

NO_SPECS = "No such QoS spec {id}."
BY_ID = by(QosSpecs, qos_specs, "id")
LISTING = Listing(
    QosSpecs,
    qos_specs,
    filters={"id": qos_specs.c.id, "name": qos_specs.c.name, "consumer": qos_specs.c.consumer},
    sorts={
        "created_at": qos_specs.c.created_at,
        "updated_at": qos_specs.c.updated_at,
        "id": qos_specs.c.id,
        "name": qos_specs.c.name,
        "consumer": qos_specs.c.consumer,
    },
    default_sort=(("created_at", "desc"),),
)


def get(db: Db, qos_id: str) -> QosSpecs:
    """The specs by their id; NotFound."""
    found = db.one(BY_ID, id=qos_id)
    if found is None:
        raise NotFound(NO_SPECS, id=qos_id)
    return found


def create(db: Db, given: dict[str, str | None]) -> QosSpecs:
    """Insert specs; Conflict if others have the name, BadRequest without a name or for an unknown consumer."""
    name = (given.get("name") or "").strip()
    if not name:
        raise BadRequest("An invalid 'name' value was provided. The name can not be empty.")
    consumer, specs = parted({key: text for key, text in given.items() if key != "name"}, "back-end")
    moment = now()
    made = QosSpecs(id=new_uuid(), name=name, consumer=consumer, specs=specs, created_at=moment, updated_at=moment)
    with unique("QoS Specs {name} already exists.", name=name):
        return db.insert(qos_specs, made)


def set_(db: Db, qos_id: str, given: dict[str, str | None]) -> None:
    """Set these specs, and the consumer if it is among them, and leave others; NotFound, BadRequest."""
    old = get(db, qos_id)
    consumer, specs = parted(given, old.consumer)
    _change(db, old, {**old.specs, **specs}, consumer)


def drop(db: Db, qos_id: str, keys: Sequence[str]) -> None:
    """Take specs away; NotFound, and nothing is taken, if one of them isn't there."""
    old = get(db, qos_id)
    for key in keys:
        if key not in old.specs:
            raise NotFound("QoS spec {id} has no spec with key {key}.", id=old.id, key=key)
    _change(db, old, {key: text for key, text in old.specs.items() if key not in keys}, old.consumer)


def _change(db: Db, old: QosSpecs, specs: dict[str, str | None], consumer: str) -> None:
    where = {"id": old.id, "updated_at": old.updated_at}
    if not db.update(qos_specs, where, specs=specs, consumer=consumer, updated_at=now()):
        raise Conflict("QoS specs {id} were changed by another request at the same time.", id=old.id)


def associations(db: Db, qos_id: str) -> list[VolumeType]:
    """The types that have the specs; NotFound."""
    return db.all(OF_QOS, qos_specs_id=get(db, qos_id).id)


def associate(db: Db, qos_id: str, type_id: str) -> None:
    """Give the specs to a type; NotFound, BadRequest if it has others."""
    qos, kind = get(db, qos_id), types.get(db, type_id)
    if kind.qos_specs_id not in (None, qos.id):
        raise BadRequest(
            "Invalid volume type: Type {type_id} is already associated with another qos specs: {qos_id}",
            type_id=kind.id,
            qos_id=kind.qos_specs_id,
        )
    types.change(db, kind, qos_specs_id=qos.id)


def disassociate(db: Db, qos_id: str, type_id: str) -> None:
    """Take the specs from a type, if it has them; NotFound."""
    qos, kind = get(db, qos_id), types.get(db, type_id)
    if kind.qos_specs_id == qos.id:
        types.change(db, kind, qos_specs_id=None)


def disassociate_all(db: Db, qos_id: str) -> None:
    """Take the specs from every type; NotFound."""
    for kind in associations(db, qos_id):
        types.change(db, kind, qos_specs_id=None)


def delete(db: Db, qos_id: str, *, is_forced: bool) -> None:
    """Delete the specs; NotFound, BadRequest while types have them unless forced, which takes them from the types."""
    if associations(db, qos_id) and not is_forced:
        raise BadRequest("Qos specs still in use.")
    disassociate_all(db, qos_id)
    db.delete(qos_specs, id=qos_id)


def of_type(db: Db, kind: VolumeType) -> QosSpecs | None:
    """The specs that a type's volumes have, or None."""
    return db.one(BY_ID, id=kind.qos_specs_id) if kind.qos_specs_id else None
