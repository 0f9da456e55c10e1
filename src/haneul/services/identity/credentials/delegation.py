"""What callers who act by a trust or an application credential may do with credentials.

Source: Keystone's fixes of CVE-2020-12689, CVE-2020-12691 and of its bugs 2150089 and 2148398.
"""

from sqlalchemy import bindparam, func

from haneul.kernel.auth import Caller
from haneul.kernel.db.listing import Clause
from haneul.kernel.errors import Forbidden
from haneul.services.identity.credentials.models import TOTP, Credential, credentials, is_of

_credential = credentials.c
REFUSED = "You are not authorized to perform the requested action: {action}."


def is_delegated(caller: Caller) -> bool:
    return bool(caller.trust_id or caller.application_credential_id)


def refuse_beyond(caller: Caller, project_id: str | None, kind: str) -> None:
    """A delegation is for one project: secrets of other projects, and those of the user himself, are not in it.

    Nor is the seed of passcodes in it, even one for the project: it alone is a login to all that the user may do.
    """
    if not is_delegated(caller):
        return
    if project_id != caller.project_id:
        action = "Credential project does not match the project scope of the delegated token"
        raise Forbidden(REFUSED, action=action)
    if is_of(TOTP, kind):
        raise Forbidden(REFUSED, action="Delegated tokens reach no seeds of passcodes")


def reachable(caller: Caller) -> list[Clause]:
    """What bounds a list for the same reason."""
    if not is_delegated(caller):
        return []
    within = (_credential.project_id == bindparam("within")) & (func.lower(func.trim(_credential.type)) != TOTP)
    return [Clause("delegated", lambda: within, {"within": caller.project_id}, is_bound=True)]


def refuse_restricted(caller: Caller) -> None:
    """A restricted application credential makes no keys that would outlive it."""
    if caller.is_restricted:
        action = "Using method 'application_credential' is not allowed for managing additional credentials."
        raise Forbidden(REFUSED, action=action)


def refuse_keys_for_others(caller: Caller, user_id: str) -> None:
    """Keys made by a delegation act within it, and it is nobody else's."""
    if is_delegated(caller) and user_id != caller.user_id:
        raise Forbidden(REFUSED, action="Delegated tokens make EC2 credentials for their own user alone")


def refuse_wider_keys(caller: Caller, credential: Credential) -> None:
    """Who acts by a delegation must not choose the secret of keys that reach further than it."""
    own = (caller.trust_id or None, caller.application_credential_id or None)
    if is_delegated(caller) and own != (credential.trust_id, credential.application_credential_id):
        action = "Delegated tokens change only EC2 credentials that were made by the same delegation"
        raise Forbidden(REFUSED, action=action)
