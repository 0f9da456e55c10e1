"""The store that settings name `s3`."""

import msgspec

from haneul.services.image.drivers.base import ImageStore, StoreOptions
from haneul.services.image.drivers.remote.parts import MIB
from haneul.services.image.drivers.remote.store import RemoteStore
from haneul.services.image.drivers.s3.bucket import Bucket
from haneul.services.image.drivers.s3.options import S3Options


def open_store(opened: StoreOptions) -> ImageStore:
    """A store of these options; ValueError if they are no options of S3. Nothing is asked of the server yet."""
    options = msgspec.convert(dict(opened.options), S3Options, strict=False)
    return RemoteStore(Bucket(options), opened.folder, options.part_mb * MIB)
