"""Tokens for signed requests. Only services and administrators may ask: a signed link would else be worth a token to
whoever sees it. Source: Keystone's fix of CVE-2025-65073."""

from haneul.kernel.errors import ApiError, BadRequest
from haneul.kernel.http import Call, Raw, Routes
from haneul.kernel.policy import Rule
from haneul.services.identity.ec2.logic import EC2_DIALECT, S3_DIALECT, Admitted, Dialect, admit
from haneul.services.identity.ec2.schemas import SignatureBody
from haneul.services.identity.parts import Parts

VALIDATE_EC2 = Rule(
    "identity:ec2tokens_validate", "rule:service_or_admin", "Get a token for a request signed with EC2 credentials."
)
VALIDATE_S3 = Rule(
    "identity:s3tokens_validate", "rule:service_or_admin", "Get a token's document for a request signed for S3."
)


def routes_with(parts: Parts) -> Routes:
    """The routes that turn signed requests into tokens."""
    routes = Routes()

    @routes.post("/v3/ec2tokens", rule=VALIDATE_EC2, body_wraps="", transaction="none")
    async def create_ec2_token(call: Call, body: SignatureBody) -> Raw:
        admitted = await _admitted(call, body, EC2_DIALECT)
        return Raw(body=admitted.document, status=200, headers={"X-Subject-Token": admitted.token})

    @routes.post("/v3/s3tokens", rule=VALIDATE_S3, body_wraps="", transaction="none")
    async def create_s3_token(call: Call, body: SignatureBody) -> Raw:
        # The token itself stays here, as in Keystone: a gateway needs to know who asks, not to act for him.
        return Raw(body=(await _admitted(call, body, S3_DIALECT)).document, status=200)

    async def _admitted(call: Call, body: SignatureBody, dialect: Dialect) -> Admitted:
        call.enforce()
        if call.raw_body.strip() in (b"{}", b""):
            raise BadRequest("request must include a request body")
        # A refusal is returned by the transaction, since a failed attempt is written down too.
        outcome = await call.transaction(lambda db: admit(db, parts, body.request, dialect), writes=True)
        if isinstance(outcome, ApiError):
            raise outcome
        return outcome

    return routes
