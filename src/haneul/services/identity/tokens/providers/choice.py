from pathlib import Path

from haneul.services.identity.keys.ring import KeyRing
from haneul.services.identity.tokens.providers.base import TokenProvider
from haneul.services.identity.tokens.providers.fernet import FernetTokens


def provider_of(name: str, folder: Path) -> TokenProvider:
    """The provider of this name over the key repositories in a folder."""
    if name == "fernet":
        return FernetTokens(KeyRing(folder / "fernet-keys"))
    from haneul.services.identity.tokens.providers.jws import SignedTokens, set_up_key_pair

    set_up_key_pair(folder / "jws-keys")
    return SignedTokens(folder / "jws-keys")
