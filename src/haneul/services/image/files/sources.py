"""Opening an image's bytes at one of the places where they lie."""

import logging
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path

from haneul.kernel.errors import Unavailable
from haneul.services.image.cache.cache import ByteCache
from haneul.services.image.cache.content import Content
from haneul.services.image.drivers.base import Reader, Unreachable
from haneul.services.image.images.models import Image
from haneul.services.image.locations.models import Location
from haneul.services.image.stores.backends import Backends

log = logging.getLogger("haneul.image")


class Sources:
    """Finds a place that answers, those of more weight first; before them this host's cache, if it has one."""

    def __init__(self, backends: Backends, cache: ByteCache | None = None) -> None:
        self._backends, self._cache = backends, cache

    def open_image(self, image: Image, places: Sequence[Location], prefer: Collection[str] = ()) -> Reader:
        """As `open`, for an image that its reader may read: through the cache, which keeps what it can.

        Places in stores that are to be preferred are tried first.
        """
        places = sorted(self.in_order(places), key=lambda place: place.store not in prefer)
        content = Content.of(image)
        if self._cache is None or content is None:
            return self._open(places)
        if found := self._cache.opened(content):
            return found
        if self._local(places[:1]) is None:
            return self._cache.through(content, partial(self._open, places))
        self._cache.want(content)
        return self._open(places)

    def open(self, places: Sequence[Location]) -> Reader:
        """The bytes, for reading; Unavailable if none of the places has them now."""
        return self._open(self.in_order(places))

    def _open(self, places: Sequence[Location]) -> Reader:
        for place in places:
            backend = self._backends.holding(place.store)
            try:
                if backend is not None:
                    return backend.store.open(place.key)
            except (FileNotFoundError, Unreachable):
                log.warning("The bytes of image %s can't be read from the store %s.", place.image_id, place.store)
        raise Unavailable("The image's bytes are missing from its store.")

    def local(self, places: Sequence[Location]) -> Path | None:
        """Where the bytes lie, if the place that is tried first has them in a file of this machine."""
        return self._local(self.in_order(places)[:1])

    def _local(self, places: Sequence[Location]) -> Path | None:
        for place in places:
            backend = self._backends.holding(place.store)
            return None if backend is None else backend.store.path(place.key)
        return None

    def in_order(self, places: Sequence[Location]) -> Sequence[Location]:
        """The places as they are to be tried."""
        if len(places) < 2:
            return places
        order = self._backends.in_order([place.store for place in places])
        return sorted(places, key=lambda place: order.index(place.store))
