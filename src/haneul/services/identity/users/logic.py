from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from haneul.kernel.clock import now
from haneul.kernel.db import Db, by, fields, unique
from haneul.kernel.errors import BadRequest, NotBuilt, NotFound
from haneul.kernel.ids import new_hex_id
from haneul.kernel.schema import UNSET
from haneul.services.identity.application_credentials import removal as application_credentials
from haneul.services.identity.audit.logic import record
from haneul.services.identity.config import SecurityCompliance
from haneul.services.identity.epoch import bump
from haneul.services.identity.options import options_after
from haneul.services.identity.projects.models import projects
from haneul.services.identity.revocation.logic import revoke_user
from haneul.services.identity.role_assignments.models import role_assignments
from haneul.services.identity.trusts import ending as trusts
from haneul.services.identity.users import lockout, passwords
from haneul.services.identity.users.models import User, users
from haneul.services.identity.users.passwords import NewPassword
from haneul.services.identity.users.schemas import UserCreate, UserUpdate

BY_ID = by(User, users, "id")
IS_DOMAIN = select(projects.c.is_domain).where(projects.c.id == bindparam("id"))
DUPLICATE = (
    "Conflict occurred attempting to store user - Duplicate entry found with name {name} at domain ID {domain_id}."
)
NO_RULES = SecurityCompliance()


def find(db: Db, user_id: str) -> User | None:
    """The user, or None: routes enforce their rule before they say that somebody isn't there."""
    return db.one(BY_ID, id=user_id)


def get(db: Db, user_id: str) -> User:
    """The user; NotFound."""
    return existing(find(db, user_id), user_id)


def existing(user: User | None, user_id: str) -> User:
    """What was found; NotFound if nothing was."""
    if user is None:
        raise NotFound("Could not find user: {id}.", id=user_id)
    return user


def standing(db: Db, user: User | None, compliance: SecurityCompliance) -> User | None:
    """The user if he may log in at all: enabled, not idle for too long, and of an enabled domain."""
    return lockout.standing(db, user, compliance)


def create(
    db: Db,
    wanted: UserCreate,
    *,
    domain_id: str,
    password_hash: str | None,
    extra: Mapping[str, Any],
    compliance: SecurityCompliance = NO_RULES,
) -> User:
    """Insert a user; Conflict if his domain already has one of that name."""
    _refuse_missing_domain(db, domain_id)
    _refuse_domain_as_default(db, wanted.default_project_id)
    _refuse_federated(wanted)
    moment = now()
    user = User(
        id=new_hex_id(),
        domain_id=domain_id,
        name=wanted.name.strip(),
        enabled=wanted.enabled,
        default_project_id=wanted.default_project_id,
        options=options_after({}, wanted.options),
        extra=dict(extra),
        created_at=moment,
        last_active_at=lockout.day_of(moment) if wanted.enabled else None,
    )
    with unique(DUPLICATE, user):
        db.insert(users, user)
    if password_hash is not None:
        passwords.put(db, user, NewPassword(password_hash, compliance))
    record(db, "user", "created", user.id, domain_id=user.domain_id)
    return get(db, user.id)


def update(
    db: Db,
    user_id: str,
    wanted: UserUpdate,
    *,
    password_hash: str | None = None,
    extra: Mapping[str, Any],
    compliance: SecurityCompliance = NO_RULES,
) -> User:
    """Change a user. A new password, or being disabled, ends every token that he has.

    Being enabled, or given a password, ends a lock-out.
    """
    bump(db)
    user = get(db, user_id)
    if wanted.domain_id is not UNSET and wanted.domain_id != user.domain_id:
        raise BadRequest("Cannot change Domain ID")
    _refuse_federated(wanted)
    changes = _changes(user, wanted, extra)
    _refuse_domain_as_default(db, changes.get("default_project_id"))
    if wanted.enabled is False and user.enabled:
        application_credentials.forget_user(db, user.id)
    if changes:
        with unique(DUPLICATE, name=changes.get("name"), domain_id=user.domain_id):
            db.update(users, {"id": user.id}, **changes)
    if wanted.password is not UNSET:
        passwords.put(db, get(db, user.id), NewPassword(password_hash, compliance))
    if wanted.password is not UNSET or (wanted.enabled is False and user.enabled):
        # Only now is the user's row this transaction's own: a login that was quicker has a token to be ended.
        revoke_user(db, user.id)
    if wanted.password is not UNSET or wanted.enabled is True:
        lockout.forget_failures(db, user.id)
    record(db, "user", "updated", user.id, domain_id=user.domain_id)
    return get(db, user.id)


def _changes(user: User, wanted: UserUpdate, extra: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that the request changes; a password has a table of its own."""
    named = ("name", "enabled", "default_project_id")
    changes = {name: value for name, value in fields(wanted).items() if name in named}
    if "name" in changes:
        changes["name"] = changes["name"].strip()
    if wanted.options is not UNSET:
        changes["options"] = options_after(user.options, wanted.options)
    if wanted.enabled is True:
        changes["last_active_at"] = lockout.day_of(now())
    if extra:
        changes["extra"] = {**user.extra, **extra}
    return changes


def change_password(db: Db, user_id: str, new: NewPassword, *, proved_hash: str) -> bool:
    """Set a new password and end every token; False if the password that was proved is no longer the user's."""
    bump(db)
    current = passwords.current(db, user_id)
    if current is None or current.hash != proved_hash:
        return False
    user = get(db, user_id)
    passwords.put(db, user, new)
    revoke_user(db, user_id)
    if not user.options.get("multi_factor_auth_rules"):
        lockout.note_success(db, user, new.compliance)
    record(db, "user", "updated", user_id, domain_id=user.domain_id)
    return True


def delete(db: Db, user: User) -> None:
    """Delete a user with his passwords, memberships and roles; his tokens end with him."""
    bump(db)
    db.delete(role_assignments, actor_type="user", actor_id=user.id)
    application_credentials.forget_user(db, user.id)
    trusts.forget_user(db, user.id)
    db.delete(users, id=user.id)
    record(db, "user", "deleted", user.id, domain_id=user.domain_id)


def _refuse_missing_domain(db: Db, domain_id: str) -> None:
    if not db.value(IS_DOMAIN, id=domain_id):
        raise NotFound("Could not find domain: {id}.", id=domain_id)


def _refuse_domain_as_default(db: Db, project_id: str | None) -> None:
    if project_id is not None and db.value(IS_DOMAIN, id=project_id):
        raise BadRequest("User's default project ID cannot be a domain ID: {id}", id=project_id)


def _refuse_federated(wanted: UserCreate | UserUpdate) -> None:
    # Storing it without obeying it would let nobody in who should be.
    if wanted.federated is not UNSET and wanted.federated:
        raise NotBuilt("Federated users are not built yet.")
