"""What other services and the composition root may ask of identity."""

from haneul.services.identity.bootstrap import Bootstrap, CatalogEntry, bootstrap, move_endpoints
from haneul.services.identity.parts import Parts, open_identity

__all__ = ["Bootstrap", "CatalogEntry", "Parts", "bootstrap", "move_endpoints", "open_identity"]
