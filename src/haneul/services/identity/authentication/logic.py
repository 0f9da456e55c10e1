"""A login, from what its methods assert to the token.

What is refused is returned, not raised, so that the failed attempt is counted and written down.
"""

from collections.abc import Sequence

import msgspec

from haneul.kernel.clock import now, to_microseconds
from haneul.kernel.db import Db
from haneul.kernel.errors import ApiError, Forbidden, Unauthorized
from haneul.services.identity.audit.logic import record
from haneul.services.identity.authentication import factors, receipts
from haneul.services.identity.authentication.claims import Claim
from haneul.services.identity.authentication.methods import KNOWN
from haneul.services.identity.authentication.receipts import ReceiptView
from haneul.services.identity.authentication.schemas import Auth
from haneul.services.identity.authentication.scopes import Bounds, bounds_of
from haneul.services.identity.parts import Parts
from haneul.services.identity.projects import logic as projects
from haneul.services.identity.tokens.logic import REFUSED, Grant
from haneul.services.identity.tokens.models import Payload
from haneul.services.identity.trusts import logic as trusts
from haneul.services.identity.users.lockout import note_failure
from haneul.services.identity.users.models import User
from haneul.services.identity.users.passwords import PasswordOutcome, conclude_password


class Attempt(msgspec.Struct, frozen=True):
    """A login whose secrets have been checked: `fits` says of each claim whether its secret fitted, if it had one.

    Moments are in microseconds. What ends tokens after `began_at` ends this login's too; its token lives to `ends_at`
    at most.
    """

    auth: Auth
    claims: Sequence[Claim]
    fits: Sequence[bool]
    receipt: str | None
    began_at: int
    ends_at: int


class Issued(msgspec.Struct, frozen=True):
    """The new token, and the document that describes it."""

    token: str
    document: bytes


class Halfway(msgspec.Struct, frozen=True):
    """More methods are needed: what the user gets, to go on from."""

    receipt: str
    view: ReceiptView


Outcome = Issued | Halfway | ApiError


def conclude(db: Db, parts: Parts, attempt: Attempt, with_catalog: bool) -> Outcome:
    """The token; or what is missing; or the refusal, which has been written down."""
    refusal = _weighed(db, parts, attempt)
    user = next((claim.user for claim in attempt.claims if claim.user is not None), None)
    if refusal is None:
        assert user is not None
        try:
            outcome: Outcome = _admitted(db, parts, attempt, user, with_catalog)
        except ApiError as error:
            outcome = error
    else:
        outcome = refusal
    if user is not None:
        _write_down(db, attempt, user, outcome)
    return outcome


def _weighed(db: Db, parts: Parts, attempt: Attempt) -> ApiError | None:
    """Count each attempt; the refusal if any method failed, or if they prove different users."""
    refusal: ApiError | None = None
    for claim, fits in zip(attempt.claims, attempt.fits, strict=True):
        if claim.candidate is not None:
            refusal = _password_refusal(db, parts, claim, fits) or refusal
        elif not (claim.holds and fits):
            if claim.method == "totp" and claim.user is not None:
                note_failure(db, claim.user, parts.compliance)
            refusal = Unauthorized(REFUSED)
    users = {claim.user.id for claim in attempt.claims if claim.user is not None}
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


def _admitted(db: Db, parts: Parts, attempt: Attempt, user: User, with_catalog: bool) -> Issued | Halfway:
    """The token for a user who has proved himself, or a receipt if his rules want more."""
    earlier = next((claim.earlier for claim in attempt.claims if claim.earlier is not None), None)
    methods = _methods_of(parts, attempt, user, earlier)
    if not factors.suffices(user, set(methods), KNOWN):
        receipt = receipts.issue(user, methods)
        required = factors.still_required(user, set(methods), KNOWN)
        domain = projects.get(db, user.domain_id)
        return Halfway(receipts.write(parts.receipt_keys, receipt), receipts.view(receipt, user, domain, required))
    held = next((one.application_credential for one in attempt.claims if one.application_credential is not None), None)
    bounds = bounds_of(db, attempt.auth, user, earlier, held)
    token = parts.tokens.issue(db, _grant(attempt, user, methods, earlier, bounds))
    document = parts.tokens.document(db, token, with_catalog=with_catalog)
    if bounds.trust_id and not trusts.consume_use(db, bounds.trust_id):
        raise Forbidden("No remaining uses for trust: {trust_id}.", trust_id=bounds.trust_id)
    return Issued(token, document)


def _methods_of(parts: Parts, attempt: Attempt, user: User, earlier: Payload | None) -> tuple[str, ...]:
    """The methods proved now, those of the token presented, and those of the receipt brought along."""
    methods = [claim.method for claim in attempt.claims]
    if earlier is not None:
        methods.extend(earlier.methods)
    if attempt.receipt is not None:
        receipt = receipts.read(parts.receipt_keys, attempt.receipt)
        if receipt is None or receipt.user_id != user.id:
            raise Unauthorized("Could not find auth receipt: {receipt}.", receipt=attempt.receipt)
        methods.extend(receipt.methods)
    return tuple(dict.fromkeys(methods))


def _grant(attempt: Attempt, user: User, methods: tuple[str, ...], earlier: Payload | None, bounds: Bounds) -> Grant:
    ends = [attempt.ends_at]
    if earlier is not None:
        ends.append(earlier.expires_at)
    if bounds.until is not None:
        ends.append(bounds.until)
    return Grant(
        user_id=user.id,
        methods=methods,
        scope_kind=bounds.kind,
        scope_id=bounds.id,
        issued_at=attempt.began_at,
        expires_at=min(ends),
        parent_audit_id="" if earlier is None else earlier.audit_ids[-1],
        trust_id=bounds.trust_id,
        application_credential_id=bounds.application_credential_id,
    )


def _write_down(db: Db, attempt: Attempt, user: User, outcome: Outcome) -> None:
    match outcome:
        case Issued():
            word = "success"
        case Halfway():
            word = "pending"
        case _:
            word = "failure"
    record(
        db,
        "user",
        "authenticate",
        user.id,
        domain_id=user.domain_id,
        outcome=word,
        user_id=user.id,
        methods=list(dict.fromkeys(attempt.auth.identity.methods)),
    )


def began() -> int:
    """The moment at which a login begins, in microseconds."""
    return to_microseconds(now())
