"""Namespaces as answers show them: in lists with their resource types, alone with all that they hold."""

from collections.abc import Sequence

from haneul.kernel.db import Db
from haneul.kernel.db.listing import Page
from haneul.services.image.metadefs.namespaces.models import Namespace
from haneul.services.image.metadefs.namespaces.schemas import NamespaceView, prefixed
from haneul.services.image.metadefs.objects import logic as objects
from haneul.services.image.metadefs.objects.schemas import ObjectView
from haneul.services.image.metadefs.properties import logic as properties
from haneul.services.image.metadefs.resource_types import logic as resource_types
from haneul.services.image.metadefs.resource_types.schemas import AssociationView
from haneul.services.image.metadefs.tags import logic as tags


def brief(db: Db, found: Sequence[Namespace]) -> list[NamespaceView]:
    """Namespaces with the resource types that they are for."""
    kinds = resource_types.of_namespaces(db, [one.id for one in found])
    return [
        NamespaceView.of(one, resource_type_associations=[AssociationView.of(kind) for kind in kinds.get(one.id, ())])
        for one in found
    ]


def whole(db: Db, namespace: Namespace, resource_type: str | None) -> NamespaceView:
    """A namespace with all that it holds, named as on this resource type if one is asked for."""
    kinds = resource_types.of_namespaces(db, [namespace.id]).get(namespace.id, [])
    defined = properties.list_(db, namespace)
    shown = [ObjectView.of(namespace.namespace, one) for one in objects.list_(db, namespace)]
    for prefix in [kind.prefix for kind in kinds if kind.name == resource_type and kind.prefix]:
        defined, shown = prefixed(prefix, defined, shown)
    return NamespaceView.of(
        namespace,
        resource_type_associations=[AssociationView.of(kind) for kind in kinds],
        properties=defined,
        objects=shown,
        tags=[{"name": tag.name} for tag in tags.list_(db, namespace, Page(), None)],
    )
