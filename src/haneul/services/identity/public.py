"""What other services and the composition root may ask of identity."""

from haneul.services.identity.bootstrap import Bootstrap, CatalogEntry, bootstrap, move_endpoints
from haneul.services.identity.epoch import EpochWatch
from haneul.services.identity.tokens.checker import Tokens
from haneul.services.identity.tokens.keys import KeyRing, set_up_keys

__all__ = [
    "Bootstrap",
    "CatalogEntry",
    "EpochWatch",
    "KeyRing",
    "Tokens",
    "bootstrap",
    "move_endpoints",
    "set_up_keys",
]
