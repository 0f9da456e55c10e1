"""What callers who act by a trust or an application credential may do with credentials.

Source: Keystone's fixes of CVE-2020-12689, CVE-2020-12691 and of its bugs 2150089 and 2148398.
"""

from haneul.kernel.auth import Caller
from haneul.kernel.errors import Forbidden
from haneul.services.identity.credentials.models import Credential

REFUSED = "You are not authorized to perform the requested action: {action}."


def is_delegated(caller: Caller) -> bool:
    return bool(caller.trust_id or caller.application_credential_id)


def refuse_other_project(caller: Caller, project_id: str | None) -> None:
    """A delegation is for one project: secrets of other projects, and those of the user himself, are not in it."""
    if is_delegated(caller) and project_id != caller.project_id:
        action = "Credential project does not match the project scope of the delegated token"
        raise Forbidden(REFUSED, action=action)


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
