from typing import Any

from sqlalchemy import bindparam

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of, unique
from haneul.kernel.db.among import among
from haneul.kernel.errors import Forbidden, NotFound
from haneul.services.image.metadefs.limits import count_of, refuse_full
from haneul.services.image.metadefs.namespaces.models import Namespace
from haneul.services.image.metadefs.properties.models import Property, properties
from haneul.services.image.metadefs.resource_types import logic as resource_types

ONE = by(Property, properties, "namespace_id", "name")
OF_NAMESPACE = Query(
    Property,
    columns_of(Property, properties)
    .where(properties.c.namespace_id == bindparam("namespace_id"))
    .order_by(properties.c.name),
)
OF_NAMESPACES = Query(
    Property,
    columns_of(Property, properties)
    .where(among(properties.c.namespace_id, "namespace_ids"))
    .order_by(properties.c.namespace_id, properties.c.name),
)
COUNT = count_of(properties)


def list_(db: Db, namespace: Namespace) -> dict[str, dict[str, Any]]:
    """The definitions by their properties' names."""
    return {one.name: one.definition for one in db.all(OF_NAMESPACE, namespace_id=namespace.id)}


def get(db: Db, namespace: Namespace, name: str) -> Property:
    """One property; NotFound."""
    found = db.one(ONE, namespace_id=namespace.id, name=name)
    if found is None:
        raise NotFound("Could not find property {name}", name=name)
    return found


def bare_name(db: Db, namespace: Namespace, name: str, resource_type: str) -> str:
    """The property's name without the prefix that it has on a resource type; NotFound if it doesn't start with it."""
    prefix = resource_types.get(db, namespace, resource_type).prefix
    if not prefix or not name.startswith(prefix):
        raise NotFound(
            "Property {name} does not start with the expected resource type association prefix of '{prefix}'.",
            name=name,
            prefix=prefix,
        )
    return name.removeprefix(prefix)


def create(db: Db, namespace: Namespace, definition: dict[str, Any]) -> Property:
    """Insert a property under the name in its definition; Conflict if the namespace has one of that name."""
    refuse_full(db, COUNT, namespace.id, "properties")
    moment, name = now(), definition["name"]
    with unique(
        "A metadata definition property with name={name} already exists in namespace={namespace}.",
        name=name,
        namespace=namespace.namespace,
    ):
        return db.insert(properties, Property(namespace.id, name, definition, moment, moment))


def update(db: Db, namespace: Namespace, name: str, definition: dict[str, Any]) -> Property:
    """Put this definition in the place of the property of this name; Conflict if another one has the new name."""
    old, new_name = get(db, namespace, name), definition["name"]
    with unique(
        "Invalid update. It would result in a duplicate metadata definition property with the same name={name} in "
        "namespace={namespace}.",
        name=new_name,
        namespace=namespace.namespace,
    ):
        where = {"namespace_id": namespace.id, "name": old.name}
        db.update(properties, where, name=new_name, definition=definition, updated_at=now())
    return get(db, namespace, new_name)


def delete(db: Db, namespace: Namespace, name: str) -> None:
    """Delete a property; Forbidden in a protected namespace."""
    found = get(db, namespace, name)
    if namespace.protected:
        raise Forbidden("Metadata definition property {name} is protected and cannot be deleted.", name=found.name)
    db.delete(properties, namespace_id=namespace.id, name=found.name)


def delete_all(db: Db, namespace: Namespace) -> None:
    db.delete(properties, namespace_id=namespace.id)
