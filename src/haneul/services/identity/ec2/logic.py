"""A user's EC2 credentials, and the tokens that requests signed with them are worth."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from haneul.kernel.auth import Caller
from haneul.kernel.clock import now, to_microseconds
from haneul.kernel.db import Db
from haneul.kernel.db.listing import Page
from haneul.kernel.errors import ApiError, Forbidden, NotFound, Unauthorized
from haneul.kernel.ids import new_hex_id
from haneul.services.identity.application_credentials import logic as application_credentials
from haneul.services.identity.audit.logic import record
from haneul.services.identity.credentials import logic as credentials
from haneul.services.identity.credentials.blobs import Pair, id_of_access, opened, pair_of
from haneul.services.identity.credentials.models import EC2, Credential
from haneul.services.identity.credentials.schemas import CredentialCreate
from haneul.services.identity.ec2 import freshness, s3, signatures
from haneul.services.identity.ec2.schemas import SignedRequest
from haneul.services.identity.parts import Parts
from haneul.services.identity.tokens.logic import REFUSED, Grant
from haneul.services.identity.trusts import logic as trusts
from haneul.services.identity.users import logic as users

METHOD = "ec2credential"
UNKNOWN_KEY = "EC2 access key not found."

Check = Callable[[str, SignedRequest], None]
Freshness = Callable[[SignedRequest, datetime, timedelta], None]


class Dialect(msgspec.Struct, frozen=True):
    """How requests to a service are signed: what refuses a forged one by the secret, and what refuses an old one.

    `obeys_access_rules`: whether the service goes on with a token, and so is kept to the calls that the token may make.
    """

    refuse_forged: Check
    refuse_stale: Freshness
    obeys_access_rules: bool


class Admitted(msgspec.Struct, frozen=True):
    """The token that a request is worth, and the body that describes it."""

    token: str
    document: bytes


def _refuse_stale_s3(request: SignedRequest, moment: datetime, life: timedelta) -> None:
    freshness.refuse_claimed(request, moment, life)
    s3.refuse_stale(request, moment, life)


EC2_DIALECT = Dialect(signatures.refuse_forged, freshness.refuse_stale, obeys_access_rules=True)
S3_DIALECT = Dialect(s3.refuse_forged, _refuse_stale_s3, obeys_access_rules=False)


def find(db: Db, access: str) -> Credential:
    """The EC2 credential with this access key; NotFound."""
    found = credentials.get(db, id_of_access(access))
    if not found.is_ec2:
        raise NotFound(UNKNOWN_KEY)
    return found


def list_(db: Db, page: Page, user_id: str, *, caller: Caller) -> list[Credential]:
    """One page of the user's EC2 credentials; NotFound if there is no such user."""
    users.get(db, user_id)
    return credentials.list_(db, page, {"type": EC2}, of_user=user_id, caller=caller)


def create(db: Db, parts: Parts, user_id: str, project_id: str, *, caller: Caller) -> tuple[Credential, Pair]:
    """A new pair of keys, by which its user acts in the project with the roles that he has there at the time."""
    pair = Pair(new_hex_id(), new_hex_id())
    written = {"access": pair.access, "secret": pair.secret, "trust_id": None}
    wanted = CredentialCreate(
        blob=msgspec.json.encode(written).decode(), type=EC2, user_id=user_id, project_id=project_id
    )
    most = parts.settings.credentials_per_user_most
    made = credentials.create(db, parts.credential_keys, wanted, caller=caller, extra={}, most_per_user=most)
    return made, pair


def admit(db: Db, parts: Parts, request: SignedRequest, dialect: Dialect) -> Admitted | ApiError:
    """The token that a signed request is worth, or why it is worth none; both are written down."""
    if not isinstance(request.access, str):
        raise Unauthorized("EC2 Signature not supplied")
    credential = credentials.find(db, id_of_access(request.access))
    if credential is None or not credential.is_ec2:
        raise NotFound(UNKNOWN_KEY)
    try:
        outcome: Admitted | ApiError = _admitted(db, parts, credential, request, dialect)
    except ApiError as refused:
        outcome = refused
    _write_down(db, credential, "success" if isinstance(outcome, Admitted) else "failure")
    return outcome


def _admitted(db: Db, parts: Parts, credential: Credential, request: SignedRequest, dialect: Dialect) -> Admitted:
    moment = now()
    dialect.refuse_forged(pair_of(opened(parts.credential_keys, credential)).secret, request)
    dialect.refuse_stale(request, moment, timedelta(seconds=parts.settings.signature_life_s))
    if users.standing(db, users.find(db, credential.user_id), parts.compliance) is None:
        raise Unauthorized(REFUSED)
    token = parts.tokens.issue(db, _grant(db, credential, moment, parts.tokens.life_s))
    # In whose name a delegated token acts is the delegation's to say: keys made under it are his and nobody else's.
    caller = parts.tokens.validated(db, token).caller
    if caller.user_id != credential.user_id or not (dialect.obeys_access_rules or caller.access_rules is None):
        raise Unauthorized(REFUSED)
    if credential.trust_id is not None and not trusts.consume_use(db, credential.trust_id):
        raise Forbidden("No remaining uses for trust: {trust_id}.", trust_id=credential.trust_id)
    return Admitted(token, parts.tokens.document(db, token))


def _grant(db: Db, credential: Credential, moment: datetime, life_s: int) -> Grant:
    user_id, ends = credential.user_id, [moment + timedelta(seconds=life_s)]
    if credential.trust_id is not None:
        trust = trusts.get(db, credential.trust_id)
        # A trustee acts by a trust, even where the keys are the trustor's since he acted in that one's name.
        user_id = trust.trustee_user_id
        ends += [trust.expires_at] if trust.expires_at is not None else []
    elif credential.application_credential_id is not None:
        maker = application_credentials.find(db, credential.application_credential_id)
        if maker is None:
            raise NotFound("Could not find Application Credential: {id}.", id=credential.application_credential_id)
        ends += [maker.expires_at] if maker.expires_at is not None else []
    return Grant(
        user_id=user_id,
        methods=(METHOD,),
        scope_kind="project",
        scope_id=credential.project_id or "",
        issued_at=to_microseconds(moment),
        expires_at=to_microseconds(min(ends)),
        trust_id=credential.trust_id or "",
        application_credential_id=credential.application_credential_id or "",
    )


def _write_down(db: Db, credential: Credential, outcome: str) -> None:
    user = users.get(db, credential.user_id)
    record(
        db,
        "user",
        "authenticate",
        user.id,
        domain_id=user.domain_id,
        project_id=credential.project_id or "",
        outcome=outcome,
        user_id=user.id,
        methods=[METHOD],
        credential_id=credential.id,
    )
