"""What a token stands for: its user, its place, and the roles that it has there, by the rows of this moment."""

import msgspec

from haneul.kernel.auth import Caller
from haneul.kernel.clock import from_microseconds, iso_bare, iso_microseconds
from haneul.kernel.db import Db, by
from haneul.kernel.errors import Unauthorized
from haneul.services.identity.catalog.logic import catalog_of
from haneul.services.identity.projects.models import NO_DOMAIN, Project, projects
from haneul.services.identity.role_assignments.models import SYSTEM
from haneul.services.identity.role_assignments.queries import RoleName, held_by
from haneul.services.identity.tokens.delegation import NO_DELEGATION, Delegation, delegation_of
from haneul.services.identity.tokens.models import Payload
from haneul.services.identity.tokens.schemas import TokenView
from haneul.services.identity.users.models import User, users

REFUSED = "The request you have made requires authentication."
USER_BY_ID = by(User, users, "id")
PROJECT_BY_ID = by(Project, projects, "id")


class Validated(msgspec.Struct, frozen=True):
    """A token that counts: its payload, who calls, and the document that clients get."""

    payload: Payload
    caller: Caller
    view: TokenView


def standing_of(db: Db, payload: Payload) -> Validated:
    """Everything that the payload stands for.

    Unauthorized if its user, its place or its delegation is gone, disabled or without a role.
    """
    user = _user(db, payload.user_id)
    delegation = delegation_of(db, payload)
    if delegation is None:
        raise Unauthorized(REFUSED)
    people = {user.id: user}
    for user_id in delegation.involved:
        people[user_id] = people.get(user_id) or _user(db, user_id)
        _enabled(db, people[user_id].domain_id)
    acting = people[delegation.user_id or user.id]
    granting = people[delegation.granted_by or user.id]
    if acting is not user:
        _enabled(db, user.domain_id)
    found = _described(db, payload, acting, delegation)
    return _scoped(db, found, granting, delegation) if payload.scope_kind else found


def retold(found: Validated, payload: Payload) -> Validated:
    """The same standing for another token of the same user, place and delegation."""
    view = msgspec.structs.replace(
        found.view,
        methods=list(payload.methods),
        audit_ids=list(payload.audit_ids),
        expires_at=iso_microseconds(from_microseconds(payload.expires_at)),
        issued_at=iso_microseconds(from_microseconds(payload.issued_at)),
    )
    caller = msgspec.structs.replace(
        found.caller,
        methods=payload.methods,
        audit_id=payload.audit_ids[0],
        expires_at=payload.expires_at / 1e6,
        issued_at=payload.issued_at / 1e6,
    )
    return Validated(payload, caller, view)


def _user(db: Db, user_id: str) -> User:
    user = db.one(USER_BY_ID, id=user_id)
    if user is None or not user.enabled:
        raise Unauthorized(REFUSED)
    return user


def _enabled(db: Db, project_id: str) -> Project:
    project = db.one(PROJECT_BY_ID, id=project_id)
    if project is None or not project.enabled:
        raise Unauthorized(REFUSED)
    return project


def _described(db: Db, payload: Payload, user: User, delegation: Delegation) -> Validated:
    domain = _enabled(db, user.domain_id)
    expires_at = user.password_expires_at
    user_view = {
        "id": user.id,
        "name": user.name,
        "domain": {"id": domain.id, "name": domain.name},
        "password_expires_at": None if expires_at is None else iso_bare(expires_at),
    }
    view = TokenView(
        methods=list(payload.methods),
        user=user_view,
        audit_ids=list(payload.audit_ids),
        expires_at=iso_microseconds(from_microseconds(payload.expires_at)),
        issued_at=iso_microseconds(from_microseconds(payload.issued_at)),
        trust=delegation.trust_view,
        application_credential=delegation.credential_view,
    )
    caller = Caller(
        user_id=user.id,
        user_name=user.name,
        user_domain_id=domain.id,
        user_domain_name=domain.name,
        audit_id=payload.audit_ids[0],
        expires_at=payload.expires_at / 1e6,
        issued_at=payload.issued_at / 1e6,
        methods=payload.methods,
        trust_id=payload.trust_id,
        application_credential_id=payload.application_credential_id,
        is_restricted=delegation.is_restricted,
        access_rules=delegation.access_rules,
    )
    return Validated(payload, caller, view)


def _scoped(db: Db, found: Validated, granting: User, delegation: Delegation) -> Validated:
    payload = found.payload
    target = SYSTEM if payload.scope_kind == "system" else payload.scope_id
    held = held_by(db, granting.id, payload.scope_kind, target)
    if delegation is not NO_DELEGATION:
        held = delegation.narrowed(held)
    if not held:
        raise Unauthorized(REFUSED)
    project_id = payload.scope_id if payload.scope_kind == "project" else None
    view = msgspec.structs.replace(
        found.view,
        roles=[{"id": role.id, "name": role.name} for role in held],
        catalog=msgspec.Raw(msgspec.json.encode(catalog_of(db, project_id=project_id, user_id=granting.id))),
    )
    caller = msgspec.structs.replace(found.caller, roles=_names(held))
    return _placed(db, payload, caller, view)


def _placed(db: Db, payload: Payload, caller: Caller, view: TokenView) -> Validated:
    replace = msgspec.structs.replace
    match payload.scope_kind:
        case "project":
            project = _enabled(db, payload.scope_id)
            domain = project if project.domain_id == NO_DOMAIN else _enabled(db, project.domain_id)
            place = {"id": project.id, "name": project.name, "domain": {"id": domain.id, "name": domain.name}}
            view = replace(view, project=place, is_domain=project.is_domain)
            caller = replace(
                caller,
                project_id=project.id,
                project_name=project.name,
                project_domain_id=domain.id,
                project_domain_name=domain.name,
            )
        case "domain":
            domain = _enabled(db, payload.scope_id)
            view = replace(view, domain={"id": domain.id, "name": domain.name})
            caller = replace(caller, domain_id=domain.id, domain_name=domain.name)
        case _:
            view = replace(view, system={"all": True})
            caller = replace(caller, system_scope="all")
    return Validated(payload, caller, view)


def _names(held: list[RoleName]) -> frozenset[str]:
    return frozenset(role.name.lower() for role in held)
