"""Who is busy with which key: a small file per key, locked as long as its process lives.

The file's suffix is the state: `.draft` until the bytes are whole, `.kept` until the database knows of them, `.gone`
while they are deleted. One rename decides between a writer who keeps and another who deletes.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from haneul.host.disk import durable
from haneul.services.image.drivers.keys import is_left, is_unlocked

DRAFT, KEPT, GONE = ".draft", ".kept", ".gone"
STATES = (DRAFT, KEPT, GONE)


class Hold:
    """One process's hold on a key."""

    def __init__(self, folder: Path, key: str) -> None:
        self._folder, self._key = folder, key
        self._descriptor = os.open(
            folder / f"{key}{DRAFT}", os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        # Bytes on a server that nobody remembers would stay there for ever.
        durable.sync_folder(folder)

    @property
    def stands(self) -> bool:
        """Whether nobody deleted the key meanwhile."""
        return (self._folder / f"{self._key}{DRAFT}").exists()

    def keep(self) -> None:
        """The bytes are whole; FileNotFoundError if the key was deleted."""
        (self._folder / f"{self._key}{DRAFT}").rename(self._folder / f"{self._key}{KEPT}")

    def release(self) -> None:
        """End the hold on what was kept."""
        (self._folder / f"{self._key}{KEPT}").unlink(missing_ok=True)
        self.close()

    def drop(self) -> None:
        """End the hold on what was deleted, or of which nothing was sent."""
        for state in (DRAFT, GONE):
            (self._folder / f"{self._key}{state}").unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Let go, whatever the state: a draft is abandoned from now on. Repeatable."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class Holds:
    """The holds of all processes that share a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder

    def take(self, key: str) -> Hold:
        """Hold a new key."""
        return Hold(self._folder, key)

    def condemn(self, key: str) -> None:
        """Note that a key's bytes shall go, before they do: whoever writes them can't keep them any more."""
        gone = self._folder / f"{key}{GONE}"
        for state in (DRAFT, KEPT):
            with suppress(FileNotFoundError):
                (self._folder / f"{key}{state}").rename(gone)
                return
        gone.touch(mode=0o600)

    def forget(self, key: str) -> None:
        """The key's bytes are gone. While a living process holds it, the note stays: a part of it may be on its way."""
        gone = self._folder / f"{key}{GONE}"
        if is_unlocked(gone):
            gone.unlink(missing_ok=True)

    def is_free(self, key: str) -> bool:
        """Whether no living process holds the key."""
        return all(is_unlocked(self._folder / f"{key}{state}") for state in STATES)

    def abandoned(self) -> Sequence[str]:
        """Keys of drafts, and of deletions, that no living process is busy with."""
        return sorted({path.stem for path in self._unlocked(DRAFT, GONE)})

    def clear_kept(self) -> None:
        """Drop the files of processes that died once the database knew their bytes."""
        for path in self._unlocked(KEPT):
            path.unlink(missing_ok=True)

    def _unlocked(self, *states: str) -> Iterator[Path]:
        """Files of these states whose process died; one that has another state by now is not among them."""
        return (path for path in list(self._folder.iterdir()) if path.suffix in states and _is_left(path))


def _is_left(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return is_left(path, file.fileno())
    except FileNotFoundError:
        return False
