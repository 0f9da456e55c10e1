from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, or_, select

from haneul.kernel.db import by
from haneul.kernel.db.among import among
from haneul.kernel.db.listing import Clause, Listing
from haneul.services.image.metadefs.namespaces.models import Namespace, namespaces
from haneul.services.image.metadefs.resource_types.models import associations, resource_types

BY_NAME = by(Namespace, namespaces, "namespace")


def _seen_by(project_id: BindParameter[Any]) -> ColumnElement[bool]:
    return or_(namespaces.c.project_id == project_id, namespaces.c.visibility == "public")


LISTING = Listing(
    Namespace,
    namespaces,
    filters={"visibility": namespaces.c.visibility, "seen_by": _seen_by},
    sorts={
        "namespace": namespaces.c.namespace,
        "display_name": namespaces.c.display_name,
        "visibility": namespaces.c.visibility,
        "protected": namespaces.c.protected,
        "owner": namespaces.c.project_id,
        "created_at": namespaces.c.created_at,
        "updated_at": namespaces.c.updated_at,
    },
    default_sort=(("created_at", "desc"),),
    key="namespace",
    bounds=("seen_by",),
)


def for_resource_types(names: Sequence[str]) -> Clause:
    """Namespaces that are associated with any of these resource types."""

    def associated() -> ColumnElement[bool]:
        wanted = select(associations.c.namespace_id).join(
            resource_types, resource_types.c.id == associations.c.resource_type_id
        )
        return namespaces.c.id.in_(wanted.where(among(resource_types.c.name, "resource_types")))

    return Clause("resource_types", associated, {"resource_types": list(names)})
