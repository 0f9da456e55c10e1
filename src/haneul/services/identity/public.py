"""What other services and the composition root may ask of identity."""

from haneul.services.identity.bootstrap import Bootstrap, CatalogEntry, bootstrap, move_endpoints
from haneul.services.identity.catalog.logic import catalog_of
from haneul.services.identity.limits.reading import Limits, limit_of
from haneul.services.identity.parts import Parts, open_identity
from haneul.services.identity.projects.logic import is_project

__all__ = [
    "Bootstrap",
    "CatalogEntry",
    "Limits",
    "Parts",
    "bootstrap",
    "catalog_of",
    "is_project",
    "limit_of",
    "move_endpoints",
    "open_identity",
]
