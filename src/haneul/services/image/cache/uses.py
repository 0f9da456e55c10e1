"""How often and when cached images were read, for who looks and for what is to go first."""

import threading
import time
from pathlib import Path

import msgspec

from haneul.host.disk import durable


class Use(msgspec.Struct):
    """`hits` since it was cached; `used_at` and `cached_at` in seconds since the epoch."""

    hits: int
    used_at: float
    cached_at: float


class Uses:
    """Counted in memory, and written down now and then: a crash costs some counts, and no byte."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._changed = False
        try:
            self._uses = msgspec.json.decode(path.read_bytes(), type=dict[str, Use])
        except (FileNotFoundError, msgspec.MsgspecError):
            self._uses = {}

    def hit(self, image_id: str) -> None:
        """It was read once more."""
        moment = time.time()
        with self._lock:
            use = self._uses.setdefault(image_id, Use(0, moment, moment))
            use.hits, use.used_at = use.hits + 1, moment
            self._changed = True

    def began(self, image_id: str) -> None:
        """It was cached just now."""
        moment = time.time()
        with self._lock:
            self._uses[image_id] = Use(0, moment, moment)
            self._changed = True

    def of(self, image_id: str, modified_at: float) -> Use:
        """What is known of one whose file was written at a moment."""
        with self._lock:
            use = self._uses.get(image_id)
            return msgspec.structs.replace(use) if use else Use(0, modified_at, modified_at)

    def forget(self, image_id: str) -> None:
        with self._lock:
            self._changed |= self._uses.pop(image_id, None) is not None

    def save(self) -> None:
        """Write down what changed."""
        with self._lock:
            if not self._changed:
                return
            content, self._changed = msgspec.json.encode(self._uses), False
        durable.write(self._path, content)
