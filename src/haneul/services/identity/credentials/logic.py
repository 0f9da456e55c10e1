from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, func, select

from haneul.kernel.auth import Caller
from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of, fields, unique
from haneul.kernel.db.listing import Listing, Page
from haneul.kernel.errors import BadRequest, Forbidden, NotFound
from haneul.kernel.ids import new_hex_id
from haneul.kernel.schema import UNSET
from haneul.services.identity.audit.logic import record
from haneul.services.identity.credentials import delegation
from haneul.services.identity.credentials.blobs import (
    bounded,
    ec2_content,
    id_of_access,
    opened,
    refuse_other_bounds,
    sealed,
)
from haneul.services.identity.credentials.models import EC2, Credential, credentials, is_of
from haneul.services.identity.credentials.schemas import CredentialCreate, CredentialUpdate
from haneul.services.identity.keys.ring import KeyRing
from haneul.services.identity.projects import logic as projects
from haneul.services.identity.users import logic as users
from haneul.services.identity.users.models import users as user_rows

_credential = credentials.c
BY_ID = by(Credential, credentials, "id")
OF_TYPE = Query(
    Credential,
    columns_of(Credential, credentials)
    .where(_credential.user_id == bindparam("user_id"), _credential.type == bindparam("type"))
    .order_by(_credential.id),
)
COUNT_OF_USER = select(func.count()).where(_credential.user_id == bindparam("user_id"))
HOLD_USER = user_rows.update().where(user_rows.c.id == bindparam("of")).values(enabled=user_rows.c.enabled)
LISTING = Listing(
    Credential,
    credentials,
    filters={name: _credential[name] for name in ("user_id", "type")},
    sorts={"id": _credential.id},
    default_sort=(("id", "asc"),),
    bounds=("user_id",),
)
FIXED = "The {name} of this credential cannot be changed. Delete the credential and create another one."
DUPLICATE = "Conflict occurred attempting to store credential - Duplicate entry found with ID {id}."


def find(db: Db, credential_id: str) -> Credential | None:
    """The credential, or None: routes enforce their rule before they say that something isn't there."""
    return db.one(BY_ID, id=credential_id)


def get(db: Db, credential_id: str) -> Credential:
    """The credential; NotFound."""
    return existing(find(db, credential_id), credential_id)


def existing(credential: Credential | None, credential_id: str) -> Credential:
    """What was found; NotFound if nothing was."""
    if credential is None:
        raise NotFound("Could not find credential: {id}.", id=credential_id)
    return credential


def list_(db: Db, page: Page, filters: Mapping[str, Any], *, of_user: str | None, caller: Caller) -> list[Credential]:
    """One page; `of_user` is the one whose credentials the caller may see, None where he may see all."""
    wanted = dict(filters)
    if of_user is not None and wanted.setdefault("user_id", of_user) != of_user:
        return []
    return LISTING.page(db, page, wanted, delegation.reachable(caller))


def create(
    db: Db,
    keys: KeyRing,
    wanted: CredentialCreate,
    *,
    caller: Caller,
    extra: Mapping[str, Any],
    most_per_user: int | None,
) -> Credential:
    """Insert a credential, bounded by the delegation of who makes it; Conflict if its access key is taken."""
    blob, own_id = wanted.blob, new_hex_id()
    if is_of(EC2, wanted.type):
        _refuse_unusable(wanted, caller)
        content = ec2_content(blob)
        blob, own_id = bounded(blob, content, caller), id_of_access(content["access"])
    delegation.refuse_beyond(caller, wanted.project_id, wanted.type)
    _refuse_above(db, wanted.user_id, most_per_user)
    users.get(db, wanted.user_id)
    if wanted.project_id is not None:
        projects.get(db, wanted.project_id)
    encrypted, key_hash = sealed(keys, blob)
    credential = Credential(
        id=own_id,
        user_id=wanted.user_id,
        project_id=wanted.project_id,
        type=wanted.type,
        encrypted_blob=encrypted,
        key_hash=key_hash,
        trust_id=caller.trust_id or None,
        application_credential_id=caller.application_credential_id or None,
        extra=dict(extra),
        created_at=now(),
    )
    with unique(DUPLICATE, id=own_id):
        db.insert(credentials, credential)
    _record(db, "created", credential)
    return credential


def _refuse_unusable(wanted: CredentialCreate, caller: Caller) -> None:
    delegation.refuse_restricted(caller)
    if wanted.project_id is None:
        raise BadRequest("Invalid input for field/attribute credential: 'project_id' is a required property.")
    delegation.refuse_keys_for_others(caller, wanted.user_id)


def _refuse_above(db: Db, user_id: str, most: int | None) -> None:
    if most is None:
        return
    # The user's row is the lock: of two that are counted at once, the second waits.
    db.run(HOLD_USER, of=user_id)
    if db.value(COUNT_OF_USER, user_id=user_id) >= most:
        raise Forbidden(
            "Unable to create additional credentials, maximum of {most} already exceeded for user.", most=most
        )


def update(
    db: Db, keys: KeyRing, credential: Credential, wanted: CredentialUpdate, *, caller: Caller, extra: Mapping[str, Any]
) -> Credential:
    """Change a credential; whose it is, for which project, and whether it is for EC2, stays as it was."""
    if not fields(wanted) and not extra:
        raise BadRequest("Invalid input for field/attribute credential: at least one property is required.")
    _refuse_moving(credential, wanted)
    kind = wanted.type if wanted.type is not UNSET else credential.type
    delegation.refuse_beyond(caller, credential.project_id, kind)
    if credential.is_ec2:
        delegation.refuse_restricted(caller)
        delegation.refuse_wider_keys(caller, credential)
    changes: dict[str, Any] = {}
    if wanted.blob is not UNSET:
        if credential.is_ec2:
            refuse_other_bounds(opened(keys, credential), ec2_content(wanted.blob))
        changes["encrypted_blob"], changes["key_hash"] = sealed(keys, wanted.blob)
    if extra:
        changes["extra"] = {**credential.extra, **extra}
    if kind != credential.type:
        changes["type"] = kind
    if changes:
        db.update(credentials, {"id": credential.id}, **changes)
        _record(db, "updated", credential)
    return get(db, credential.id)


def _refuse_moving(credential: Credential, wanted: CredentialUpdate) -> None:
    for name in ("user_id", "project_id"):
        given = getattr(wanted, name)
        if given is not UNSET and given != getattr(credential, name):
            raise BadRequest(FIXED, name=name)
    # An EC2 credential is found by the digest of its access key, and bounded by its blob: no other becomes one.
    kind = credential.type if wanted.type is UNSET else wanted.type
    if kind != credential.type and (credential.is_ec2 or is_of(EC2, kind)):
        raise BadRequest(FIXED, name="type")


def delete(db: Db, credential: Credential) -> None:
    db.delete(credentials, id=credential.id)
    _record(db, "deleted", credential)


def _record(db: Db, action: str, credential: Credential) -> None:
    record(db, "credential", action, credential.id, project_id=credential.project_id or "", of_user=credential.user_id)


def blobs_of(db: Db, keys: KeyRing, user_id: str, kind: str) -> list[str]:
    """What the user's credentials of one type hold."""
    return [opened(keys, credential) for credential in db.all(OF_TYPE, user_id=user_id, type=kind)]
