"""Changing one's own password: the old one proves who asks, so that no token is needed, nor a password in force."""

import asyncio

from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, Unauthorized
from haneul.kernel.http import PUBLIC, Call, Routes
from haneul.services.identity.audit.logic import record
from haneul.services.identity.config import SecurityCompliance
from haneul.services.identity.parts import Parts
from haneul.services.identity.users import logic, password_rules, passwords
from haneul.services.identity.users.hashing import submit_check, submit_hashing
from haneul.services.identity.users.models import User
from haneul.services.identity.users.passwords import Candidate, NewPassword, PasswordOutcome
from haneul.services.identity.users.schemas import PasswordChange

REFUSED = "The request you have made requires authentication."


def routes_with(parts: Parts) -> Routes:
    """The route by which users change their own passwords."""
    routes = Routes()
    cost, compliance = parts.settings.bcrypt_cost, parts.compliance

    @routes.post("/v3/users/{user_id}/password", rule=PUBLIC, body_wraps="user", status=204, transaction="none")
    async def change_password(call: Call, user_id: str, body: PasswordChange) -> None:
        claimed = await call.transaction(
            lambda db: passwords.candidate(db, logic.find(db, user_id), compliance), writes=False
        )
        fits = await asyncio.wrap_future(submit_check(body.original_password, claimed.hash, cost))
        outcome = await call.transaction(lambda db: _concluded(db, user_id, claimed, fits, compliance), writes=True)
        if outcome is PasswordOutcome.WRONG or claimed.user is None or claimed.hash is None:
            raise Unauthorized(REFUSED)
        user, proved = claimed.user, claimed.hash
        refusal = await _refusal(call, user, body.password, compliance, cost)
        if refusal is not None:
            await call.transaction(lambda db: _write_down(db, user, refusal), writes=True)
            raise refusal
        kept = await asyncio.wrap_future(submit_hashing(body.password, cost))
        new = NewPassword(kept, compliance, is_self_service=True)
        if not await call.transaction(
            lambda db: logic.change_password(db, user_id, new, proved_hash=proved), writes=True
        ):
            raise Unauthorized(REFUSED)

    return routes


def _concluded(db: Db, user_id: str, claimed: Candidate, fits: bool, compliance: SecurityCompliance) -> PasswordOutcome:
    """What the proof comes to. A failure is written down, whether or not there is such a user: both take as long."""
    outcome = passwords.conclude_password(db, claimed, fits, compliance)
    if outcome is PasswordOutcome.WRONG:
        domain_id = "" if claimed.user is None else claimed.user.domain_id
        named = user_id[:64]
        record(db, "user", "authenticate", named, domain_id=domain_id, outcome="failure", user_id=named)
    return outcome


async def _refusal(
    call: Call, user: User, password: str, compliance: SecurityCompliance, cost: int
) -> BadRequest | None:
    """Why this may not be the user's next password, if it may not."""
    most = max(compliance.unique_last_password_count, 1)
    former = await call.transaction(lambda db: passwords.former(db, user.id, most), writes=False)
    try:
        password_rules.refuse_weak(password, compliance)
        password_rules.refuse_locked(user)
        if former:
            password_rules.refuse_young(former[0], compliance, now())
    except BadRequest as refusal:
        return refusal
    for one in former[: compliance.unique_last_password_count]:
        if one.hash is not None and await asyncio.wrap_future(submit_check(password, one.hash, cost)):
            return password_rules.reused(compliance)
    return None


def _write_down(db: Db, user: User, refusal: BadRequest) -> None:
    record(
        db,
        "user",
        "updated",
        user.id,
        domain_id=user.domain_id,
        outcome="failure",
        user_id=user.id,
        reason=str(refusal),
    )
