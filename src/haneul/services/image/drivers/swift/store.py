"""The store that settings name `swift`."""

import msgspec

from haneul.services.image.drivers.base import ImageStore, StoreOptions
from haneul.services.image.drivers.remote.parts import MIB
from haneul.services.image.drivers.remote.store import RemoteStore
from haneul.services.image.drivers.swift.container import Container
from haneul.services.image.drivers.swift.options import SwiftOptions


def open_store(opened: StoreOptions) -> ImageStore:
    """A store of these options; ValueError if they are no options of Swift. Nothing is asked of the server yet."""
    options = msgspec.convert(dict(opened.options), SwiftOptions, strict=False)
    return RemoteStore(Container(options), opened.folder, options.part_mb * MIB)
