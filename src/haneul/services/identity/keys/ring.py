"""A fernet key repository: numbered files, 0 staged, the highest primary, as `keystone-manage` keeps them."""

import fcntl
import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from msgspec import Struct

from haneul.host.disk import durable

STAGED = 0
NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")
READ_TRIES = 5
# A folder's time moves in steps: two changes within one step look like one.
STEP_NS = 100_000_000


class NoKeys(Exception):
    """A key repository without a key that can be used."""


class Rotation(Struct, frozen=True):
    """What a rotation did: the number of the key that encrypts now, and those of the keys that are gone."""

    primary: int
    removed: tuple[int, ...]


class _Read(Struct, frozen=True):
    keys: MultiFernet
    primary_hash: str


class KeyRing:
    """Encrypts with the primary key and decrypts with any; files are read again when the folder changes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # One value, since threads share it: as of which change of the folder, and what was read.
        self._held: tuple[int, _Read | None] = (-1, None)

    def encrypt(self, payload: bytes) -> str:
        """The payload as a fernet token without its padding."""
        return self.encrypt_named(payload)[0]

    def encrypt_named(self, payload: bytes) -> tuple[str, str]:
        """The payload as a fernet token without its padding, and the hash that names the key which made it."""
        current = self._current()
        return current.keys.encrypt(payload).decode().rstrip("="), current.primary_hash

    def decrypt(self, token: str) -> bytes | None:
        """The payload, or None for what none of our keys has made."""
        padded = token + "=" * (-len(token) % 4)
        try:
            return self._current().keys.decrypt(padded.encode("ascii"))
        except (InvalidToken, UnicodeEncodeError):
            return None

    @property
    def primary_hash(self) -> str:
        """Names the key that encrypts now, so that rows can tell by which key they were written."""
        return self._current().primary_hash

    def _current(self) -> _Read:
        stamp, (held_stamp, held) = stamp_of(self.folder), self._held
        if held is None or stamp != held_stamp:
            held = _read(self.folder)
            self._held = (settled(stamp), held)
        return held


def stamp_of(folder: Path) -> int:
    """What changes whenever a key comes or goes; NoKeys if there is no such repository."""
    try:
        return os.stat(folder).st_mtime_ns
    except FileNotFoundError:
        raise NoKeys(f"There is no key repository at {folder}.") from None


def settled(stamp: int) -> int:
    """The stamp to remember for what was read under it: none yet where another change may still look the same."""
    return -1 if 0 <= time.time_ns() - stamp < STEP_NS else stamp


def _read(folder: Path) -> _Read:
    for _ in range(READ_TRIES):
        # A rotation may take a file away between the list and the look.
        with suppress(FileNotFoundError):
            written = [(folder / str(number)).read_bytes().strip() for number in reversed(numbers_in(folder))]
            usable = [key for key in written if is_key(key)]
            if not usable:
                raise NoKeys(f"There is no key that can be used in {folder}.")
            return _Read(MultiFernet([Fernet(key) for key in usable]), _hash_of(usable[0]))
    raise NoKeys(f"The keys in {folder} change faster than they can be read.")


def _hash_of(key: bytes) -> str:
    return hashlib.sha1(key, usedforsecurity=False).hexdigest()


def is_key(written: bytes) -> bool:
    """Whether a file's content is a key: one that is being copied may not be whole yet."""
    try:
        Fernet(written)
    except ValueError:
        return False
    return True


def numbers_in(folder: Path) -> list[int]:
    """The numbers of the keys in a repository, the primary's last."""
    return sorted(int(name) for name in os.listdir(folder) if NUMBER.fullmatch(name))


def set_up_keys(folder: Path) -> bool:
    """Make a staged and a primary key where there are none; whether any was missing."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True, mode=0o700)
    if is_set_up(folder):
        return False
    with _alone(folder):
        return _set_up(folder)


def is_set_up(folder: Path) -> bool:
    """Whether the repository has a staged and a primary key."""
    return folder.is_dir() and numbers_in(folder)[:1] == [STAGED] and len(numbers_in(folder)) > 1


def rotate_keys(folder: Path, active_most: int) -> Rotation:
    """The staged key becomes primary, a new one is staged, and the oldest go until `active_most` are left.

    Killed between two steps it leaves a repository that reads everything it read before; the next run heals it.
    """
    set_up_keys(folder)
    with _alone(folder):
        _set_up(folder)
        primary = numbers_in(folder)[-1] + 1
        (folder / str(STAGED)).rename(folder / str(primary))
        _write_key(folder, STAGED)
        kept = numbers_in(folder)[1:]
        removed = kept[: max(0, len(kept) + 1 - max(active_most, 2))]
        for number in removed:
            (folder / str(number)).unlink()
        durable.sync_folder(folder)
    return Rotation(primary, tuple(removed))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Be the only one who changes the repository; readers don't wait."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _set_up(folder: Path) -> bool:
    numbers = numbers_in(folder)
    # The primary first: a process that starts meanwhile must not take the staged key for it.
    missing = ([] if any(numbers) else [1]) + ([] if STAGED in numbers else [STAGED])
    for number in missing:
        _write_key(folder, number)
    return bool(missing)


def _write_key(folder: Path, number: int) -> None:
    durable.write(folder / str(number), Fernet.generate_key())
