import msgspec

from haneul.kernel.errors import NotFound, Unauthorized
from haneul.kernel.http import Call, Raw, Routes
from haneul.kernel.policy import Rule
from haneul.services.identity.parts import Parts
from haneul.services.identity.tokens import logic
from haneul.services.identity.tokens.schemas import TokenQuery

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
ACCESS_RULES_HEADER = "OpenStack-Identity-Access-Rules"
REVOKE = Rule("identity:revoke_token", "rule:admin_required or rule:token_subject", "Revoke a token.")


def routes_with(parts: Parts) -> Routes:
    """Identity's token routes over this process's tokens."""
    routes = Routes()
    tokens = parts.tokens

    @routes.get("/v3/auth/tokens", rule=VALIDATE, quick=True)
    def validate_token(call: Call, query: TokenQuery) -> Raw:
        token = _allowed_subject(call, parts, query)
        with_catalog = query.nocatalog is msgspec.UNSET
        write = tokens.expired_document if _expired_too(query) else tokens.document
        return Raw(body=write(call.db, token, with_catalog=with_catalog), headers=_headers(token))

    @routes.head("/v3/auth/tokens", rule=CHECK, quick=True)
    def check_token(call: Call, query: TokenQuery) -> Raw:
        return Raw(body=b"", headers=_headers(_allowed_subject(call, parts, query)))

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


def _allowed_subject(call: Call, parts: Parts, query: TokenQuery) -> str:
    """The token asked about, if it counts and the route's rule allows to ask.

    NotFound if it doesn't count, to anybody: that a token is worth nothing is no secret. Nor does one with access rules
    for a service that doesn't say that it obeys such.
    """
    token = _subject(call)
    try:
        found = parts.tokens.validated(call.db, token, expired_too=_expired_too(query)).caller
    except Unauthorized:
        raise NotFound("Could not find token.") from None
    call.enforce(token=found)
    if found.access_rules is not None and not call.header(ACCESS_RULES_HEADER):
        raise NotFound("Could not find token.")
    return token


def _expired_too(query: TokenQuery) -> bool:
    return isinstance(query.allow_expired, str) and query.allow_expired.lower() in ("1", "true", "yes", "on", "")


def _headers(token: str) -> dict[str, str]:
    return {"X-Subject-Token": token, "Vary": "X-Auth-Token"}
