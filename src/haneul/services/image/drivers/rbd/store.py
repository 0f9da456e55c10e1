"""The store that settings name `rbd`."""

import msgspec

from haneul.services.image.drivers.base import ImageStore, StoreOptions
from haneul.services.image.drivers.rbd.cluster import Cluster
from haneul.services.image.drivers.rbd.options import RbdOptions
from haneul.services.image.drivers.rbd.pool import Pool
from haneul.services.image.drivers.remote.parts import MIB
from haneul.services.image.drivers.remote.store import RemoteStore


def open_store(opened: StoreOptions) -> ImageStore:
    """A store of these options; ValueError if they are no options of RBD, or if Ceph's bindings are not installed.
    Nothing is asked of the cluster yet."""
    options = msgspec.convert(dict(opened.options), RbdOptions, strict=False)
    return RemoteStore(Pool(Cluster(options)), opened.folder, options.part_mb * MIB)
