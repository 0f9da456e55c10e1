"""Definitions that come in files: into the database and out of it again."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from haneul.kernel.db import Db, Query, columns_of
from haneul.kernel.db.among import among
from haneul.kernel.schema import UNSET
from haneul.services.image.metadefs import contents
from haneul.services.image.metadefs.catalog.files import standard
from haneul.services.image.metadefs.definitions import AssociationDefinition, NamespaceDefinition, property_fields
from haneul.services.image.metadefs.namespaces import logic as namespace_logic
from haneul.services.image.metadefs.namespaces.models import Namespace, namespaces
from haneul.services.image.metadefs.objects import logic as objects
from haneul.services.image.metadefs.properties import logic as properties
from haneul.services.image.metadefs.resource_types import logic as resource_types
from haneul.services.image.metadefs.resource_types.models import associations
from haneul.services.image.metadefs.resource_types.models import resource_types as resource_type_table

OWNER = "admin"
How = Literal["skip", "add", "renew", "replace"]
Outcome = Literal["made", "changed", "left"]
ALL = Query(Namespace, columns_of(Namespace, namespaces).order_by(namespaces.c.namespace))
NAMED = Query(Namespace, columns_of(Namespace, namespaces).where(among(namespaces.c.namespace, "names")))


def load_catalog(db: Db) -> None:
    """Load the standard catalog. Repeatable: a namespace that is there is left as it is."""
    wanted = standard()
    there = {one.namespace for one in db.all(NAMED, names=[one.namespace for one in wanted])}
    _make(db, [one for one in wanted if one.namespace not in there])


def load(db: Db, wanted: NamespaceDefinition, how: How = "skip") -> Outcome:
    """Load a namespace, and say what became of it.

    One that is there is left as it is (skip), gets what it lacks (add), is written over where both say something
    (renew), or is deleted first (replace).
    """
    found = next(iter(db.all(NAMED, names=[wanted.namespace])), None)
    if found is not None and how == "skip":
        return "left"
    if found is not None and how != "replace":
        _add_missing(db, found, wanted, renew=how == "renew")
        return "changed"
    if found is not None:
        db.delete(namespaces, id=found.id)
    _make(db, [wanted])
    return "made" if found is None else "changed"


def _make(db: Db, wanted: Sequence[NamespaceDefinition]) -> None:
    rows = [namespace_logic.row_of(one, OWNER) for one in wanted]
    db.insert_all(namespaces, rows)
    contents.fill(db, {row.id: one for row, one in zip(rows, wanted, strict=True)}, protected=True)


def _add_missing(db: Db, namespace: Namespace, wanted: NamespaceDefinition, *, renew: bool) -> None:
    held = contents.held_by(db, [namespace])[namespace.id]
    kinds = {one.name for one in held.resource_type_associations}
    known, folded = {one.name for one in held.objects}, {one.name.casefold() for one in held.tags}
    lacking = msgspec.structs.replace(
        wanted,
        resource_type_associations=[one for one in wanted.resource_type_associations if one.name not in kinds],
        objects=[one for one in wanted.objects if one.name not in known],
        tags=[one for one in wanted.tags if one.name.casefold() not in folded],
        properties={name: one for name, one in wanted.properties.items() if name not in held.properties},
    )
    contents.fill(db, {namespace.id: lacking}, protected=True)
    if renew:
        _renew(db, namespace_logic.update(db, namespace, wanted, OWNER), wanted, lacking)


def _renew(db: Db, namespace: Namespace, wanted: NamespaceDefinition, new: NamespaceDefinition) -> None:
    """Write over what was there before the `new` came."""
    made = {one.name for one in new.objects}
    for one in wanted.objects:
        if one.name not in made:
            objects.update(db, namespace, one.name, one)
    for name, definition in wanted.properties.items():
        if name not in new.properties:
            properties.update(db, namespace, name, {**property_fields(definition), "name": name})
    added = {one.name for one in new.resource_type_associations}
    ids = resource_types.ids_of(db, {one.name for one in wanted.resource_type_associations}, protected=True)
    for association in wanted.resource_type_associations:
        if association.name not in added:
            _associate_anew(db, namespace, ids[association.name], association)


def _associate_anew(db: Db, namespace: Namespace, resource_type_id: str, wanted: AssociationDefinition) -> None:
    row = resource_types.row_of(namespace.id, resource_type_id, wanted)
    db.update(
        associations,
        {"namespace_id": namespace.id, "resource_type_id": resource_type_id},
        prefix=row.prefix,
        properties_target=row.properties_target,
        updated_at=row.updated_at,
    )


def unload(db: Db) -> int:
    """Delete every namespace with what it holds, protected or not, and every resource type; how many namespaces."""
    gone = db.run(namespaces.delete())
    db.run(resource_type_table.delete())
    return gone


def export(db: Db) -> list[NamespaceDefinition]:
    """Every namespace with what it holds, by name."""
    found = db.all(ALL)
    held = contents.held_by(db, found)
    return [
        msgspec.structs.replace(
            held[one.id],
            display_name=UNSET if one.display_name is None else one.display_name,
            description=UNSET if one.description is None else one.description,
            visibility=one.visibility,
            protected=one.protected,
            owner=one.project_id,
        )
        for one in found
    ]
