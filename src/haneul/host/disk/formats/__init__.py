"""Our own reader of image headers: no other program sees an uploaded file before this one has passed it."""

from haneul.host.disk.formats.containers import CLAIMABLE_CONTAINERS
from haneul.host.disk.formats.inspector import CLAIMABLE, MAX_VIRTUAL_BYTES, Inspected, Inspector
from haneul.host.disk.formats.sample import Mismatch, Unsafe

__all__ = ["CLAIMABLE", "CLAIMABLE_CONTAINERS", "MAX_VIRTUAL_BYTES", "Inspected", "Inspector", "Mismatch", "Unsafe"]
