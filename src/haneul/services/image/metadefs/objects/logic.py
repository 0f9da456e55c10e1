import msgspec
from sqlalchemy import bindparam

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of, unique
from haneul.kernel.db.among import among
from haneul.kernel.errors import Forbidden, NotFound
from haneul.kernel.schema import UNSET
from haneul.services.image.metadefs.definitions import (
    ObjectDefinition,
    PropertyDefinition,
    properties_by_name,
)
from haneul.services.image.metadefs.limits import count_of, refuse_full
from haneul.services.image.metadefs.namespaces.models import Namespace
from haneul.services.image.metadefs.objects.models import MetadefObject, objects

ONE = by(MetadefObject, objects, "namespace_id", "name")
OF_NAMESPACE = Query(
    MetadefObject,
    columns_of(MetadefObject, objects)
    .where(objects.c.namespace_id == bindparam("namespace_id"))
    .order_by(objects.c.name),
)
OF_NAMESPACES = Query(
    MetadefObject,
    columns_of(MetadefObject, objects)
    .where(among(objects.c.namespace_id, "namespace_ids"))
    .order_by(objects.c.namespace_id, objects.c.name),
)
COUNT = count_of(objects)
EXISTS = "A metadata definition object with name={name} already exists in namespace={namespace}."


def list_(db: Db, namespace: Namespace) -> list[MetadefObject]:
    """By name."""
    return db.all(OF_NAMESPACE, namespace_id=namespace.id)


def get(db: Db, namespace: Namespace, name: str) -> MetadefObject:
    """One object; NotFound."""
    found = db.one(ONE, namespace_id=namespace.id, name=name)
    if found is None:
        raise NotFound("Could not find metadata object {name}", name=name)
    return found


def row_of(namespace_id: str, wanted: ObjectDefinition) -> MetadefObject:
    """The row of a new object."""
    moment = now()
    return MetadefObject(
        namespace_id=namespace_id,
        name=wanted.name,
        description=None if wanted.description is UNSET else wanted.description,
        required=[] if wanted.required is UNSET else wanted.required,
        properties=properties_by_name(wanted.properties),
        created_at=moment,
        updated_at=moment,
    )


def definition_of(found: MetadefObject) -> ObjectDefinition:
    """The object as a file says it."""
    return ObjectDefinition(
        name=found.name,
        description=UNSET if found.description is None else found.description,
        required=found.required or UNSET,
        properties=msgspec.convert(found.properties, dict[str, PropertyDefinition]),
    )


def create(db: Db, namespace: Namespace, wanted: ObjectDefinition) -> MetadefObject:
    """Insert an object; Conflict if the namespace has one of that name."""
    refuse_full(db, COUNT, namespace.id, "objects")
    with unique(EXISTS, name=wanted.name, namespace=namespace.namespace):
        return db.insert(objects, row_of(namespace.id, wanted))


def update(db: Db, namespace: Namespace, name: str, wanted: ObjectDefinition) -> MetadefObject:
    """Put the wanted object in the place of the one of this name; Conflict if another one has the new name."""
    old = get(db, namespace, name)
    new = row_of(namespace.id, wanted)
    with unique(
        "Invalid update. It would result in a duplicate metadata definition object with the same name={name} in "
        "namespace={namespace}.",
        name=wanted.name,
        namespace=namespace.namespace,
    ):
        db.update(
            objects,
            {"namespace_id": namespace.id, "name": old.name},
            name=new.name,
            description=new.description,
            required=new.required,
            properties=new.properties,
            updated_at=new.updated_at,
        )
    return get(db, namespace, new.name)


def delete(db: Db, namespace: Namespace, name: str) -> None:
    """Delete an object; Forbidden in a protected namespace."""
    found = get(db, namespace, name)
    if namespace.protected:
        raise Forbidden("Metadata definition object {name} is protected and cannot be deleted.", name=found.name)
    db.delete(objects, namespace_id=namespace.id, name=found.name)


def delete_all(db: Db, namespace: Namespace) -> None:
    db.delete(objects, namespace_id=namespace.id)
