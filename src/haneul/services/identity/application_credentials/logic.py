from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import bindparam, select

from haneul.kernel.auth import AccessRule, Caller
from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of, unique
from haneul.kernel.db.listing import Listing, Page
from haneul.kernel.errors import BadRequest, Forbidden, NotFound
from haneul.kernel.ids import new_hex_id
from haneul.services.identity.application_credentials import roles as given_roles
from haneul.services.identity.application_credentials import rules
from haneul.services.identity.application_credentials.models import (
    ApplicationCredential,
    CredentialRole,
    CredentialRule,
    KeptRule,
    access_rules,
    application_credentials,
    credential_roles,
    credential_rules,
)
from haneul.services.identity.application_credentials.schemas import ApplicationCredentialCreate
from haneul.services.identity.audit.logic import record
from haneul.services.identity.epoch import bump
from haneul.services.identity.expiry import expiry_of
from haneul.services.identity.roles.models import Role, roles

BY_ID = by(ApplicationCredential, application_credentials, "id")
BY_NAME = by(ApplicationCredential, application_credentials, "user_id", "name")
LISTING = Listing(
    ApplicationCredential,
    application_credentials,
    filters={name: application_credentials.c[name] for name in ("user_id", "name")},
    sorts={"name": application_credentials.c.name, "id": application_credentials.c.id},
    default_sort=(("name", "asc"),),
    bounds=("user_id",),
)
RULES_OF = Query(
    KeptRule,
    columns_of(KeptRule, access_rules)
    .join(credential_rules, credential_rules.c.access_rule_id == access_rules.c.id)
    .where(credential_rules.c.application_credential_id == bindparam("id")),
)
ROLES_OF_MANY = (
    select(credential_roles.c.application_credential_id, *columns_of(Role, roles).selected_columns)
    .join(roles, roles.c.id == credential_roles.c.role_id)
    .where(credential_roles.c.application_credential_id.in_(bindparam("ids", expanding=True)))
    .order_by(roles.c.name, roles.c.id)
)
RULES_OF_MANY = (
    select(credential_rules.c.application_credential_id, *columns_of(KeptRule, access_rules).selected_columns)
    .join(access_rules, access_rules.c.id == credential_rules.c.access_rule_id)
    .where(credential_rules.c.application_credential_id.in_(bindparam("ids", expanding=True)))
    .order_by(access_rules.c.service, access_rules.c.path, access_rules.c.method)
)
DUPLICATE = "Conflict occurred attempting to store application_credential - Duplicate entry found with name {name}."


class Described(msgspec.Struct, frozen=True):
    """An application credential with its roles and the calls that it is bound to."""

    credential: ApplicationCredential
    roles: list[Role]
    rules: list[KeptRule]


def find(db: Db, credential_id: str) -> ApplicationCredential | None:
    """The credential, even an expired one, or None: routes enforce their rule before they say that it isn't there."""
    return db.one(BY_ID, id=credential_id)


def by_name(db: Db, user_id: str, name: str) -> ApplicationCredential | None:
    """The user's credential of this name, even an expired one, or None."""
    return db.one(BY_NAME, user_id=user_id, name=name)


def existing(credential: ApplicationCredential | None, credential_id: str) -> ApplicationCredential:
    """What was found; NotFound if nothing was."""
    if credential is None:
        raise NotFound("Could not find Application Credential: {id}.", id=credential_id)
    return credential


def rules_of(db: Db, credential_id: str) -> tuple[AccessRule, ...] | None:
    """The calls that the credential may make; None if it was bound to none in particular."""
    found = db.all(RULES_OF, id=credential_id)
    return tuple(AccessRule(rule.service, rule.method, rule.path) for rule in found) or None


def list_(db: Db, page: Page, filters: Mapping[str, Any]) -> list[Described]:
    return described(db, LISTING.page(db, page, filters))


def described(db: Db, found: Sequence[ApplicationCredential]) -> list[Described]:
    """The credentials with all that is shown of them, by two queries however many they are."""
    ids = [one.id for one in found]
    its_roles: dict[str, list[Role]] = {}
    its_rules: dict[str, list[KeptRule]] = {}
    for credential_id, *values in db.tuples(ROLES_OF_MANY, ids=ids) if ids else ():
        its_roles.setdefault(credential_id, []).append(Role(*values))
    for credential_id, *values in db.tuples(RULES_OF_MANY, ids=ids) if ids else ():
        its_rules.setdefault(credential_id, []).append(KeptRule(*values))
    return [Described(one, its_roles.get(one.id, []), its_rules.get(one.id, [])) for one in found]


def refuse_unmakeable(caller: Caller, user_id: str, wanted: ApplicationCredentialCreate) -> None:
    """What can be told before a secret's slow hashing: Forbidden for another's credential, whatever the rule says;
    BadRequest for a token of no project and for an expiry that has passed."""
    if caller.user_id != user_id:
        raise Forbidden("Cannot create an application credential for another user.")
    if caller.project_id is None:
        raise BadRequest("Invalid application credential: The token that makes one must be scoped to a project.")
    expiry_of(wanted.expires_at)


def create(db: Db, caller: Caller, wanted: ApplicationCredentialCreate, *, secret_hash: str) -> Described:
    """Insert a credential of the caller's for his project; Conflict if he has one of that name."""
    assert caller.project_id is not None
    credential = ApplicationCredential(
        id=new_hex_id(),
        name=wanted.name.strip(),
        description=wanted.description,
        user_id=caller.user_id,
        project_id=caller.project_id,
        secret_hash=secret_hash,
        expires_at=expiry_of(wanted.expires_at),
        is_unrestricted=bool(wanted.unrestricted),
        created_at=now(),
    )
    role_ids = given_roles.chosen(db, caller, wanted.roles)
    with unique(DUPLICATE, credential):
        db.insert(application_credentials, credential)
    db.insert_all(credential_roles, [CredentialRole(credential.id, role_id) for role_id in role_ids])
    bound = rules.ensure(db, caller.user_id, wanted.access_rules, domain_id=caller.user_domain_id)
    db.insert_all(credential_rules, [CredentialRule(credential.id, rule.id) for rule in bound])
    _record(db, "created", credential, caller.user_domain_id)
    return described(db, [credential])[0]


def delete(db: Db, credential: ApplicationCredential, *, domain_id: str) -> None:
    """Delete a credential; tokens that it got end with it."""
    bump(db)
    if db.delete(application_credentials, id=credential.id):
        _record(db, "deleted", credential, domain_id)


def _record(db: Db, action: str, credential: ApplicationCredential, domain_id: str) -> None:
    record(
        db,
        "application_credential",
        action,
        credential.id,
        domain_id=domain_id,
        project_id=credential.project_id,
        name=credential.name,
    )
