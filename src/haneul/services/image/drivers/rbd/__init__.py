"""Image bytes as block devices in a pool of Ceph."""

from haneul.services.image.drivers.rbd.store import open_store

__all__ = ["open_store"]
