"""A user's password: who claims to know it, whether he does, and what takes its place."""

from datetime import datetime, timedelta
from enum import Enum, auto

import msgspec
from sqlalchemy import bindparam, delete

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, columns_of
from haneul.services.identity.config import SecurityCompliance
from haneul.services.identity.users import lockout
from haneul.services.identity.users.models import Password, User, passwords, users

# Whoever disables the user or changes his password waits for a login that is being concluded, and the login for him:
# what ends the user's tokens then knows of this one.
HELD_USER = Query(User, columns_of(User, users).where(users.c.id == bindparam("id")).with_for_update(read=True))
NEWEST_FIRST = (
    columns_of(Password, passwords).where(passwords.c.user_id == bindparam("user_id")).order_by(passwords.c.id.desc())
)
CURRENT = Query(Password, NEWEST_FIRST.limit(1))
FORMER = Query(Password, NEWEST_FIRST.limit(bindparam("most")))
FORGET = delete(passwords).where(passwords.c.user_id == bindparam("owner_id"), passwords.c.id < bindparam("oldest"))


class PasswordOutcome(Enum):
    """What a proof by password has come to. `EXPIRED`: the password is right, but good only for being changed."""

    OK = auto()
    WRONG = auto()
    EXPIRED = auto()


class Candidate(msgspec.Struct, frozen=True):
    """Who claims a password: the user, if there is one who may log in at all, and the hash to check.

    There is no hash where nothing may fit, as while the user is locked out: a decoy is checked, which takes as long.
    """

    user: User | None
    hash: str | None
    password_expires_at: datetime | None = None
    is_expired: bool = False


class NewPassword(msgspec.Struct, frozen=True):
    """What takes a password's place: a hash, or None where the user shall have no password, under these rules."""

    hash: str | None
    compliance: SecurityCompliance
    is_self_service: bool = False


def candidate(db: Db, user: User | None, compliance: SecurityCompliance) -> Candidate:
    """The user with what his password must fit, if he is enabled, active and of an enabled domain."""
    found = lockout.standing(db, user, compliance)
    if found is None:
        return Candidate(None, None)
    moment = now()
    password = current(db, found.id)
    is_open = password is not None and not lockout.is_locked_out(db, found, compliance, moment)
    return Candidate(
        user=found,
        hash=password.hash if is_open and password is not None else None,
        password_expires_at=found.password_expires_at,
        is_expired=is_expired(found, moment),
    )


def conclude_password(db: Db, claimed: Candidate, fits: bool, compliance: SecurityCompliance) -> PasswordOutcome:
    """Count a check of a candidate's hash that failed, and say what it comes to.

    What others have done in the meantime holds: of many guesses made at once none is let in after the last that may
    fail, be it the right one, and none by a password that has been changed. That the password is right forgives
    nothing yet: who knows it may still be guessing at another factor.
    """
    user = None if claimed.user is None else hold(db, claimed.user.id)
    # His domain was looked at when he became a candidate, and is again when he gets a token.
    if user is None or not lockout.is_welcome(user, compliance) or lockout.is_locked_out(db, user, compliance, now()):
        lockout.note_failure(db, None, compliance)
        return PasswordOutcome.WRONG
    if not fits:
        lockout.note_failure(db, user, compliance)
        return PasswordOutcome.WRONG
    known = current(db, user.id)
    if known is None or known.hash != claimed.hash:
        return PasswordOutcome.WRONG
    if is_expired(user, now()):
        return PasswordOutcome.EXPIRED
    return PasswordOutcome.OK


def hold(db: Db, user_id: str) -> User | None:
    """The user, whom nobody else disables or gives another password until this transaction ends."""
    return db.one(HELD_USER, id=user_id)


def current(db: Db, user_id: str) -> Password | None:
    """The password that counts; it has no hash if it was taken away."""
    return db.one(CURRENT, user_id=user_id)


def former(db: Db, user_id: str, most: int) -> list[Password]:
    """The user's last passwords, the one that counts among them, newest first."""
    return db.all(FORMER, user_id=user_id, most=most)


def is_expired(user: User, moment: datetime) -> bool:
    """Whether the user's password is good for nothing but being changed."""
    expires_at = user.password_expires_at
    return expires_at is not None and expires_at <= moment and not user.options.get("ignore_password_expiry")


def put(db: Db, user: User, new: NewPassword) -> None:
    """Let this be the user's password from now on, and forget those that he may use again."""
    moment = now()
    db.insert_numbered(
        passwords, user_id=user.id, hash=new.hash, created_at=moment, is_self_service=new.is_self_service
    )
    kept = former(db, user.id, max(new.compliance.unique_last_password_count, 1))
    db.run(FORGET, owner_id=user.id, oldest=kept[-1].id)
    db.update(users, {"id": user.id}, password_expires_at=_expiry(user, new, moment))


def _expiry(user: User, new: NewPassword, moment: datetime) -> datetime | None:
    """When a password set at this moment expires: at once where somebody else has set it and it is to be changed."""
    if new.hash is None:
        return None
    is_spared = user.options.get("ignore_change_password_upon_first_use")
    if new.compliance.change_password_upon_first_use and not new.is_self_service and not is_spared:
        return moment
    days = new.compliance.password_expires_days
    if days is None or user.options.get("ignore_password_expiry"):
        return None
    return (moment + timedelta(days=days)).replace(microsecond=0)
