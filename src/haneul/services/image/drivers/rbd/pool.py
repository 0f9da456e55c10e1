"""Images in a pool; one that is being written has another name until it is whole."""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

from haneul.services.image.drivers.rbd.cluster import LAYERING, Cluster, InUse
from haneul.services.image.drivers.remote.server import Stream, Upload

DRAFT = ".part"
# The size of the objects that an image consists of.
PIECE_BYTES = 4 << 20
# How long a part that is just being written is waited for.
IN_USE_S = 5.0
PAUSE_S = 0.1
ZEROS = bytes(PIECE_BYTES)


class Pool:
    """One pool."""

    scheme = "rbd"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._rbd = cluster, cluster.rbd

    def begin(self, key: str) -> Upload:
        with self._cluster.pool() as pool:
            self._rbd.RBD().create(pool, key + DRAFT, 0, old_format=False, features=LAYERING)
        return GrowingImage(self._cluster, key)

    def put(self, key: str, body: BinaryIO, size: int) -> None:
        upload = self.begin(key)
        upload.add(body, size)
        upload.complete()

    def size(self, key: str) -> int:
        with self._cluster.pool() as pool, self._rbd.Image(pool, key, read_only=True) as image:
            return int(image.size())

    def read(self, key: str, offset: int) -> Stream:
        with self._cluster.pool() as pool:
            return ImageStream(self._cluster, self._rbd.Image(pool, key, read_only=True), offset)

    def delete(self, key: str) -> None:
        for name in (key + DRAFT, key):
            with suppress(FileNotFoundError):
                self._remove(name)

    def _remove(self, name: str) -> None:
        deadline = time.monotonic() + IN_USE_S
        while True:
            try:
                with self._cluster.pool() as pool:
                    self._rbd.RBD().remove(pool, name)
                return
            except InUse:
                if time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE_S)

    def keys(self) -> Iterator[str]:
        with self._cluster.pool() as pool:
            names = self._rbd.RBD().list(pool)
        return (name for name in names if not name.endswith(DRAFT))

    def address(self, key: str) -> str:
        return f"{self.scheme}://{self._cluster.id}/{self._cluster.options.pool}/{key}"


class GrowingImage:
    """An image that grows part by part. It is open no longer than a part takes: an open one can't be deleted."""

    def __init__(self, cluster: Cluster, key: str) -> None:
        self._cluster, self._rbd, self._key = cluster, cluster.rbd, key
        self._at = 0

    def add(self, part: BinaryIO, size: int) -> None:
        part.seek(0)
        with self._cluster.pool() as pool, self._rbd.Image(pool, self._key + DRAFT) as image:
            image.resize(self._at + size)
            while piece := part.read(PIECE_BYTES):
                # What was never written reads as zeros and takes no room.
                if piece != ZEROS[: len(piece)]:
                    image.write(piece, self._at)
                self._at += len(piece)
            image.flush()

    def complete(self) -> None:
        with self._cluster.pool() as pool:
            self._rbd.RBD().rename(pool, self._key + DRAFT, self._key)


class ImageStream:
    """An open image, read on from a place."""

    def __init__(self, cluster: Cluster, image: Any, offset: int) -> None:
        self._cluster, self._image, self._at = cluster, image, offset
        self._ready = memoryview(b"")

    def read(self, size: int, /) -> bytes:
        if not self._ready:
            with self._cluster.pool():
                length = min(PIECE_BYTES, self._image.size() - self._at)
                self._ready = memoryview(self._image.read(self._at, length) if length > 0 else b"")
            self._at += len(self._ready)
        piece, self._ready = bytes(self._ready[:size]), self._ready[size:]
        return piece

    def close(self) -> None:
        with self._cluster.pool():
            self._image.close()
