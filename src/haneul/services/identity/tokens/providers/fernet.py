import msgspec

from haneul.services.identity.keys.ring import KeyRing
from haneul.services.identity.tokens.models import Payload
from haneul.services.identity.tokens.providers.base import TOKEN_MOST


class FernetTokens:
    """Tokens encrypted by the key repository's primary key."""

    def __init__(self, keys: KeyRing) -> None:
        self.keys = keys

    def write(self, payload: Payload) -> str:
        """A token of this content."""
        return self.keys.encrypt(msgspec.msgpack.encode(payload))

    def read(self, token: str) -> Payload | None:
        """What the token says; None for whatever we haven't made."""
        raw = self.keys.decrypt(token) if len(token) < TOKEN_MOST else None
        try:
            return msgspec.msgpack.decode(raw, type=Payload) if raw else None
        except msgspec.DecodeError:
            return None
