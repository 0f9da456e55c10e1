"""Who may not log in for the time being: after too many wrong proofs, or after too long a silence.

Neither can be told from a wrong password, so that nobody learns from it who there is.
"""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import bindparam, case, update

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Time, by
from haneul.services.identity.config import SecurityCompliance
from haneul.services.identity.projects.models import Project, projects
from haneul.services.identity.users.models import LoginFailures, User, login_failures, users

FAILURES_OF = by(LoginFailures, login_failures, "user_id")
DOMAIN_BY_ID = by(Project, projects, "id")
_kept = login_failures.c
# In one statement, so that guesses made at once all count. A lock-out that has lapsed begins anew.
COUNT = (
    update(login_failures)
    .where(_kept.user_id == bindparam("guessed_id"))
    .values(
        count=case(
            ((_kept.count >= bindparam("most")) & (_kept.failed_at <= bindparam("lapsed", type_=Time)), 1),
            else_=_kept.count + 1,
        ),
        failed_at=bindparam("moment", type_=Time),
    )
)
NOBODY = ""


def standing(db: Db, user: User | None, compliance: SecurityCompliance) -> User | None:
    """The user if he may log in at all: enabled, not idle for too long, and of an enabled domain."""
    if user is None or not is_welcome(user, compliance):
        return None
    domain = db.one(DOMAIN_BY_ID, id=user.domain_id)
    return user if domain is not None and domain.enabled else None


def is_welcome(user: User, compliance: SecurityCompliance) -> bool:
    """Whether the user is enabled and has not been idle for too long; his domain is another matter."""
    return user.enabled and not is_inactive(user, compliance, now())


def failures_of(db: Db, user: User, compliance: SecurityCompliance) -> LoginFailures | None:
    """The user's wrong proofs, where they are counted and there are any."""
    return db.one(FAILURES_OF, user_id=user.id) if _is_counted(user, compliance) else None


def is_locked_out(db: Db, user: User, compliance: SecurityCompliance, moment: datetime) -> bool:
    """Whether the user has failed so often, and so lately, that even the right proof is refused."""
    failures = failures_of(db, user, compliance)
    most = compliance.lockout_failure_attempts
    if failures is None or most is None or failures.count < most:
        return False
    return failures.failed_at + timedelta(seconds=compliance.lockout_duration_s) > moment


def note_failure(db: Db, user: User | None, compliance: SecurityCompliance) -> None:
    """Count a wrong proof. For a user who isn't there, the same is asked of the database."""
    most = compliance.lockout_failure_attempts
    if most is None:
        return
    moment = now()
    counted_id = user.id if user is not None and _is_counted(user, compliance) else NOBODY
    values = {"guessed_id": counted_id, "most": most, "moment": moment}
    values["lapsed"] = moment - timedelta(seconds=compliance.lockout_duration_s)
    if not db.run(COUNT, **values) and counted_id != NOBODY:
        db.insert_missing(login_failures, LoginFailures(counted_id, 0, moment))
        db.run(COUNT, **values)


def note_success(db: Db, user: User, compliance: SecurityCompliance) -> None:
    """The user has proved himself: his failures are forgotten, and he has been here today."""
    if failures_of(db, user, compliance) is not None:
        forget_failures(db, user.id)
    today = day_of(now())
    if user.last_active_at != today:
        db.update(users, {"id": user.id}, last_active_at=today)


def forget_failures(db: Db, user_id: str) -> None:
    """The user may try again at once."""
    db.delete(login_failures, user_id=user_id)


def is_inactive(user: User, compliance: SecurityCompliance, moment: datetime) -> bool:
    """Whether the user has been away for so many days that he counts as disabled."""
    most = compliance.disable_user_account_days_inactive
    if most is None or user.options.get("ignore_user_inactivity"):
        return False
    return (day_of(moment) - day_of(user.last_active_at or user.created_at)).days >= most


def as_seen(user: User, compliance: SecurityCompliance, moment: datetime) -> User:
    """The user as clients see him: who has been away for too long is disabled."""
    return msgspec.structs.replace(user, enabled=False) if is_inactive(user, compliance, moment) else user


def day_of(moment: datetime) -> datetime:
    """The first moment of its day, UTC."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _is_counted(user: User, compliance: SecurityCompliance) -> bool:
    is_spared = user.options.get("ignore_lockout_failure_attempts")
    return compliance.lockout_failure_attempts is not None and not is_spared
