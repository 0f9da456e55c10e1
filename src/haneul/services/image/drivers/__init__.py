"""The drivers that keep image bytes, by the name that settings use."""

from collections.abc import Callable, Mapping

from haneul.services.image.drivers import rbd, s3, swift
from haneul.services.image.drivers.base import ImageStore, StoreOptions
from haneul.services.image.drivers.file import FileStore
from haneul.services.image.drivers.http import HttpStore

DRIVERS: Mapping[str, Callable[[StoreOptions], ImageStore]] = {
    "file": FileStore,
    "http": HttpStore,
    "rbd": rbd.open_store,
    "s3": s3.open_store,
    "swift": swift.open_store,
}
