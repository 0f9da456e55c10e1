"""The fernet key repository: numbered files, 0 staged, the highest primary, as `keystone-manage` keeps them."""

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class KeyRing:
    """Encrypts with the primary key and decrypts with any; files are read again when the folder changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamp = -1
        self._keys: MultiFernet

    def encrypt(self, payload: bytes) -> str:
        return self._current().encrypt(payload).decode().rstrip("=")

    def decrypt(self, token: str) -> bytes | None:
        """The payload, or None for what none of our keys has made."""
        padded = token + "=" * (-len(token) % 4)
        try:
            return self._current().decrypt(padded.encode("ascii"))
        except (InvalidToken, UnicodeEncodeError):
            return None

    def _current(self) -> MultiFernet:
        stamp = self._folder.stat().st_mtime_ns
        if stamp != self._stamp:
            names = sorted((int(path.name) for path in self._folder.iterdir() if path.name.isdigit()), reverse=True)
            self._keys = MultiFernet([Fernet((self._folder / str(name)).read_bytes()) for name in names])
            self._stamp = stamp
        return self._keys


def set_up_keys(folder: Path) -> None:
    """Make a staged and a primary key where there are none."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in ("0", "1"):
        path = folder / name
        if path.exists():
            continue
        fresh = folder / f".{name}.new"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
