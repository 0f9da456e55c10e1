from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import bindparam, select

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of, fields, unique
from haneul.kernel.db.listing import Listing, Page
from haneul.kernel.errors import BadRequest, NotBuilt, NotFound
from haneul.kernel.ids import new_hex_id
from haneul.kernel.schema import UNSET
from haneul.services.identity.epoch import bump
from haneul.services.identity.options import options_after
from haneul.services.identity.projects.models import Project, projects
from haneul.services.identity.revocation.logic import revoke_user
from haneul.services.identity.role_assignments.models import role_assignments
from haneul.services.identity.users.models import Password, User, passwords, users
from haneul.services.identity.users.schemas import UserCreate, UserOptions, UserUpdate

BY_ID = by(User, users, "id")
PASSWORD_OF = Query(
    Password,
    columns_of(Password, passwords)
    .where(passwords.c.user_id == bindparam("user_id"))
    .order_by(passwords.c.id.desc())
    .limit(1),
)
DOMAIN_BY_ID = by(Project, projects, "id")
IS_DOMAIN = select(projects.c.is_domain).where(projects.c.id == bindparam("id"))
LISTING = Listing(
    User,
    users,
    filters={name: users.c[name] for name in ("domain_id", "name", "enabled", "id")},
    sorts={"name": users.c.name, "id": users.c.id},
    default_sort=(("name", "asc"),),
    bounds=("domain_id",),
)
DUPLICATE = (
    "Conflict occurred attempting to store user - Duplicate entry found with name {name} at domain ID {domain_id}."
)


class Candidate(msgspec.Struct, frozen=True):
    """Who claims a password: the user, if there is one who may log in, and the hash to check."""

    user: User | None
    hash: str | None


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


def list_(db: Db, page: Page, filters: Mapping[str, Any], *, within: str | None) -> list[User]:
    """One page; `within` is the domain that bounds what the caller sees."""
    if within is not None and filters.get("domain_id", within) != within:
        return []
    return LISTING.page(db, page, {**filters, "domain_id": within} if within is not None else filters)


def create(db: Db, wanted: UserCreate, *, domain_id: str, password_hash: str | None, extra: Mapping[str, Any]) -> User:
    """Insert a user; Conflict if his domain already has one of that name."""
    _refuse_missing_domain(db, domain_id)
    _refuse_domain_as_default(db, wanted.default_project_id)
    _refuse_unbuilt(wanted.options, extra)
    user = User(
        id=new_hex_id(),
        domain_id=domain_id,
        name=wanted.name.strip(),
        enabled=wanted.enabled,
        default_project_id=wanted.default_project_id,
        options=options_after({}, wanted.options),
        extra=dict(extra),
        created_at=now(),
    )
    with unique(DUPLICATE, user):
        db.insert(users, user)
    if password_hash is not None:
        _insert_password(db, user.id, password_hash)
    return user


def update(
    db: Db, user_id: str, wanted: UserUpdate, *, password_hash: str | None = None, extra: Mapping[str, Any]
) -> User:
    """Change a user. A new password, or being disabled, ends every token that he has."""
    bump(db)
    user = get(db, user_id)
    if wanted.domain_id is not UNSET and wanted.domain_id != user.domain_id:
        raise BadRequest("Cannot change Domain ID")
    changes = {
        name: value for name, value in fields(wanted).items() if name in ("name", "enabled", "default_project_id")
    }
    _refuse_domain_as_default(db, changes.get("default_project_id"))
    if "name" in changes:
        changes["name"] = changes["name"].strip()
    if wanted.options is not UNSET:
        _refuse_unbuilt(wanted.options, extra)
        changes["options"] = options_after(user.options, wanted.options)
    if extra:
        _refuse_unbuilt(UserOptions(), extra)
        changes["extra"] = {**user.extra, **extra}
    if wanted.password is not UNSET or (wanted.enabled is False and user.enabled):
        revoke_user(db, user.id)
    if wanted.password is not UNSET:
        _replace_password(db, user.id, password_hash)
    if changes:
        with unique(DUPLICATE, name=changes.get("name"), domain_id=user.domain_id):
            db.update(users, {"id": user.id}, **changes)
    return get(db, user.id)


def change_password(db: Db, user_id: str, password_hash: str, *, proved_hash: str) -> bool:
    """Set a new password and end every token; False if the password that was proved is no longer the user's."""
    bump(db)
    current = db.one(PASSWORD_OF, user_id=user_id)
    if current is None or current.hash != proved_hash:
        return False
    _replace_password(db, user_id, password_hash)
    revoke_user(db, user_id)
    return True


def candidate(db: Db, user: User | None) -> Candidate:
    """The user with his password's hash, if he is enabled, in an enabled domain, and has one."""
    if user is None or not user.enabled:
        return Candidate(None, None)
    domain = db.one(DOMAIN_BY_ID, id=user.domain_id)
    password = db.one(PASSWORD_OF, user_id=user.id)
    if domain is None or not domain.enabled or password is None:
        return Candidate(None, None)
    return Candidate(user, password.hash)


def refuse_locked_password(user: User) -> None:
    if user.options.get("lock_password"):
        raise BadRequest(
            "You cannot change your password at this time due to password policy disallowing password changes. Please "
            "contact your administrator to reset your password."
        )


def delete(db: Db, user: User) -> None:
    """Delete a user with his passwords, memberships and roles; his tokens end with him."""
    bump(db)
    db.delete(role_assignments, actor_type="user", actor_id=user.id)
    db.delete(users, id=user.id)


def _replace_password(db: Db, user_id: str, password_hash: str | None) -> None:
    db.delete(passwords, user_id=user_id)
    if password_hash is not None:
        _insert_password(db, user_id, password_hash)


def _insert_password(db: Db, user_id: str, password_hash: str) -> None:
    db.insert_numbered(passwords, user_id=user_id, hash=password_hash, created_at=now(), expires_at=None)


def _refuse_missing_domain(db: Db, domain_id: str) -> None:
    if not db.value(IS_DOMAIN, id=domain_id):
        raise NotFound("Could not find domain: {id}.", id=domain_id)


def _refuse_domain_as_default(db: Db, project_id: str | None) -> None:
    if project_id is not None and db.value(IS_DOMAIN, id=project_id):
        raise BadRequest("User's default project ID cannot be a domain ID: {id}", id=project_id)


def _refuse_unbuilt(options: UserOptions, extra: Mapping[str, Any]) -> None:
    # Storing these without obeying them would let in who must not be.
    if options.multi_factor_auth_enabled or options.multi_factor_auth_rules or extra.get("federated"):
        raise NotBuilt("Rules on several factors and federated users are not built yet.")
