"""What ends tokens before their time; each change of it moves the epoch, so that every process sees it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, bindparam, delete, or_, select

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, columns_of
from haneul.services.identity.epoch import bump
from haneul.services.identity.revocation.models import RevocationEvent, revocation_events

# Longer than any token lives: configuration bounds a token's life by it.
KEPT = timedelta(days=31)

_event = revocation_events.c
_AUDIT, _USERS, _DOMAINS = ("audit_1", "audit_2"), ("user_1", "user_2"), ("domain_1", "domain_2", "domain_3")


def _among(name: str, parameters: Sequence[str]) -> ColumnElement[bool]:
    # A fixed number of parameters, of which None equals nothing: lists in IN are compiled anew at each execution.
    return _event[name].in_([bindparam(one, type_=String) for one in parameters])


def _before(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return condition & (_event.issued_before >= bindparam("issued_at"))


IS_REVOKED = (
    select(_event.id)
    .where(
        or_(
            _among("audit_id", _AUDIT),
            _before(_among("user_id", _USERS)),
            _before(_event.project_id == bindparam("project_id")),
            _before(_among("domain_id", _DOMAINS)),
            _before(_event.trust_id == bindparam("trust_id")),
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
    user_ids: Sequence[str],
    project_id: str | None,
    domain_ids: Sequence[str | None],
    trust_id: str,
    issued_at: datetime,
) -> bool:
    """Whether an event ends the token of which all this is true: at most two audit ids and users, and three domains."""
    named = dict.fromkeys((*_AUDIT, *_USERS, *_DOMAINS))
    for names, values in ((_AUDIT, audit_ids), (_USERS, user_ids), (_DOMAINS, domain_ids)):
        named.update(zip(names, values, strict=False))
    return db.value(IS_REVOKED, **named, project_id=project_id, trust_id=trust_id, issued_at=issued_at) is not None


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
