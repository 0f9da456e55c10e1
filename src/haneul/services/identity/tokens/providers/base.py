from typing import Protocol

from haneul.services.identity.tokens.models import Payload

TOKEN_MOST = 4096


class TokenProvider(Protocol):
    """One form of tokens. Whether a token still counts is not its matter."""

    def write(self, payload: Payload) -> str:
        """A token of this content."""
        ...

    def read(self, token: str) -> Payload | None:
        """What the token says; None for whatever we haven't made."""
        ...

    def stamp(self) -> int:
        """What changes whenever a key comes or goes, and with it which tokens are ours."""
        ...
