"""What namespaces hold, written and read for many namespaces in a fixed number of statements."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.kernel.errors import Conflict
from haneul.services.image.metadefs.definitions import (
    NamespaceDefinition,
    PropertyDefinition,
    TagDefinition,
    property_fields,
)
from haneul.services.image.metadefs.limits import refuse_many
from haneul.services.image.metadefs.namespaces.models import Namespace
from haneul.services.image.metadefs.objects import logic as objects
from haneul.services.image.metadefs.objects.models import objects as object_table
from haneul.services.image.metadefs.properties import logic as properties
from haneul.services.image.metadefs.properties.models import Property
from haneul.services.image.metadefs.properties.models import properties as property_table
from haneul.services.image.metadefs.resource_types import logic as resource_types
from haneul.services.image.metadefs.resource_types.models import associations as association_table
from haneul.services.image.metadefs.tags import logic as tags
from haneul.services.image.metadefs.tags.models import tags as tag_table


def fill(db: Db, held: Mapping[str, NamespaceDefinition], *, protected: bool = False) -> None:
    """Write what these new namespaces hold, by their ids; resource types that are made for it are protected or not."""
    named = {one.name for wanted in held.values() for one in wanted.resource_type_associations}
    kinds = resource_types.ids_of(db, named, protected=protected)
    db.insert_all(
        association_table,
        [
            resource_types.row_of(namespace_id, kinds[one.name], one)
            for namespace_id, wanted in held.items()
            for one in wanted.resource_type_associations
        ],
    )
    db.insert_all(
        object_table,
        [objects.row_of(namespace_id, one) for namespace_id, wanted in held.items() for one in wanted.objects],
    )
    db.insert_all(
        tag_table,
        [
            row
            for namespace_id, wanted in held.items()
            for row in tags.rows_of(namespace_id, [one.name for one in wanted.tags])
        ],
    )
    db.insert_all(
        property_table,
        [row for namespace_id, wanted in held.items() for row in property_rows(namespace_id, wanted)],
    )


def held_by(db: Db, found: Sequence[Namespace]) -> dict[str, NamespaceDefinition]:
    """What these namespaces hold, by their ids."""
    held = {one.id: NamespaceDefinition(namespace=one.namespace) for one in found}
    ids = list(held)
    for namespace_id, kinds in resource_types.of_namespaces(db, ids).items():
        held[namespace_id].resource_type_associations.extend(map(resource_types.definition_of, kinds))
    for thing in db.all(objects.OF_NAMESPACES, namespace_ids=ids):
        held[thing.namespace_id].objects.append(objects.definition_of(thing))
    for tag in db.all(tags.OF_NAMESPACES, namespace_ids=ids):
        # The oldest is told first, so that it is the oldest again where this is loaded.
        held[tag.namespace_id].tags.insert(0, TagDefinition(name=tag.name))
    for row in db.all(properties.OF_NAMESPACES, namespace_ids=ids):
        held[row.namespace_id].properties[row.name] = msgspec.convert(row.definition, PropertyDefinition)
    return held


def property_rows(namespace_id: str, wanted: NamespaceDefinition) -> list[Property]:
    """The rows of a namespace's properties."""
    moment = now()
    return [
        Property(namespace_id, name, property_fields(one), moment, moment) for name, one in wanted.properties.items()
    ]


def refuse_unholdable(wanted: NamespaceDefinition) -> None:
    """Conflict for anything that a new namespace names twice, OverQuota for too many of anything."""
    name = wanted.namespace
    _refuse_twice(resource_types.EXISTS, name, wanted.resource_type_associations)
    _refuse_twice(objects.EXISTS, name, wanted.objects)
    tags.refuse_twice(name, [one.name for one in wanted.tags])
    refuse_many(len(wanted.resource_type_associations), "resource types")
    refuse_many(len(wanted.objects), "objects")
    refuse_many(len(wanted.tags), "tags")
    refuse_many(len(wanted.properties), "properties")


def _refuse_twice(exists: str, namespace: str, things: Any) -> None:
    seen: set[str] = set()
    for one in things:
        if one.name in seen:
            raise Conflict(exists, name=one.name, namespace=namespace)
        seen.add(one.name)
