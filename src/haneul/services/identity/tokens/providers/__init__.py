"""How tokens are written and read back: one contract, several forms, chosen by configuration."""

from haneul.services.identity.tokens.providers.base import TokenProvider
from haneul.services.identity.tokens.providers.choice import provider_of

__all__ = ["TokenProvider", "provider_of"]
