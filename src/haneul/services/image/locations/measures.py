"""Asking stores what lies at the URLs that clients give. Waits for networks: never inside a transaction."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

import msgspec

from haneul.services.image.drivers.base import Unreachable
from haneul.services.image.locations.logic import Place
from haneul.services.image.stores.backends import Backends, Found

# Clients may not name files of the machine, nor accounts of the store's own configuration.
RESTRICTED = frozenset(("file", "filesystem", "swift+config"))


class Measured(msgspec.Struct, frozen=True):
    """Bytes that an URL names: where they lie, how many they are, and whether the store is only read."""

    place: Place
    size: int
    is_read_only: bool


def known(backends: Backends, url: str) -> Found | None:
    """The store that has the bytes of a client's URL; None for an URL that no client may give. Asks nobody."""
    try:
        scheme = urlsplit(url).scheme.lower()
    except ValueError:
        return None
    return None if scheme in RESTRICTED else backends.at(url)


def measure(backends: Backends, urls: Iterable[str]) -> Mapping[str, Measured]:
    """What lies at those of the URLs that can be an image's locations; the others are missing."""
    found: dict[str, Measured] = {}
    for url in dict.fromkeys(urls):
        at = known(backends, url)
        size = 0 if at is None else _size(at)
        if at is not None and size > 0:
            found[url] = Measured(Place(at.backend.name, at.key), size, at.backend.store.is_read_only)
    return found


def _size(found: Found) -> int:
    try:
        return found.backend.store.size(found.key)
    except (FileNotFoundError, Unreachable, ValueError):
        return 0
