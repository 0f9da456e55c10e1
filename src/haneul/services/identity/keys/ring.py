"""A fernet key repository: numbered files, 0 staged, the highest primary, as `keystone-manage` keeps them."""

import hashlib
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from haneul.host.disk import durable

STAGED = 0


class KeyRing:
    """Encrypts with the primary key and decrypts with any; files are read again when the folder changes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stamp = -1
        self._keys: MultiFernet
        self._primary = b""

    def encrypt(self, payload: bytes) -> str:
        """The payload as a fernet token without its padding."""
        return self._current().encrypt(payload).decode().rstrip("=")

    def decrypt(self, token: str) -> bytes | None:
        """The payload, or None for what none of our keys has made."""
        padded = token + "=" * (-len(token) % 4)
        try:
            return self._current().decrypt(padded.encode("ascii"))
        except (InvalidToken, UnicodeEncodeError):
            return None

    @property
    def primary_hash(self) -> str:
        """Names the key that encrypts now, so that rows can tell by which key they were written."""
        self._current()
        return hashlib.sha1(self._primary, usedforsecurity=False).hexdigest()

    def _current(self) -> MultiFernet:
        stamp = self.folder.stat().st_mtime_ns
        if stamp != self._stamp:
            written = [(self.folder / str(name)).read_bytes() for name in reversed(numbers_in(self.folder))]
            self._keys = MultiFernet([Fernet(key) for key in written])
            self._primary, self._stamp = written[0], stamp
        return self._keys


def numbers_in(folder: Path) -> list[int]:
    """The numbers of the keys in a repository, the primary's last."""
    return sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit())


def set_up_keys(folder: Path) -> None:
    """Make a staged and a primary key where there are none."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for number in (STAGED, 1):
        if not (folder / str(number)).exists() and (number == STAGED or not numbers_in(folder)[1:]):
            _write_key(folder, number)


def rotate_keys(folder: Path, active_most: int) -> None:
    """The staged key becomes primary, a new one is staged, and the oldest go until `active_most` are left.

    Killed between two steps it leaves a repository that reads everything it read before.
    """
    set_up_keys(folder)
    numbers = numbers_in(folder)
    (folder / str(STAGED)).rename(folder / str(numbers[-1] + 1))
    _write_key(folder, STAGED)
    kept = numbers_in(folder)[1:]
    for number in kept[: max(0, len(kept) + 1 - max(active_most, 2))]:
        (folder / str(number)).unlink()


def _write_key(folder: Path, number: int) -> None:
    durable.write(folder / str(number), Fernet.generate_key())
