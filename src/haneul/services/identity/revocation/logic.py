"""What ends tokens before their time; each change of it moves the epoch, so that every process sees it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, or_, select

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, columns_of
from haneul.services.identity.epoch import bump
from haneul.services.identity.revocation.models import RevocationEvent, revocation_events

# Longer than any token lives: configuration bounds a token's life by it.
KEPT = timedelta(days=31)

_event = revocation_events.c
IS_REVOKED = (
    select(_event.id)
    .where(
        or_(
            _event.audit_id.in_(bindparam("audit_ids", expanding=True)),
            (_event.user_id == bindparam("user_id")) & (_event.issued_before >= bindparam("issued_at")),
            _event.project_id.in_(bindparam("project_ids", expanding=True))
            & (_event.issued_before >= bindparam("issued_at")),
            _event.domain_id.in_(bindparam("domain_ids", expanding=True))
            & (_event.issued_before >= bindparam("issued_at")),
            (_event.trust_id == bindparam("trust_id")) & (_event.issued_before >= bindparam("issued_at")),
        )
    )
    .limit(1)
)
SINCE = Query(
    RevocationEvent,
    columns_of(RevocationEvent, revocation_events)
    .where(_event.revoked_at >= bindparam("since"), _event.expires_at > bindparam("moment"))
    .order_by(_event.id)
    .limit(bindparam("most")),
)
FORGET = delete(revocation_events).where(_event.expires_at < bindparam("moment"))
LISTED_MOST = 10_000


def revoke_token(db: Db, audit_id: str, expires_at: datetime) -> None:
    """The token of this audit id, and no other of its chain, counts no longer."""
    _insert(db, audit_id=audit_id, expires_at=expires_at)


def revoke_user(db: Db, user_id: str) -> None:
    """Every token that the user has by now is over."""
    _insert(db, user_id=user_id)


def revoke_project(db: Db, project_id: str) -> None:
    """Every token scoped to the project by now is over, even if the project comes back."""
    _insert(db, project_id=project_id)


def revoke_domain(db: Db, domain_id: str) -> None:
    """Every token of the domain's users, and every one scoped to it or to its projects, is over."""
    _insert(db, domain_id=domain_id)


def revoke_trust(db: Db, trust_id: str) -> None:
    """Every token by this trust is over."""
    _insert(db, trust_id=trust_id)


def is_revoked(
    db: Db,
    *,
    audit_ids: Sequence[str],
    user_id: str,
    project_ids: Sequence[str],
    domain_ids: Sequence[str],
    trust_id: str,
    issued_at: datetime,
) -> bool:
    """Whether an event ends the token of which all this is true."""
    found = db.value(
        IS_REVOKED,
        audit_ids=list(audit_ids),
        user_id=user_id,
        project_ids=list(project_ids),
        domain_ids=list(domain_ids),
        trust_id=trust_id,
        issued_at=issued_at,
    )
    return found is not None


def events_since(db: Db, since: datetime) -> list[RevocationEvent]:
    """What was revoked from that moment on, as far as it may still matter; the oldest first."""
    return db.all(SINCE, since=since, moment=now(), most=LISTED_MOST)


def _insert(db: Db, *, expires_at: datetime | None = None, **matched: str) -> None:
    bump(db)
    moment = now()
    db.run(FORGET, moment=moment)
    named = {name: matched.get(name) for name in ("audit_id", "user_id", "project_id", "domain_id", "trust_id")}
    db.insert_numbered(
        revocation_events,
        **named,
        issued_before=moment,
        revoked_at=moment,
        expires_at=expires_at or moment + KEPT,
    )
