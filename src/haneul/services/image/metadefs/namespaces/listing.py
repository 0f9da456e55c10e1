"""What the parameters of `GET /v2/metadefs/namespaces` ask for."""

from typing import Any

from haneul.kernel.db import Db
from haneul.kernel.db.listing import Page
from haneul.services.image.images.access import Viewer
from haneul.services.image.metadefs.access import visible
from haneul.services.image.metadefs.namespaces.models import Namespace
from haneul.services.image.metadefs.namespaces.queries import LISTING, for_resource_types
from haneul.services.image.metadefs.paging import Parameters, last, limit_in, page_in, visibility_in

PAGE = 25
MOST = 1000
VISIBILITIES = ("public", "private")


def page_size(parameters: Parameters) -> int:
    """How many are asked for, within bounds."""
    limit = limit_in(parameters)
    return PAGE if limit is None else min(limit, MOST)


def list_(db: Db, parameters: Parameters, viewer: Viewer) -> list[Namespace]:
    """The namespaces asked for that the viewer sees; BadRequest, or NotFound for a marker that he doesn't."""
    page = page_in(parameters, page_size(parameters))
    visibility, marker = visibility_in(parameters, VISIBILITIES), last(parameters, "marker")
    filters: dict[str, Any] = {} if viewer.is_admin else {"seen_by": viewer.project_id}
    if visibility is not None:
        filters["visibility"] = visibility
    behind = None if marker is None else visible(db, marker, viewer).namespace
    names = last(parameters, "resource_types")
    clauses = [] if names is None else [for_resource_types(names.split(","))]
    return LISTING.page(db, Page(page.limit, behind, page.sort), filters, clauses)
