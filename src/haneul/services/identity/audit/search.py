"""Which records of the audit trail a caller is shown: those that have their place in the chain, newest first."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, bindparam

from haneul.kernel.db import Db, Query, columns_of
from haneul.services.identity.audit.models import AuditRecord, audit_records

_record = audit_records.c
_EQUAL = ("user_id", "target_id", "resource", "action", "outcome", "project_id", "domain_id")
CONDITIONS: Mapping[str, ColumnElement[bool]] = {
    **{name: _record[name] == bindparam(name) for name in _EQUAL},
    "before": _record.sequence < bindparam("before", type_=BigInteger),
    "since": _record.moment >= bindparam("since", type_=_record.moment.type),
    "until": _record.moment < bindparam("until", type_=_record.moment.type),
}
_queries: dict[frozenset[str], Query[AuditRecord]] = {}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The list that is asked for: of `most` records, sealed before the one whose sequence is `before`.

    `until` itself is not in it, `since` is.
    """

    most: int
    before: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    user_id: str | None = None
    target_id: str | None = None
    resource: str | None = None
    action: str | None = None
    outcome: str | None = None
    project_id: str | None = None
    domain_id: str | None = None


def matching(db: Db, asked: Asked) -> list[AuditRecord]:
    """One page."""
    values = {name: value for name, value in msgspec.structs.asdict(asked).items() if value is not None}
    return db.all(_query(frozenset(values) - {"most"}), **values)


def _query(names: frozenset[str]) -> Query[AuditRecord]:
    """The statement for these filters, which are a thousand combinations at most."""
    found = _queries.get(names)
    if found is None:
        conditions: list[Any] = [_record.sequence.is_not(None), *(CONDITIONS[name] for name in sorted(names))]
        statement = columns_of(AuditRecord, audit_records).where(*conditions).order_by(_record.sequence.desc())
        found = _queries[names] = Query(AuditRecord, statement.limit(bindparam("most")))
    return found
