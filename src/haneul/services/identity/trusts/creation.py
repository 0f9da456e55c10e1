"""Making a trust, from a user's own roles or from a trust by which he acts."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from haneul.kernel.auth import Caller
from haneul.kernel.clock import now
from haneul.kernel.db import Db, unique
from haneul.kernel.errors import BadRequest, Forbidden, NotFound
from haneul.kernel.ids import new_hex_id
from haneul.kernel.schema import UNSET
from haneul.services.identity.config import IdentitySettings
from haneul.services.identity.epoch import bump
from haneul.services.identity.expiry import expiry_of
from haneul.services.identity.projects import logic as projects
from haneul.services.identity.role_assignments.queries import role_ids_held
from haneul.services.identity.roles.models import roles
from haneul.services.identity.trusts import chain, logic
from haneul.services.identity.trusts.models import Trust, TrustRole, trust_roles, trusts
from haneul.services.identity.trusts.schemas import RoleNamed, TrustCreate
from haneul.services.identity.users import logic as users

NAMED_ROLES = select(roles.c.id).where(roles.c.name == bindparam("name"))
ACTION = "You are not authorized to perform the requested action: {action}."
DUPLICATE = "Conflict occurred attempting to store trust - Duplicate entry."


def create(db: Db, wanted: TrustCreate, caller: Caller, settings: IdentitySettings, extra: Mapping[str, Any]) -> Trust:
    """Make a trust of which the caller is the trustor; passed on, if he acts by a trust himself."""
    bump(db)
    if wanted.project_id and not wanted.roles:
        raise Forbidden(ACTION, action="At least one role should be specified")
    if caller.user_id != wanted.trustor_user_id:
        raise Forbidden(ACTION, action="The authenticated user should match the trustor")
    users.get(db, wanted.trustee_user_id)
    role_ids = list(dict.fromkeys(_role_id(db, role) for role in wanted.roles))
    ancestors = _ancestors(db, wanted, caller, settings)
    first_trustor_id = ancestors[-1].trustor_user_id if ancestors else wanted.trustor_user_id
    _refuse_unheld(db, first_trustor_id, wanted.project_id or None, role_ids)
    trust = _trust(wanted, settings, ancestors[0] if ancestors else None, extra)
    for ancestor in ancestors:
        _refuse_more(db, ancestor, trust, role_ids, settings.redelegation_depth_most)
    with unique(DUPLICATE):
        db.insert(trusts, trust)
    db.insert_all(trust_roles, [TrustRole(trust.id, role_id) for role_id in role_ids])
    logic.write_down(db, "created", trust.id, trust.project_id)
    return trust


def _role_id(db: Db, role: RoleNamed) -> str:
    if role.id is not UNSET:
        return role.id
    found = db.tuples(NAMED_ROLES, name=role.name)
    if not found:
        raise NotFound("Could not find role: Role {name} is not defined.", name=role.name)
    if len(found) > 1:
        raise BadRequest(
            "There are multiple role entities named '{name}'. Please use ID instead of names to resolve the ambiguity.",
            name=role.name,
        )
    return str(found[0][0])


def _ancestors(db: Db, wanted: TrustCreate, caller: Caller, settings: IdentitySettings) -> list[Trust]:
    """The trust by which the caller acts and those that it came from; none if he acts for himself."""
    if wanted.redelegated_trust_id not in (None, caller.trust_id or None):
        raise Forbidden(ACTION, action="A trust is passed on with a token by that trust")
    if not caller.trust_id:
        return []
    if not settings.allow_redelegated_trust:
        raise Forbidden(ACTION, action="Redelegation of trusts is not allowed")
    return chain.pedigree(db, logic.get(db, caller.trust_id))


def _refuse_unheld(db: Db, trustor_id: str, project_id: str | None, role_ids: Sequence[str]) -> None:
    """NotFound for a role that the trustor doesn't have in the project, whichever way."""
    held: set[str] = set()
    if project_id is not None:
        projects.get(db, project_id)
        held = role_ids_held(db, trustor_id, "project", project_id)
    for role_id in role_ids:
        if role_id not in held:
            raise NotFound("Could not find role: {id}.", id=role_id)


def _trust(wanted: TrustCreate, settings: IdentitySettings, parent: Trust | None, extra: Mapping[str, Any]) -> Trust:
    expires_at = expiry_of(wanted.expires_at)
    return Trust(
        id=new_hex_id(),
        trustor_user_id=wanted.trustor_user_id,
        trustee_user_id=wanted.trustee_user_id,
        project_id=wanted.project_id or None,
        is_impersonated=wanted.impersonation,
        expires_at=parent.expires_at if expires_at is None and parent is not None else expires_at,
        remaining_uses=wanted.remaining_uses,
        redelegated_trust_id=None if parent is None else parent.id,
        redelegation_count=_depth(wanted, settings.redelegation_depth_most, parent),
        deleted_at=None,
        created_at=now(),
        extra=dict(extra),
    )


def _depth(wanted: TrustCreate, most: int, parent: Trust | None) -> int:
    """How often the new trust may be passed on."""
    asked = wanted.redelegation_count
    if not wanted.allow_redelegation or asked == 0:
        return 0
    if asked is not None and asked > most:
        raise Forbidden(
            "Requested redelegation depth of {asked} is greater than allowed {most}", asked=asked, most=most
        )
    if wanted.remaining_uses is not None:
        raise BadRequest("remaining_uses must not be set if redelegation is allowed")
    remaining = most if parent is None else parent.redelegation_count - 1
    if parent is not None and asked not in (None, remaining):
        raise Forbidden(
            'Modifying "redelegation_count" upon redelegation is forbidden. Omitting this parameter is advised.'
        )
    return remaining if asked is None else asked


def _refuse_more(db: Db, ancestor: Trust, trust: Trust, role_ids: Sequence[str], depth_most: int) -> None:
    """Forbidden if the trust would give what the one that it comes from doesn't."""
    if trust.remaining_uses is not None:
        raise Forbidden(
            'Field "remaining_uses" is set to {value} while it must not be set in order to redelegate a trust',
            value=trust.remaining_uses,
        )
    chain.refuse_excess(ancestor, trust, depth_most)
    if not set(role_ids) <= set(logic.role_ids_of(db, ancestor.id)):
        raise Forbidden("Some of requested roles are not in redelegated trust")
