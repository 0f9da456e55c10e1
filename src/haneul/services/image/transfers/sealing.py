"""Secrets that a transfer needs later than the request that brought them: the caller's token, for glance-download.

The token is sealed with a key of control's own (Fernet: AES-128-CBC with HMAC-SHA256), stands in the transfer's row as
long as the transfer does, and nowhere else: not in the operation's input, which stays when the operation has ended, nor
in the task's. Whoever has the database alone learns nothing, any control process of the cloud can go on after a crash,
and what is older than an import may take isn't opened any more.
"""

from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from haneul.host.disk import durable

SEALED_S = 24 * 3600
# Beside the stores' folders, none of which may have a name that begins so.
SEAL_KEY = "os_glance_seal_key"


class Broken(Exception):
    """What can't be opened: it is too old, or sealed with another key."""


class Seal:
    """Seals with the key in a file, which is made when it is first needed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def close(self, secret: str) -> str:
        """The secret as a text that says nothing."""
        return self._key().encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """The secret; Broken if it can't be had any more."""
        try:
            return self._key().decrypt(sealed.encode(), ttl=SEALED_S).decode()
        except InvalidToken:
            raise Broken from None

    def _key(self) -> Fernet:
        if not self._path.exists():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            durable.write(self._path, Fernet.generate_key())
        return Fernet(self._path.read_bytes())
