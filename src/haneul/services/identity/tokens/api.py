import asyncio

import msgspec

from haneul.kernel.clock import now, to_microseconds
from haneul.kernel.db import Db
from haneul.kernel.errors import NotFound, Unauthorized
from haneul.kernel.http import PUBLIC, Call, Raw, Routes
from haneul.kernel.policy import Rule
from haneul.services.identity.parts import Parts
from haneul.services.identity.tokens import logic, login
from haneul.services.identity.tokens.checker import Tokens
from haneul.services.identity.tokens.logic import REFUSED, Grant
from haneul.services.identity.tokens.schemas import Auth, PasswordMethod, TokenMethod, TokenQuery
from haneul.services.identity.users import logic as users
from haneul.services.identity.users.hashing import submit_check
from haneul.services.identity.users.models import User

VALIDATE = Rule(
    "identity:validate_token",
    "rule:admin_required or (role:reader and system_scope:all) or rule:service_role or rule:token_subject",
    "Validate a token.",
)
CHECK = Rule(
    "identity:check_token",
    "rule:admin_required or (role:reader and system_scope:all) or rule:token_subject",
    "Check a token.",
)
REVOKE = Rule("identity:revoke_token", "rule:admin_required or rule:token_subject", "Revoke a token.")


def routes_with(parts: Parts) -> Routes:
    """Identity's token routes over this process's tokens."""
    routes = Routes()
    tokens, bcrypt_cost = parts.tokens, parts.settings.bcrypt_cost

    @routes.post("/v3/auth/tokens", rule=PUBLIC, body_wraps="auth", transaction="none")
    async def create_token(call: Call, body: Auth, query: TokenQuery) -> Raw:
        login.refuse_unknown_methods(body)
        token = await _issued(call, tokens, body, bcrypt_cost)
        document = await call.transaction(lambda db: _document(db, tokens, token, query), writes=False)
        return Raw(body=document, status=201, headers={"X-Subject-Token": token, "Vary": "X-Auth-Token"})

    @routes.get("/v3/auth/tokens", rule=VALIDATE, quick=True)
    def validate_token(call: Call, query: TokenQuery) -> Raw:
        token = _allowed_subject(call, tokens)
        document = _document(call.db, tokens, token, query)
        return Raw(body=document, headers={"X-Subject-Token": token, "Vary": "X-Auth-Token"})

    @routes.head("/v3/auth/tokens", rule=CHECK, quick=True)
    def check_token(call: Call) -> Raw:
        token = _allowed_subject(call, tokens)
        return Raw(body=b"", headers={"X-Subject-Token": token, "Vary": "X-Auth-Token"})

    @routes.delete("/v3/auth/tokens", rule=REVOKE)
    def revoke_token(call: Call) -> None:
        token = _subject(call)
        payload = tokens.provider.read(token)
        call.enforce(token={"user_id": payload.user_id if payload else None})
        logic.revoke(call.db, tokens.provider, token)

    return routes


def _subject(call: Call) -> str:
    token = call.header("X-Subject-Token")
    if not token:
        call.enforce(token={"user_id": None})
        raise NotFound("No token in the request")
    return token


def _allowed_subject(call: Call, tokens: Tokens) -> str:
    """The token asked about, if it counts and the route's rule allows to ask.

    NotFound if it doesn't count, to anybody: that a token is worth nothing is no secret.
    """
    token = _subject(call)
    try:
        found = tokens.validated(call.db, token)
    except Unauthorized:
        raise NotFound("Could not find token.") from None
    call.enforce(token=found.caller)
    return token


def _document(db: Db, tokens: Tokens, token: str, query: TokenQuery) -> bytes:
    if query.nocatalog is msgspec.UNSET:
        return b'{"token":%s}' % tokens.document(db, token)
    view = msgspec.structs.replace(tokens.validated(db, token).view, catalog=msgspec.UNSET)
    return b'{"token":%s}' % msgspec.json.encode(view)


async def _issued(call: Call, tokens: Tokens, auth: Auth, bcrypt_cost: int) -> str:
    """A token for whoever has proved himself by every method he names."""
    user: User | None = None
    issued_at = to_microseconds(now())
    expires_at = issued_at + tokens.life_s * 1_000_000
    methods, parent = tuple(auth.identity.methods), ""
    given = auth.identity.token
    if "token" in methods:
        if not isinstance(given, TokenMethod):
            raise Unauthorized(REFUSED)
        proof = await call.transaction(lambda db: tokens.validated(db, given.id), writes=False)
        user = await call.transaction(lambda db: db.one(logic.USER_BY_ID, id=proof.payload.user_id), writes=False)
        expires_at, parent = min(expires_at, proof.payload.expires_at), proof.payload.audit_ids[-1]
        methods = tuple(dict.fromkeys((*methods, *proof.payload.methods)))
    if "password" in methods and "password" in auth.identity.methods:
        known = await _by_password(call, auth, bcrypt_cost)
        if user is not None and user.id != known.id:
            raise Unauthorized(REFUSED)
        user = known
    if user is None:
        raise Unauthorized(REFUSED)
    proved = user
    kind, target = await call.transaction(lambda db: login.scope_of(db, auth, proved), writes=False)
    return logic.issue(tokens.provider, Grant(proved, methods, kind, target, issued_at, expires_at, parent))


async def _by_password(call: Call, auth: Auth, bcrypt_cost: int) -> User:
    given = auth.identity.password
    if not isinstance(given, PasswordMethod):
        raise Unauthorized(REFUSED)
    claimed = await call.transaction(lambda db: users.candidate(db, login.claimed_user(db, given.user)), writes=False)
    fits = await asyncio.wrap_future(submit_check(given.user.password, claimed.hash, bcrypt_cost))
    if not fits or claimed.user is None:
        raise Unauthorized(REFUSED)
    return claimed.user
