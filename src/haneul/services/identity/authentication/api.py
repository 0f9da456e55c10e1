"""Logging in: `POST /v3/auth/tokens`."""

import asyncio

import msgspec

from haneul.kernel.clock import now, to_microseconds
from haneul.kernel.errors import ApiError
from haneul.kernel.http import PUBLIC, Call, Raw, Routes
from haneul.services.identity.authentication.claims import Claim
from haneul.services.identity.authentication.logic import (
    Attempt,
    Halfway,
    Outcome,
    conclude,
    conclude_at_once,
)
from haneul.services.identity.authentication.methods import claims_of
from haneul.services.identity.authentication.proofs import Checked
from haneul.services.identity.authentication.schemas import Auth
from haneul.services.identity.parts import Parts
from haneul.services.identity.tokens.schemas import TokenQuery
from haneul.services.identity.users.hashing import submit_check

RECEIPT_HEADER = "Openstack-Auth-Receipt"


def routes_with(parts: Parts) -> Routes:
    """Identity's login over this process's tokens and keys."""
    routes = Routes()
    cost, life_us = parts.settings.bcrypt_cost, parts.tokens.life_s * 1_000_000

    @routes.post("/v3/auth/tokens", rule=PUBLIC, body_wraps="auth", transaction="none", quick=True)
    async def create_token(call: Call, body: Auth, query: TokenQuery) -> Raw:
        began_at, with_catalog = to_microseconds(now()), query.nocatalog is msgspec.UNSET
        receipt = call.header(RECEIPT_HEADER) or None
        return _answer(await login(call, Attempt(body, receipt, with_catalog, began_at, began_at + life_us)))

    async def login(call: Call, attempt: Attempt) -> Outcome:
        if "password" in attempt.auth.identity.methods:
            claims = await call.transaction(lambda db: claims_of(db, parts, attempt.auth.identity), writes=False)
        else:
            found = await call.transaction(lambda db: conclude_at_once(db, parts, attempt), writes=True)
            if not isinstance(found, list):
                return found
            claims = found
        proofs = [Checked(claim, await _fits(claim, cost)) for claim in claims]
        return await call.transaction(lambda db: conclude(db, parts, attempt, proofs), writes=True)

    return routes


def _answer(outcome: Outcome) -> Raw:
    if isinstance(outcome, ApiError):
        raise outcome
    if isinstance(outcome, Halfway):
        return Raw(body=msgspec.json.encode(outcome.view), status=401, headers={RECEIPT_HEADER: outcome.receipt})
    return Raw(body=outcome.document, status=201, headers={"X-Subject-Token": outcome.token, "Vary": "X-Auth-Token"})


async def _fits(claim: Claim, cost: int) -> bool:
    """Whether the claim's secret fits; one that has none fits."""
    if claim.secret is None:
        return True
    return await asyncio.wrap_future(submit_check(claim.secret, claim.kept, cost))
