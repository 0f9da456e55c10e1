"""Image bytes in a container of OpenStack Swift."""

from haneul.services.image.drivers.swift.store import open_store

__all__ = ["open_store"]
