"""A login, from what its methods assert to the token.

What is refused is returned, not raised, so that the failed attempt is counted and written down.
"""

from collections.abc import Sequence

import msgspec

from haneul.kernel.db import Db
from haneul.kernel.errors import ApiError, Forbidden, NotFound, Unauthorized
from haneul.services.identity.application_credentials.models import ApplicationCredential
from haneul.services.identity.audit.logic import record
from haneul.services.identity.authentication import factors, receipts
from haneul.services.identity.authentication.claims import Claim
from haneul.services.identity.authentication.methods import KNOWN, claims_of
from haneul.services.identity.authentication.proofs import GUESSABLE, Checked, refusal_of
from haneul.services.identity.authentication.receipts import Receipt, ReceiptView
from haneul.services.identity.authentication.schemas import Auth
from haneul.services.identity.authentication.scopes import Bounds, bounds_of
from haneul.services.identity.parts import Parts
from haneul.services.identity.projects import logic as projects
from haneul.services.identity.tokens.logic import REFUSED, Grant
from haneul.services.identity.tokens.models import Payload
from haneul.services.identity.trusts import chain
from haneul.services.identity.trusts import logic as trusts
from haneul.services.identity.users.lockout import note_success
from haneul.services.identity.users.models import User
from haneul.services.identity.users.passwords import hold


class Attempt(msgspec.Struct, frozen=True):
    """What a login asks for. Moments are in microseconds: what ends tokens after `began_at` ends this login's too, and
    its token lives to `ends_at` at most."""

    auth: Auth
    receipt: str | None
    with_catalog: bool
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


def conclude_at_once(db: Db, parts: Parts, attempt: Attempt) -> Outcome | list[Claim]:
    """How the login ends, where no secret takes long to check; else the claims, for who checks theirs."""
    claims = claims_of(db, parts, attempt.auth.identity)
    if any(claim.secret is not None for claim in claims):
        return claims
    return conclude(db, parts, attempt, [Checked(claim) for claim in claims])


def conclude(db: Db, parts: Parts, attempt: Attempt, proofs: Sequence[Checked]) -> Outcome:
    """The token; or what is missing; or the refusal, which has been written down."""
    claims = [proof.claim for proof in proofs]
    refusal = refusal_of(db, parts, proofs)
    user = next((claim.user for claim in claims if claim.user is not None), None)
    if refusal is None:
        assert user is not None
        try:
            outcome: Outcome = _admitted(db, parts, attempt, claims, user)
        except ApiError as error:
            outcome = error
        if isinstance(outcome, Issued) and any(claim.method in GUESSABLE for claim in claims):
            note_success(db, user, parts.compliance)
    else:
        outcome = refusal
    # For who isn't there the same is written, so that time doesn't tell who is.
    if user is not None or any(claim.method in GUESSABLE for claim in claims):
        _write_down(db, attempt, user, outcome)
    return outcome


def _admitted(db: Db, parts: Parts, attempt: Attempt, claims: Sequence[Claim], user: User) -> Issued | Halfway:
    """The token for a user who has proved himself, or a receipt if his rules want more."""
    earlier = next((claim.earlier for claim in claims if claim.earlier is not None), None)
    methods = [claim.method for claim in claims] + list(earlier.methods if earlier is not None else ())
    if attempt.receipt is not None:
        before = _receipt_of(parts, attempt.receipt, user)
        methods.extend(before.methods)
        # What ends the user's tokens, a new password above all, ends what he proved before it; and what he proves now
        # does not lengthen what he has proved.
        attempt = msgspec.structs.replace(attempt, began_at=min(attempt.began_at, before.issued_at))
    proved = tuple(dict.fromkeys(methods))
    held = next((one.application_credential for one in claims if one.application_credential is not None), None)
    if not factors.suffices(user, set(proved), KNOWN):
        _refuse_delegated(held, earlier)
        ends_most = None if earlier is None else earlier.expires_at
        return _halfway(db, parts, user, receipts.issue(user, proved, began_at=attempt.began_at, ends_most=ends_most))
    bounds = bounds_of(db, attempt.auth, user, earlier, held)
    if bounds.trust_id:
        _refuse_broken(db, parts, bounds.trust_id)
    if earlier is not None:
        # Who ends the user's tokens in this moment must find the new one, or it must find them ended.
        hold(db, user.id)
        parts.tokens.refuse_ended(db, earlier)
    token = parts.tokens.issue(db, _grant(attempt, user, proved, earlier, bounds))
    document = parts.tokens.document(db, token, with_catalog=attempt.with_catalog)
    if bounds.trust_id and not trusts.consume_use(db, bounds.trust_id):
        raise Forbidden("No remaining uses for trust: {trust_id}.", trust_id=bounds.trust_id)
    return Issued(token, document)


def _refuse_broken(db: Db, parts: Parts, trust_id: str) -> None:
    """Unauthorized or Forbidden if the trust, or one that it was passed on from, gives this no longer."""
    try:
        chain.refuse_broken(db, trusts.get(db, trust_id), parts.settings.redelegation_depth_most)
    except NotFound:
        raise Unauthorized(REFUSED) from None


def _refuse_delegated(held: ApplicationCredential | None, earlier: Payload | None) -> None:
    """Unauthorized for half a login by a delegation: a receipt would not remember its bounds."""
    if held is not None or (earlier is not None and earlier.trust_id):
        raise Unauthorized("What is delegated and the other methods that the user's rules want must come together.")


def _halfway(db: Db, parts: Parts, user: User, receipt: Receipt) -> Halfway:
    required = factors.still_required(user, set(receipt.methods), KNOWN)
    view = receipts.view(receipt, user, projects.get(db, user.domain_id), required)
    return Halfway(receipts.write(parts.receipt_keys, receipt), view)


def _receipt_of(parts: Parts, written: str, user: User) -> Receipt:
    """The receipt brought along; Unauthorized if it is nobody's or somebody else's."""
    receipt = receipts.read(parts.receipt_keys, written)
    if receipt is None or receipt.user_id != user.id:
        raise Unauthorized("Could not find auth receipt: {receipt}.", receipt=written)
    return receipt


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


def _write_down(db: Db, attempt: Attempt, user: User | None, outcome: Outcome) -> None:
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
        "" if user is None else user.id,
        domain_id="" if user is None else user.domain_id,
        outcome=word,
        user_id="" if user is None else user.id,
        methods=list(dict.fromkeys(attempt.auth.identity.methods)),
    )
