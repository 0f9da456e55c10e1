from collections.abc import Collection, Sequence

from sqlalchemy import bindparam, select

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Outrun, Query, by, columns_of, unique
from haneul.kernel.db.among import among
from haneul.kernel.errors import BadRequest, Forbidden, NotFound
from haneul.kernel.ids import new_uuid
from haneul.kernel.schema import UNSET
from haneul.services.image.metadefs.definitions import AssociationDefinition
from haneul.services.image.metadefs.limits import count_of, refuse_full
from haneul.services.image.metadefs.namespaces.models import Namespace
from haneul.services.image.metadefs.resource_types.models import (
    Association,
    AssociationRow,
    ResourceType,
    associations,
    resource_types,
)

ALL = Query(ResourceType, columns_of(ResourceType, resource_types).order_by(resource_types.c.name))
TYPE = by(ResourceType, resource_types, "name")
TYPES = Query(ResourceType, columns_of(ResourceType, resource_types).where(among(resource_types.c.name, "names")))
_JOINED = (
    select(
        associations.c.namespace_id,
        resource_types.c.name,
        associations.c.prefix,
        associations.c.properties_target,
        associations.c.created_at,
        associations.c.updated_at,
    )
    .join(resource_types, resource_types.c.id == associations.c.resource_type_id)
    .order_by(associations.c.namespace_id, resource_types.c.name)
)
OF_NAMESPACES = Query(Association, _JOINED.where(among(associations.c.namespace_id, "namespace_ids")))
ONE = Query(
    Association,
    _JOINED.where(
        associations.c.namespace_id == bindparam("namespace_id"),
        associations.c.resource_type_id == bindparam("resource_type_id"),
    ),
)
COUNT = count_of(associations)
EXISTS = (
    "The metadata definition resource-type association of resource-type={name} to namespace={namespace} already exists."
)


def list_(db: Db) -> list[ResourceType]:
    """Every resource type, by name."""
    return db.all(ALL)


def of_namespaces(db: Db, namespace_ids: Sequence[str]) -> dict[str, list[Association]]:
    """The associations of these namespaces, by namespace."""
    found: dict[str, list[Association]] = {}
    for one in db.all(OF_NAMESPACES, namespace_ids=namespace_ids) if namespace_ids else ():
        found.setdefault(one.namespace_id, []).append(one)
    return found


def ids_of(db: Db, names: Collection[str], *, protected: bool = False) -> dict[str, str]:
    """The ids of these resource types; those that aren't there yet are made, protected or not."""
    if any("\0" in name for name in names):
        raise BadRequest("The name of a resource type must be text without zeros.")
    known = _known(db, names)
    moment = now()
    missing = sorted(set(names) - known.keys())
    for name in missing:
        db.insert_missing(resource_types, ResourceType(new_uuid(), name, protected, moment, moment))
    if missing:
        known = _known(db, names)
    if len(known) < len(set(names)):
        raise Outrun("Another transaction made the resource type, and this one can't see it yet.")
    return known


def _known(db: Db, names: Collection[str]) -> dict[str, str]:
    return {one.name: one.id for one in db.all(TYPES, names=list(names))} if names else {}


def row_of(namespace_id: str, resource_type_id: str, wanted: AssociationDefinition) -> AssociationRow:
    """The row of a new association."""
    moment = now()
    return AssociationRow(
        namespace_id=namespace_id,
        resource_type_id=resource_type_id,
        prefix=None if wanted.prefix is UNSET else wanted.prefix,
        properties_target=None if wanted.properties_target is UNSET else wanted.properties_target,
        created_at=moment,
        updated_at=moment,
    )


def definition_of(found: Association) -> AssociationDefinition:
    """The association as a file says it."""
    return AssociationDefinition(
        name=found.name,
        prefix=UNSET if found.prefix is None else found.prefix,
        properties_target=UNSET if found.properties_target is None else found.properties_target,
    )


def get(db: Db, namespace: Namespace, name: str) -> Association:
    """A resource type's association with a namespace; NotFound."""
    kind = db.one(TYPE, name=name)
    if kind is None:
        raise NotFound("The metadata definition resource-type with name={name}, was not found.", name=name)
    found = db.one(ONE, namespace_id=namespace.id, resource_type_id=kind.id)
    if found is None:
        raise NotFound(
            "The metadata definition resource-type association of resource-type={name} to namespace={namespace}, was "
            "not found.",
            name=name,
            namespace=namespace.namespace,
        )
    return found


def associate(db: Db, namespace: Namespace, wanted: AssociationDefinition) -> Association:
    """Associate a resource type, which is made if there is none of that name; Conflict if it is associated already."""
    refuse_full(db, COUNT, namespace.id, "resource types")
    kind = ids_of(db, [wanted.name])[wanted.name]
    with unique(EXISTS, name=wanted.name, namespace=namespace.namespace):
        db.insert(associations, row_of(namespace.id, kind, wanted))
    return get(db, namespace, wanted.name)


def dissociate(db: Db, namespace: Namespace, name: str) -> None:
    """Take a resource type from a namespace; NotFound, or Forbidden in a protected namespace."""
    kind = db.one(TYPE, name=name)
    if kind is None or db.one(ONE, namespace_id=namespace.id, resource_type_id=kind.id) is None:
        raise NotFound("Failed to find resource type {name} to delete", name=name)
    if namespace.protected:
        raise Forbidden(
            "Metadata definition resource-type-association {name} is protected and cannot be deleted.", name=name
        )
    db.delete(associations, namespace_id=namespace.id, resource_type_id=kind.id)
