"""What claims come to once their secrets are checked: each attempt is counted, whatever the others say."""

from collections.abc import Sequence

import msgspec

from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.kernel.errors import ApiError, Unauthorized
from haneul.services.identity.authentication.claims import Claim
from haneul.services.identity.parts import Parts
from haneul.services.identity.tokens.logic import REFUSED
from haneul.services.identity.users.lockout import is_locked_out, note_failure
from haneul.services.identity.users.passwords import PasswordOutcome, conclude_password

# What may be found by trying: failures are counted, and forgotten only where a login has succeeded as a whole. A right
# password must not buy further guesses at the passcode.
GUESSABLE = frozenset({"password", "totp"})


class Checked(msgspec.Struct, frozen=True):
    """A claim, and whether its secret fitted, if it had one."""

    claim: Claim
    fits: bool = True


def refusal_of(db: Db, parts: Parts, proofs: Sequence[Checked]) -> ApiError | None:
    """Count each attempt; the refusal if any method failed, or if they prove different users."""
    refusal: ApiError | None = None
    for proof in proofs:
        claim = proof.claim
        if claim.candidate is not None:
            refusal = _password_refusal(db, parts, claim, proof.fits) or refusal
        elif claim.method == "totp":
            refusal = _passcode_refusal(db, parts, claim) or refusal
        elif not (claim.holds and proof.fits):
            refusal = Unauthorized(REFUSED)
    users = {proof.claim.user.id for proof in proofs if proof.claim.user is not None}
    return refusal or (None if len(users) == 1 else Unauthorized(REFUSED))


def _password_refusal(db: Db, parts: Parts, claim: Claim, fits: bool) -> ApiError | None:
    assert claim.candidate is not None
    outcome = conclude_password(db, claim.candidate, fits, parts.compliance)
    if outcome is PasswordOutcome.OK:
        return None
    if outcome is PasswordOutcome.EXPIRED and claim.user is not None:
        return Unauthorized(
            "The password is expired and needs to be changed for user: {user_id}.", user_id=claim.user.id
        )
    return Unauthorized(REFUSED)


def _passcode_refusal(db: Db, parts: Parts, claim: Claim) -> ApiError | None:
    """Of many passcodes tried at once, none counts after the last that may fail."""
    user = claim.user
    is_locked = user is not None and is_locked_out(db, user, parts.compliance, now())
    if claim.holds and not is_locked:
        return None
    note_failure(db, None if is_locked else user, parts.compliance)
    return Unauthorized(REFUSED)
