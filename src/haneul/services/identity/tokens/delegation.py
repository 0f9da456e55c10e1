"""By what a token acts, if not by its user's own login: a trust, or an application credential."""

from typing import Any

import msgspec
from sqlalchemy import Select, bindparam, select

from haneul.kernel.auth import AccessRule
from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query
from haneul.kernel.errors import Forbidden
from haneul.kernel.schema import UNSET, UnsetType
from haneul.services.identity.application_credentials import logic as application_credentials
from haneul.services.identity.application_credentials.models import credential_roles
from haneul.services.identity.role_assignments.queries import RoleName
from haneul.services.identity.roles.models import GLOBAL, implied_roles, roles
from haneul.services.identity.tokens.models import Payload
from haneul.services.identity.trusts.logic import find as find_trust
from haneul.services.identity.trusts.models import Trust, trust_roles, trusts


def _meant(given: Select[Any]) -> Query[RoleName]:
    """The given roles with what they imply, domains' own left out at the end: they may be delegated, but no token shows
    them."""
    closure = given.cte("closure", recursive=True)
    closure = closure.union(
        select(implied_roles.c.implied_role_id).join(closure, closure.c.role_id == implied_roles.c.prior_role_id)
    )
    shown = select(roles.c.id, roles.c.name).join(closure, closure.c.role_id == roles.c.id)
    return Query(RoleName, shown.where(roles.c.domain_id == GLOBAL).order_by(roles.c.name))


BY_TRUST = _meant(select(trust_roles.c.role_id).where(trust_roles.c.trust_id == bindparam("id")))
BY_CREDENTIAL = _meant(
    select(credential_roles.c.role_id).where(credential_roles.c.application_credential_id == bindparam("id"))
)
_chain = (
    select(trusts.c.trustor_user_id, trusts.c.redelegated_trust_id)
    .where(trusts.c.id == bindparam("id"))
    .cte("chain", recursive=True)
)
_chain = _chain.union(
    select(trusts.c.trustor_user_id, trusts.c.redelegated_trust_id).join(
        _chain, _chain.c.redelegated_trust_id == trusts.c.id
    )
)
FIRST_TRUSTOR = select(_chain.c.trustor_user_id).where(_chain.c.redelegated_trust_id.is_(None))


class Delegation(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds of a delegated token.

    `user_id` is in whose name it acts, `granted_by` whose roles it has; empty is the token's own user. `involved`
    are those who must be enabled besides him. `meant` are
    the roles that were given, with what they imply. `is_whole`: all of them must still be held, or it counts no longer.
    """

    involved: tuple[str, ...] = ()
    user_id: str = ""
    granted_by: str = ""
    meant: tuple[RoleName, ...] = ()
    is_whole: bool = False
    is_restricted: bool = False
    access_rules: tuple[AccessRule, ...] | None = None
    trust_view: dict[str, Any] | UnsetType = UNSET
    credential_view: dict[str, Any] | UnsetType = UNSET

    def narrowed(self, held: list[RoleName]) -> list[RoleName]:
        """Those of the held roles that were delegated; Forbidden if one that must be there is not."""
        have = {role.id for role in held}
        if self.is_whole and any(role.id not in have for role in self.meant):
            raise Forbidden("You are not authorized to perform the requested action.")
        return [role for role in self.meant if role.id in have]


NO_DELEGATION = Delegation()


def delegation_of(db: Db, payload: Payload) -> Delegation | None:
    """The delegation by which the token acts; None if it is over."""
    if payload.trust_id:
        return _by_trust(db, payload)
    if payload.application_credential_id:
        return _by_credential(db, payload)
    return NO_DELEGATION


def _by_trust(db: Db, payload: Payload) -> Delegation | None:
    trust = find_trust(db, payload.trust_id)
    if trust is None or trust.trustee_user_id != payload.user_id or trust.project_id not in (None, payload.scope_id):
        return None
    if trust.expires_at is not None and trust.expires_at <= now():
        return None
    first = _first_trustor(db, trust)
    return Delegation(
        involved=(trust.trustor_user_id, first),
        user_id=trust.trustor_user_id if trust.is_impersonated else "",
        granted_by=first,
        meant=tuple(db.all(BY_TRUST, id=trust.id)),
        is_whole=True,
        trust_view={
            "id": trust.id,
            "trustor_user": {"id": trust.trustor_user_id},
            "trustee_user": {"id": trust.trustee_user_id},
            "impersonation": trust.is_impersonated,
        },
    )


def _first_trustor(db: Db, trust: Trust) -> str:
    """Whose roles the trust gives: the first one's, however often it was passed on."""
    if trust.redelegated_trust_id is None:
        return trust.trustor_user_id
    return db.value(FIRST_TRUSTOR, id=trust.id) or trust.trustor_user_id


def _by_credential(db: Db, payload: Payload) -> Delegation | None:
    credential = application_credentials.find(db, payload.application_credential_id)
    if credential is None or (credential.user_id, credential.project_id) != (payload.user_id, payload.scope_id):
        return None
    if credential.expires_at is not None and credential.expires_at <= now():
        return None
    rules = application_credentials.rules_of(db, credential.id)
    view: dict[str, Any] = {
        "id": credential.id,
        "name": credential.name,
        "restricted": not credential.is_unrestricted,
    }
    if rules:
        view["access_rules"] = [{"path": one.path, "method": one.method, "service": one.service} for one in rules]
    return Delegation(
        meant=tuple(db.all(BY_CREDENTIAL, id=credential.id)),
        is_restricted=not credential.is_unrestricted,
        access_rules=rules,
        credential_view=view,
    )
