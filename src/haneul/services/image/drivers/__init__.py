"""The drivers that keep image bytes, by the name that settings use."""

from collections.abc import Callable, Mapping
from pathlib import Path

from haneul.services.image.drivers.base import ImageStore
from haneul.services.image.drivers.file import FileStore

DRIVERS: Mapping[str, Callable[[Path], ImageStore]] = {"file": FileStore}
