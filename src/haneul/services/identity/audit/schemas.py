from typing import Any

from haneul.kernel.clock import iso_microseconds
from haneul.kernel.schema import UNSET, OpenBody, UnsetType, View
from haneul.services.identity.audit.models import AuditRecord


class RecordQuery(OpenBody):
    """What the list may be asked for; `since` and `until` are moments in ISO 8601, UTC where they name no zone."""

    user_id: str | UnsetType = UNSET
    target_id: str | UnsetType = UNSET
    resource: str | UnsetType = UNSET
    action: str | UnsetType = UNSET
    outcome: str | UnsetType = UNSET
    project_id: str | UnsetType = UNSET
    domain_id: str | UnsetType = UNSET
    since: str | UnsetType = UNSET
    until: str | UnsetType = UNSET


class RecordView(View):
    """One record; `sequence` is its place in the chain, which begins with 1."""

    sequence: int
    recorded_at: str
    resource: str
    action: str
    outcome: str
    target_id: str
    user_id: str | None
    project_id: str | None
    domain_id: str | None
    initiator: dict[str, Any]
    details: dict[str, Any]
    request_id: str
    seal: str

    @classmethod
    def of(cls, record: AuditRecord) -> "RecordView":
        return cls(
            sequence=record.sequence or 0,
            recorded_at=iso_microseconds(record.moment),
            resource=record.resource,
            action=record.action,
            outcome=record.outcome,
            target_id=record.target_id,
            user_id=record.user_id or None,
            project_id=record.project_id or None,
            domain_id=record.domain_id or None,
            initiator={name: value for name, value in record.initiator.items() if value},
            details=record.details,
            request_id=record.request_id,
            seal=record.seal,
        )
