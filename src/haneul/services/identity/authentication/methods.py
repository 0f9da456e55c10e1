"""The methods of logging in: each says, in a transaction that reads, whom it would prove and how far it has."""

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.kernel.errors import NotFound, Unauthorized
from haneul.services.identity.application_credentials import logic as application_credentials
from haneul.services.identity.application_credentials import secrets
from haneul.services.identity.application_credentials.models import ApplicationCredential
from haneul.services.identity.authentication import passcodes
from haneul.services.identity.authentication.claims import Claim
from haneul.services.identity.authentication.references import missing, user_meant
from haneul.services.identity.authentication.schemas import (
    ApplicationCredentialMethod,
    Identity,
    PasscodeMethod,
    PasswordMethod,
    TokenMethod,
)
from haneul.services.identity.credentials.logic import blobs_of
from haneul.services.identity.parts import Parts
from haneul.services.identity.users import logic as users
from haneul.services.identity.users.lockout import is_locked_out, standing
from haneul.services.identity.users.passwords import candidate

UNSUPPORTED = "Attempted to authenticate with an unsupported method."


def claims_of(db: Db, parts: Parts, wanted: Identity) -> list[Claim]:
    """What each named method asserts; Unauthorized for one that doesn't exist, BadRequest for one without its data."""
    names = list(dict.fromkeys(wanted.methods))
    if any(name not in METHODS for name in names):
        raise Unauthorized(UNSUPPORTED)
    return [METHODS[name](db, parts, wanted) for name in names]


def by_password(db: Db, parts: Parts, wanted: Identity) -> Claim:
    """The password still has to be checked against its hash, or against a decoy where there is none."""
    given = wanted.password
    if not isinstance(given, PasswordMethod):
        raise missing("password", "identity")
    found = candidate(db, user_meant(db, given.user), parts.compliance)
    return Claim(
        method="password",
        user=found.user,
        holds=found.user is not None,
        secret=given.user.password,
        kept=found.hash,
        candidate=found,
    )


def by_token(db: Db, parts: Parts, wanted: Identity) -> Claim:
    """A token that counts proves its user; NotFound for any other, as Keystone answers."""
    given = wanted.token
    if not isinstance(given, TokenMethod):
        raise missing("token", "identity")
    try:
        found = parts.tokens.validated(db, given.id)
    except Unauthorized:
        raise NotFound("Could not find token.") from None
    credential_id = found.payload.application_credential_id
    return Claim(
        method="token",
        user=users.find(db, found.payload.user_id),
        holds=True,
        earlier=found.payload,
        application_credential=application_credentials.find(db, credential_id) if credential_id else None,
    )


def by_passcode(db: Db, parts: Parts, wanted: Identity) -> Claim:
    """A time-based passcode fits one of the user's secrets; guessing counts as it does for passwords."""
    given = wanted.totp
    if not isinstance(given, PasscodeMethod):
        raise missing("totp", "identity")
    user = standing(db, user_meant(db, given.user), parts.compliance)
    kept = blobs_of(db, parts.credential_keys, user.id, "totp") if user is not None else []
    fits = passcodes.fits(given.user.passcode, kept, time.time())
    locked = user is not None and is_locked_out(db, user, parts.compliance, now())
    return Claim(method="totp", user=user, holds=user is not None and fits and not locked)


def by_application_credential(db: Db, parts: Parts, wanted: Identity) -> Claim:
    """An application credential proves its user, to act within its bounds."""
    given = wanted.application_credential
    if not isinstance(given, ApplicationCredentialMethod):
        raise missing("application_credential", "identity")
    found = _credential_meant(db, given)
    user = standing(db, users.find(db, found.user_id), parts.compliance) if found is not None else None
    in_time = found is not None and (found.expires_at is None or found.expires_at > now())
    claim = Claim(
        method="application_credential",
        user=user,
        holds=user is not None and in_time,
        application_credential=found,
    )
    if found is None:
        return claim
    if secrets.is_slow(found.secret_hash):
        return msgspec.structs.replace(claim, secret=given.secret, kept=found.secret_hash)
    return msgspec.structs.replace(claim, holds=secrets.check(given.secret, found.secret_hash) and claim.holds)


def _credential_meant(db: Db, given: ApplicationCredentialMethod) -> ApplicationCredential | None:
    if given.id is not None:
        return application_credentials.find(db, given.id)
    if given.name is None:
        raise missing("name or ID", "application credential")
    if given.user is None:
        raise missing("user", "application credential")
    user = user_meant(db, given.user)
    return None if user is None else application_credentials.by_name(db, user.id, given.name)


METHODS: Mapping[str, Callable[[Db, Parts, Identity], Claim]] = MappingProxyType(
    {
        "password": by_password,
        "token": by_token,
        "totp": by_passcode,
        "application_credential": by_application_credential,
    }
)
KNOWN = frozenset(METHODS)
