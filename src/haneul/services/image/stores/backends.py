"""The stores that this cloud has, by name."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from haneul.host.net.fetch import Fetcher
from haneul.kernel.config import ConfigError
from haneul.services.image.config import BackendSettings, ImageSettings
from haneul.services.image.drivers import DRIVERS
from haneul.services.image.drivers.base import ImageStore, StoreOptions

STAGING = "os_glance_staging_store"
RESERVED = "os_glance_"
ONLY: dict[str, BackendSettings] = {"file": BackendSettings()}


class Backend(msgspec.Struct, frozen=True, kw_only=True):
    """A store as configured. `options` are its driver's, which may hold secrets."""

    name: str
    driver: str
    store: ImageStore
    settings: BackendSettings


class Found(msgspec.Struct, frozen=True):
    """Bytes that an address names: the store that has them, and their key there."""

    backend: Backend
    key: str


class Backends:
    """Every store, and beside them the one in which bytes wait for their import."""

    def __init__(self, backends: Iterable[Backend], default: str, staging: Backend) -> None:
        self._named = {one.name: one for one in backends}
        self._staging = staging
        self.default = self._named[default]

    def __iter__(self) -> Iterator[Backend]:
        return iter(self._named.values())

    def named(self, name: str) -> Backend | None:
        """The store of a name that users may say."""
        return self._named.get(name)

    def holding(self, name: str) -> Backend | None:
        """The store of a name that a row says; None for one that is no longer configured."""
        return self._staging if name == STAGING else self._named.get(name)

    @property
    def staging(self) -> Backend:
        return self._staging

    @property
    def every(self) -> list[Backend]:
        """All that keep bytes, staging among them."""
        return [one for one in (*self, self._staging) if not one.store.is_read_only]

    @property
    def writable(self) -> list[str]:
        """The names of those that take bytes, in their order."""
        return [one.name for one in self if not one.store.is_read_only]

    def at(self, address: str) -> Found | None:
        """The bytes that an URL names; None if no store of ours knows the URL."""
        for one in self:
            key = one.store.key_at(address)
            if key is not None:
                return Found(one, key)
        return None

    def in_order(self, names: Iterable[str]) -> list[str]:
        """Names of stores, those of more weight first."""
        return sorted(names, key=self._lightness)

    def _lightness(self, name: str) -> int:
        backend = self._named.get(name)
        return -backend.settings.weight if backend else 0


def open_backends(settings: ImageSettings, folder: Path, fetcher: Fetcher) -> Backends:
    """The stores as settings describe them, in a folder of ours; ConfigError for what can't be."""
    named = settings.stores or ONLY
    default = settings.default_store or next(iter(named))
    if default not in named:
        raise ConfigError(f"[image] default_store is {default}, which is none of its stores: {', '.join(named)}.")
    for name, one in named.items():
        if one.driver not in DRIVERS or name.startswith(RESERVED) or "," in name:
            good = ", ".join(sorted(DRIVERS))
            raise ConfigError(f"[image.stores.{name}] can't be: its driver must be one of {good}, and its name free.")
    opened = [
        _opened(name, one, StoreOptions(folder=folder / name, options=one.options, fetcher=fetcher))
        for name, one in {**named, STAGING: BackendSettings()}.items()
    ]
    return Backends(opened[:-1], default, opened[-1])


def _opened(name: str, wanted: BackendSettings, options: StoreOptions) -> Backend:
    try:
        store = DRIVERS[wanted.driver](options)
    except ValueError as error:
        raise ConfigError(f"[image.stores.{name}] {error}") from error
    return Backend(name=name, driver=wanted.driver, store=store, settings=wanted)
