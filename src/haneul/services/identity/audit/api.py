"""The audit trail over HTTP. It is haneul's own: Keystone has none that can be read."""

from datetime import datetime
from typing import Any

import msgspec

from haneul.kernel.clock import from_iso
from haneul.kernel.db import Db, fields
from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.services.identity.audit.models import AuditRecord
from haneul.services.identity.audit.schemas import RecordQuery, RecordView
from haneul.services.identity.audit.search import Asked, matching
from haneul.services.identity.base_rules import CLOUD_WIDE

routes = Routes()

LIST_ALL = Rule(
    "identity:list_all_audit_records",
    "rule:admin_required or (role:reader and system_scope:all)",
    "List what was done in the whole cloud.",
    scope_types=CLOUD_WIDE,
)
LIST = Rule(
    "identity:list_audit_records",
    "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.domain_id)s) "
    "or (role:reader and project_id:%(target.project_id)s)",
    "List what was done in one's domain or project.",
)
MOST = 1000
LAST_SEQUENCE = 2**63 - 1


@routes.get("/v3/HANEUL-AUDIT/records", rule=LIST, wraps="records")
def list_audit_records(call: Call, query: RecordQuery) -> Listed[RecordView]:
    own = _own_place(call)
    call.enforce(None, rule=None, **own)
    page = call.page()
    page = msgspec.structs.replace(page, limit=min(page.limit or MOST, MOST))
    within = {} if call.allows(LIST_ALL) else own
    found = _found(call.db, _asked(query, page.limit or MOST, page.marker), within)
    return listed(page, found, RecordView.of, lambda record: str(record.sequence))


def _own_place(call: Call) -> dict[str, str]:
    """The domain or project that the caller's token is for."""
    places = {"domain_id": call.caller.domain_id, "project_id": call.caller.project_id}
    return {name: own_id for name, own_id in places.items() if own_id is not None}


def _found(db: Db, asked: Asked, within: dict[str, str]) -> list[AuditRecord]:
    """The records of these domains or projects alone; none where others are asked for."""
    if any(getattr(asked, name) not in (None, own_id) for name, own_id in within.items()):
        return []
    return matching(db, msgspec.structs.replace(asked, **within))


def _asked(query: RecordQuery, most: int, marker: str | None) -> Asked:
    named: dict[str, Any] = fields(query)
    for name in ("since", "until"):
        if name in named:
            named[name] = _moment(name, named[name])
    return Asked(most=most, before=None if marker is None else _place(marker), **named)


def _place(marker: str) -> int:
    """Records are numbered, and any number will do: what comes before it is the next page."""
    if not (marker.isascii() and marker.isdigit()):
        raise BadRequest("marker [{marker}] not found", marker=marker)
    return min(int(marker[:20]), LAST_SEQUENCE)


def _moment(name: str, text: str) -> datetime:
    try:
        return from_iso(text)
    except ValueError:
        raise BadRequest("{name} must be a moment in ISO 8601, not '{text}'.", name=name, text=text) from None
