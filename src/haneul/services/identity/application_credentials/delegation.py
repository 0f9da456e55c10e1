"""What a caller who acts by delegation may not do: make himself lasting ways in. Source: Keystone's API code."""

from haneul.kernel.auth import Caller
from haneul.kernel.errors import Forbidden


def refuse_restricted(caller: Caller) -> None:
    """Forbidden for who came by an application credential that may not make or delete further ones."""
    if caller.application_credential_id and caller.is_restricted:
        raise Forbidden(
            "You are not authorized to perform the requested action: Using method 'application_credential' is not "
            "allowed for managing additional application credentials."
        )


def refuse_trusted(caller: Caller) -> None:
    """Forbidden for who acts by a trust: what he made would outlive it."""
    if caller.trust_id:
        raise Forbidden("Cannot manage application credentials with a token issued via delegation.")
