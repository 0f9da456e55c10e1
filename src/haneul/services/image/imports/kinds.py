"""The kinds of transfer that imports are made of."""

from collections.abc import Mapping

from haneul.kernel.db import Db
from haneul.services.image.imports import logic, of_servers
from haneul.services.image.imports.bringing import fetch, pull, pulled
from haneul.services.image.imports.logic import Arrival
from haneul.services.image.imports.plugins import convert, converted, unpack
from haneul.services.image.transfers.copying import store_bytes
from haneul.services.image.transfers.job import Kind, Outcome
from haneul.services.image.transfers.models import Transfer


def _stored(db: Db, transfer: Transfer, outcome: Outcome) -> None:
    given = transfer.input
    told = {} if given["is_copy"] else outcome.result
    logic.arrived(db, transfer.image_id, Arrival(given["store"], is_stored=True, may_begin=given["may_fail"]), **told)


def _not_stored(db: Db, transfer: Transfer) -> None:
    logic.arrived(db, transfer.image_id, Arrival(transfer.input["store"], is_stored=False))


KINDS: Mapping[str, Kind] = {
    "fetch": Kind(fetch, lane="elsewhere"),
    "pull": Kind(pull, lane="elsewhere", done=pulled),
    "server": Kind(of_servers.pull, lane="hosts"),
    "image_decompression": Kind(unpack),
    "image_conversion": Kind(convert, done=converted),
    "store": Kind(store_bytes, done=_stored, failed=_not_stored),
}
