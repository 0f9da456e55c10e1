"""The audit trail: one row for each change and login, in the transaction of what it tells of.

Rows are written unsealed; the sealer gives them their places in the chain and tells of them on the bus.
"""

from typing import Any

from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.kernel.db.news import News
from haneul.services.identity.audit.models import audit_records

news = News()


def record(
    db: Db,
    resource: str,
    action: str,
    target_id: str,
    *,
    domain_id: str = "",
    project_id: str = "",
    outcome: str = "success",
    user_id: str = "",
    **details: Any,
) -> None:
    """Write down what this transaction does: `record(db, "user", "created", user.id, domain_id=user.domain_id)`.

    `domain_id` and `project_id` are those that it concerns. `user_id` is who did it where that isn't the caller: at a
    login. `details` are JSON values and hold no secret.
    """
    origin = db.origin
    caller = origin.caller
    db.insert_numbered(
        audit_records,
        sequence=None,
        seal="",
        moment=now(),
        resource=resource,
        action=action,
        target_id=target_id,
        outcome=outcome,
        user_id=user_id or caller.user_id,
        domain_id=domain_id,
        project_id=project_id,
        initiator={
            "user_id": user_id or caller.user_id,
            "project_id": caller.project_id,
            "domain_id": caller.domain_id,
            "trust_id": caller.trust_id or None,
            "application_credential_id": caller.application_credential_id or None,
            "address": origin.remote,
            "agent": origin.agent[:255],
            "global_request_id": origin.global_request_id,
        },
        details=details,
        request_id=origin.request_id,
    )
    news.told(db)
