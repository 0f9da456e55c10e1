"""What the new token shall be for: the scope that the body asks for, or that the login brings with it."""

import msgspec

from haneul.kernel.clock import now, to_microseconds
from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, Forbidden, Unauthorized
from haneul.services.identity.application_credentials.models import ApplicationCredential
from haneul.services.identity.authentication.references import domain_meant, missing, project_meant
from haneul.services.identity.authentication.schemas import (
    Auth,
    DomainReference,
    ProjectReference,
    Scope,
    SystemReference,
    TrustReference,
)
from haneul.services.identity.projects import logic as projects
from haneul.services.identity.projects.models import Project
from haneul.services.identity.role_assignments.queries import held_by
from haneul.services.identity.tokens.logic import REFUSED
from haneul.services.identity.tokens.models import Payload, ScopeKind
from haneul.services.identity.trusts import logic as trusts
from haneul.services.identity.users.models import User

NOT_AUTHORIZED = "You are not authorized to perform the requested action: {what}."


class Bounds(msgspec.Struct, frozen=True):
    """Where and by what delegation the token counts, and until when at most (microseconds)."""

    kind: ScopeKind = ""
    id: str = ""
    trust_id: str = ""
    application_credential_id: str = ""
    until: int | None = None


def bounds_of(
    db: Db, auth: Auth, user: User, earlier: Payload | None, credential: ApplicationCredential | None
) -> Bounds:
    """The bounds of the token; Unauthorized or Forbidden for a scope that this login can't lead to."""
    _refuse_escalation(auth, earlier)
    if credential is not None:
        if auth.scope is not msgspec.UNSET:
            raise _credential_scoped(earlier)
        until = None if credential.expires_at is None else to_microseconds(credential.expires_at)
        return Bounds("project", credential.project_id, "", credential.id, until)
    scope = auth.scope
    if isinstance(scope, str):
        if scope != "unscoped":
            raise BadRequest("Invalid scope: {scope}.", scope=scope[:100])
        return Bounds()
    return _named(db, scope, user) if isinstance(scope, Scope) else _default(db, user)


def _refuse_escalation(auth: Auth, earlier: Payload | None) -> None:
    """A token by delegation makes no other, and one for the system none for less."""
    if earlier is None:
        return
    if earlier.trust_id:
        what = "Using trust-scoped token to create another token. Create a new trust-scoped token instead"
        raise Forbidden(NOT_AUTHORIZED, what=what)
    scope = auth.scope
    narrower = isinstance(scope, Scope) and (scope.project is not msgspec.UNSET or scope.domain is not msgspec.UNSET)
    if earlier.scope_kind == "system" and narrower:
        what = "Using a system-scoped token to create a project-scoped or domain-scoped token is not allowed."
        raise Forbidden(NOT_AUTHORIZED, what=what)


def _credential_scoped(earlier: Payload | None) -> Exception:
    if earlier is not None and earlier.application_credential_id:
        what = "Using an application credential token to create a scoped token is not allowed."
        return Forbidden(NOT_AUTHORIZED, what=what)
    return Unauthorized(
        "Error authenticating with application credential: Application credentials cannot request a scope."
    )


def _default(db: Db, user: User) -> Bounds:
    """The user's default project, if he has a role there and it and its domain are enabled."""
    wanted = user.default_project_id
    project = projects.find(db, wanted) if wanted is not None else None
    if project is None or not _is_enabled(db, project) or not held_by(db, user.id, "project", project.id):
        return Bounds()
    return Bounds("project", project.id)


def _is_enabled(db: Db, project: Project) -> bool:
    domain = project if project.is_domain else projects.find(db, project.domain_id)
    return project.enabled and domain is not None and domain.enabled


def _named(db: Db, scope: Scope, user: User) -> Bounds:
    if scope.unscoped is not msgspec.UNSET:
        return Bounds()
    asked = [part for part in (scope.project, scope.domain, scope.system, scope.trust) if part is not msgspec.UNSET]
    if len(asked) != 1:
        raise missing("system, project, domain, OS-TRUST:trust or unscoped", "scope")
    match asked[0]:
        case ProjectReference() as wanted:
            # Whether there is one of that id, the token's standing will tell.
            return Bounds("project", wanted.id or _found(project_meant(db, wanted)))
        case DomainReference() as wanted:
            return Bounds("domain", _found(domain_meant(db, wanted)))
        case TrustReference() as wanted:
            return _trusted(db, wanted, user)
        case SystemReference() as wanted if wanted.all:
            return Bounds("system", "all")
    raise BadRequest("Invalid scope: system must be all.")


def _trusted(db: Db, wanted: TrustReference, user: User) -> Bounds:
    if wanted.id is None:
        raise missing("trust_id", "trust")
    trust = trusts.find(db, wanted.id)
    if trust is None or not trusts.is_usable(trust, now()):
        raise Unauthorized(REFUSED)
    if trust.trustee_user_id != user.id:
        raise Forbidden("You are not authorized to perform the requested action.")
    until = None if trust.expires_at is None else to_microseconds(trust.expires_at)
    if trust.project_id is None:
        return Bounds(trust_id=trust.id, until=until)
    return Bounds("project", trust.project_id, trust.id, "", until)


def _found(project: Project | None) -> str:
    if project is None:
        raise Unauthorized(REFUSED)
    return project.id
