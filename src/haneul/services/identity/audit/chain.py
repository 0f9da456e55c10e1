"""The chain of the audit trail: each record's seal is a digest over it and the seal before.

Who changes, takes out or slips in a record leaves the chain broken at that place. Who could rewrite every record after
it as well is found out by a seal that was noted elsewhere: `verify` tells the newest one.
"""

from collections.abc import Sequence
from hashlib import sha256

import msgspec
from sqlalchemy import bindparam, func, select

from haneul.kernel.clock import to_microseconds
from haneul.kernel.db import Db, Query, Store, by, columns_of
from haneul.services.identity.audit.models import AuditRecord, ChainHead, audit_records, chain_heads

PAGE = 500
HEAD = by(ChainHead, chain_heads, "id")
AFTER = Query(
    AuditRecord,
    columns_of(AuditRecord, audit_records)
    .where(audit_records.c.sequence > bindparam("sequence"))
    .order_by(audit_records.c.sequence)
    .limit(PAGE),
)
LAST = select(func.max(audit_records.c.sequence))
UNSEALED = select(func.count()).select_from(audit_records).where(audit_records.c.sequence.is_(None))
START = ChainHead(1, 0, "")
"""The head of a chain without records."""

CHANGED = "Record {sequence} is not as it was when it was sealed."
MISSING = "Record {sequence} is missing."
BEYOND = "Record {sequence} stands behind the end of the chain, which is record {head}."
HEAD_CHANGED = "The end of the chain does not fit record {sequence}."


class Break(msgspec.Struct, frozen=True):
    """Where the chain breaks first, and how, in a sentence."""

    sequence: int
    reason: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a walk along the chain has found: records in it that are as they were, those that wait for their seal, the
    newest seal that is good, and the first break if there is one."""

    sealed: int
    unsealed: int
    seal: str
    broken: Break | None = None


def seal_of(record: AuditRecord, sequence: int, previous: str) -> str:
    """The seal of a record in this place, behind the record with that seal."""
    columns = msgspec.structs.asdict(record)
    told = {**columns, "moment": to_microseconds(record.moment), "sequence": sequence, "seal": previous}
    return sha256(msgspec.json.encode(told, order="sorted")).hexdigest()


def verify(store: Store) -> Verdict:
    """Walk the whole chain, in pages, and say how it is."""
    # The last record before the head: whatever is sealed in between only moves the head on.
    last = store.read(lambda db: db.value(LAST)) or 0
    head = store.read(_head)
    reached, broken = START, None
    while broken is None and (page := _page(store, reached.sequence)):
        reached, broken = _walk(reached, [record for record in page if (record.sequence or 0) <= head.sequence])
        if (page[-1].sequence or 0) > head.sequence:
            break
    unsealed = store.read(lambda db: db.value(UNSEALED)) or 0
    broken = broken or _break_at_end(reached, head, last)
    return Verdict(sealed=reached.sequence, unsealed=unsealed, seal=reached.seal, broken=broken)


def _head(db: Db) -> ChainHead:
    return db.one(HEAD, id=1) or START


def _page(store: Store, sequence: int) -> list[AuditRecord]:
    return store.read(lambda db: db.all(AFTER, sequence=sequence))


def _walk(reached: ChainHead, page: Sequence[AuditRecord]) -> tuple[ChainHead, Break | None]:
    """How far these records carry the chain on, and what ends it there."""
    for record in page:
        sequence = reached.sequence + 1
        if record.sequence != sequence:
            return reached, Break(sequence, MISSING.format(sequence=sequence))
        if record.seal != seal_of(record, sequence, reached.seal):
            return reached, Break(sequence, CHANGED.format(sequence=sequence))
        reached = ChainHead(1, sequence, record.seal)
    return reached, None


def _break_at_end(reached: ChainHead, head: ChainHead, last: int) -> Break | None:
    if reached.sequence < head.sequence:
        return Break(reached.sequence + 1, MISSING.format(sequence=reached.sequence + 1))
    if reached.seal != head.seal:
        return Break(head.sequence, HEAD_CHANGED.format(sequence=head.sequence))
    if last > head.sequence:
        return Break(head.sequence + 1, BEYOND.format(sequence=last, head=head.sequence))
    return None
