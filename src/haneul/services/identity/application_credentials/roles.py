"""Which roles an application credential gets: some or all of those that its maker's token holds."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from haneul.kernel.auth import Caller
from haneul.kernel.db import Db, by
from haneul.kernel.errors import BadRequest, NotFound, Unauthorized
from haneul.kernel.schema import UNSET
from haneul.services.identity.application_credentials.models import CredentialRole, credential_roles
from haneul.services.identity.application_credentials.schemas import RoleReference
from haneul.services.identity.role_assignments.queries import held_by
from haneul.services.identity.roles.models import GLOBAL, implied_roles, roles

ROLES_OF = by(CredentialRole, credential_roles, "application_credential_id")
NAMED = select(roles.c.name, roles.c.id).where(
    roles.c.domain_id == GLOBAL, roles.c.name.in_(bindparam("names", expanding=True))
)
_implied = (
    select(implied_roles.c.implied_role_id.label("id"))
    .where(implied_roles.c.prior_role_id.in_(bindparam("prior_ids", expanding=True)))
    .cte("implied", recursive=True)
)
_implied = _implied.union(
    select(implied_roles.c.implied_role_id).join(_implied, _implied.c.id == implied_roles.c.prior_role_id)
)
IMPLIED = select(_implied.c.id)


def role_ids_of(db: Db, credential_id: str) -> list[str]:
    """The roles that the credential was given; its user may have lost some of them since."""
    return [row.role_id for row in db.all(ROLES_OF, application_credential_id=credential_id)]


def chosen(db: Db, caller: Caller, wanted: Sequence[RoleReference]) -> list[str]:
    """The ids of the roles wanted with those that they imply, all of the token's if none is named.

    BadRequest for a role that the token doesn't hold: nobody passes on more than he came with. Unauthorized if it holds
    none by now, as when its user or its project has gone since the request began.
    """
    held = _in_token(db, caller)
    if not held:
        raise Unauthorized("The request you have made requires authentication.")
    if not wanted:
        return sorted(held)
    named = {_named(one) for one in wanted}
    names = sorted(name for kind, name in named if kind == "name")
    by_name: dict[str, str] = dict(db.tuples(NAMED, names=names)) if names else {}
    for name in names:
        if name not in by_name:
            raise NotFound("Role {name} is not defined", name=name)
    ids = {by_name[value] if kind == "name" else value for kind, value in named}
    if ids <= held:
        ids |= {row[0] for row in db.tuples(IMPLIED, prior_ids=sorted(ids))}
    if not ids <= held:
        raise BadRequest("Invalid application credential: Cannot create an application credential with unassigned role")
    return sorted(ids)


def _in_token(db: Db, caller: Caller) -> set[str]:
    assert caller.project_id is not None
    held = {role.id for role in held_by(db, caller.user_id, "project", caller.project_id)}
    if caller.application_credential_id:
        held &= set(role_ids_of(db, caller.application_credential_id))
    return held


def _named(wanted: RoleReference) -> tuple[str, str]:
    if wanted.id is not UNSET and wanted.name is UNSET:
        return "id", wanted.id
    if wanted.name is not UNSET and wanted.id is UNSET:
        return "name", wanted.name
    raise BadRequest("Invalid application credential: each role is named by either its id or its name.")
