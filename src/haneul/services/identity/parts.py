"""What a process's identity is made of: its tokens, its keys and its settings."""

from pathlib import Path

import msgspec

from haneul.kernel.config import Settings
from haneul.services.identity.config import IdentitySettings, SecurityCompliance
from haneul.services.identity.epoch import EpochWatch
from haneul.services.identity.keys.ring import KeyRing, set_up_keys
from haneul.services.identity.tokens.checker import Tokens
from haneul.services.identity.tokens.providers import provider_of


class Parts(msgspec.Struct, frozen=True):
    """`receipt_keys` encrypt receipts of half-done logins, `credential_keys` the secrets that credentials hold."""

    tokens: Tokens
    receipt_keys: KeyRing
    credential_keys: KeyRing
    settings: IdentitySettings
    compliance: SecurityCompliance


def open_identity(folder: Path, settings: Settings) -> Parts:
    """Identity's parts over the key repositories in this folder, which are made where there are none."""
    own = settings.section("identity", IdentitySettings)
    fernet, credential = key_folders(folder)
    for made in (fernet, credential):
        set_up_keys(made)
    ring = KeyRing(fernet)
    return Parts(
        tokens=Tokens(provider_of(own.token_provider, folder), EpochWatch(), own.token_life_s),
        receipt_keys=ring,
        credential_keys=KeyRing(credential),
        settings=own,
        compliance=settings.section("security_compliance", SecurityCompliance),
    )


def key_folders(folder: Path) -> tuple[Path, Path]:
    """Where the keys of tokens and those of credentials are."""
    return folder / "fernet-keys", folder / "credential-keys"
