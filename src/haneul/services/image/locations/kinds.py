"""The kinds of transfer that new locations are made with."""

from collections.abc import Mapping

from haneul.services.image.locations.hashing import hash_bytes, measure_bytes
from haneul.services.image.transfers.job import Kind

KINDS: Mapping[str, Kind] = {
    "measure": Kind(measure_bytes, lane="elsewhere"),
    "hash": Kind(hash_bytes, lane="elsewhere"),
}
