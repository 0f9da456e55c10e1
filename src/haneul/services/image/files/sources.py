"""Opening an image's bytes at one of the places where they lie."""

import logging
from collections.abc import Sequence

from haneul.kernel.errors import Unavailable
from haneul.services.image.drivers.base import Reader, Unreachable
from haneul.services.image.locations.models import Location
from haneul.services.image.stores.backends import Backends

log = logging.getLogger("haneul.image")


class Sources:
    """Finds a place that answers, those of more weight first."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends

    def open(self, places: Sequence[Location]) -> Reader:
        """The bytes, for reading; Unavailable if none of the places has them now."""
        for place in self.in_order(places):
            backend = self._backends.holding(place.store)
            try:
                if backend is not None:
                    return backend.store.open(place.key)
            except (FileNotFoundError, Unreachable):
                log.warning("The bytes of image %s can't be read from the store %s.", place.image_id, place.store)
        raise Unavailable("The image's bytes are missing from its store.")

    def in_order(self, places: Sequence[Location]) -> Sequence[Location]:
        """The places as they are to be tried."""
        if len(places) < 2:
            return places
        order = self._backends.in_order([place.store for place in places])
        return sorted(places, key=lambda place: order.index(place.store))
