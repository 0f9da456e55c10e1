"""What a token stands for, worked out from the rows each time: a changed role counts at once."""

import base64
import secrets
import time

import msgspec

from haneul.kernel.auth import Caller
from haneul.kernel.clock import from_microseconds, iso_microseconds
from haneul.kernel.db import Db, by
from haneul.kernel.errors import NotFound, Unauthorized
from haneul.services.identity.catalog.logic import catalog_of
from haneul.services.identity.projects.models import NO_DOMAIN, Project, projects
from haneul.services.identity.revocation.logic import is_revoked, revoke_token
from haneul.services.identity.role_assignments.models import SYSTEM
from haneul.services.identity.role_assignments.queries import RoleName, held_by
from haneul.services.identity.tokens.models import Payload, ScopeKind
from haneul.services.identity.tokens.providers import TokenProvider
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


class Grant(msgspec.Struct, frozen=True):
    """What a new token shall say. `issued_at` is when the proof of who asks began: what ends tokens after that moment,
    such as a new password, ends this one too."""

    user: User
    methods: tuple[str, ...]
    scope_kind: ScopeKind
    scope_id: str
    issued_at: int
    expires_at: int
    parent_audit_id: str = ""


def issue(provider: TokenProvider, grant: Grant) -> str:
    """A new token of this content; whether the user may have it is checked by `validated`."""
    audit_ids = (_new_audit_id(), *filter(None, (grant.parent_audit_id,)))
    payload = Payload(
        grant.user.id,
        grant.methods,
        grant.scope_kind,
        grant.scope_id,
        grant.issued_at,
        grant.expires_at,
        audit_ids,
    )
    return provider.write(payload)


def validated(db: Db, provider: TokenProvider, token: str) -> Validated:
    """What the token stands for now; Unauthorized if it is forged, expired, revoked or its user has lost his role."""
    payload = provider.read(token)
    if payload is None or payload.expires_at <= time.time() * 1e6:
        raise Unauthorized(REFUSED)
    user = db.one(USER_BY_ID, id=payload.user_id)
    if user is None or not user.enabled:
        raise Unauthorized(REFUSED)
    found = _described(db, payload, user, _enabled(db, user.domain_id))
    if _is_revoked(db, payload, found.caller):
        raise Unauthorized(REFUSED)
    return found


def _is_revoked(db: Db, payload: Payload, caller: Caller) -> bool:
    domain_ids = {caller.user_domain_id, caller.project_domain_id, caller.domain_id} - {None, ""}
    return is_revoked(
        db,
        audit_ids=payload.audit_ids,
        user_id=payload.user_id,
        project_ids=[caller.project_id] if caller.project_id else [],
        domain_ids=sorted(filter(None, domain_ids)),
        trust_id=payload.trust_id,
        issued_at=from_microseconds(payload.issued_at),
    )


def _described(db: Db, payload: Payload, user: User, user_domain: Project) -> Validated:
    user_view = {
        "id": user.id,
        "name": user.name,
        "domain": {"id": user_domain.id, "name": user_domain.name},
        "password_expires_at": None,
    }
    view = TokenView(
        methods=list(payload.methods),
        user=user_view,
        audit_ids=list(payload.audit_ids),
        expires_at=iso_microseconds(from_microseconds(payload.expires_at)),
        issued_at=iso_microseconds(from_microseconds(payload.issued_at)),
    )
    caller = Caller(
        user_id=user.id,
        user_name=user.name,
        user_domain_id=user_domain.id,
        user_domain_name=user_domain.name,
        audit_id=payload.audit_ids[0],
        expires_at=payload.expires_at / 1e6,
        issued_at=payload.issued_at / 1e6,
    )
    if not payload.scope_kind:
        return Validated(payload, caller, view)
    return _scoped(db, payload, caller, view)


def _scoped(db: Db, payload: Payload, caller: Caller, view: TokenView) -> Validated:
    target = SYSTEM if payload.scope_kind == "system" else payload.scope_id
    held = held_by(db, payload.user_id, payload.scope_kind, target)
    if not held:
        raise Unauthorized(REFUSED)
    project_id = payload.scope_id if payload.scope_kind == "project" else None
    replace = msgspec.structs.replace
    view = replace(
        view,
        roles=[{"id": role.id, "name": role.name} for role in held],
        catalog=catalog_of(db, project_id=project_id, user_id=payload.user_id),
    )
    caller = replace(caller, roles=_names(held))
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


def _enabled(db: Db, project_id: str) -> Project:
    project = db.one(PROJECT_BY_ID, id=project_id)
    if project is None or not project.enabled:
        raise Unauthorized(REFUSED)
    return project


def revoke(db: Db, provider: TokenProvider, token: str) -> None:
    """The token, and no other of its chain, counts no longer. NotFound if it is none of ours."""
    payload = provider.read(token)
    if payload is None:
        raise NotFound("Could not find token.")
    revoke_token(db, payload.audit_ids[0], from_microseconds(payload.expires_at))


def _new_audit_id() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
