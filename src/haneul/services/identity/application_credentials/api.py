import asyncio

import msgspec

from haneul.kernel.db import fields
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.services.identity.application_credentials import logic, secrets
from haneul.services.identity.application_credentials.delegation import refuse_restricted, refuse_trusted
from haneul.services.identity.application_credentials.logic import Described
from haneul.services.identity.application_credentials.models import ApplicationCredential
from haneul.services.identity.application_credentials.schemas import (
    ApplicationCredentialCreate,
    ApplicationCredentialFilters,
    ApplicationCredentialView,
)
from haneul.services.identity.base_rules import CLOUD_WIDE
from haneul.services.identity.parts import Parts
from haneul.services.identity.users import logic as users
from haneul.services.identity.users.hashing import submit_hashing

READER = "(rule:admin_required) or (role:reader and system_scope:all) or rule:owner"
GET = Rule("identity:get_application_credential", READER, "Show an application credential.", scope_types=CLOUD_WIDE)
LIST = Rule(
    "identity:list_application_credentials",
    READER,
    "List a user's application credentials.",
    scope_types=CLOUD_WIDE,
)
CREATE = Rule(
    "identity:create_application_credential",
    "user_id:%(user_id)s",
    "Create an application credential.",
    scope_types=("project",),
)
DELETE = Rule(
    "identity:delete_application_credential",
    "rule:admin_or_owner",
    "Delete an application credential.",
    scope_types=CLOUD_WIDE,
)

ALL = "/v3/users/{user_id}/application_credentials"
ONE = "/v3/users/{user_id}/application_credentials/{application_credential_id}"


def view(call: Call, found: Described) -> ApplicationCredentialView:
    url = call.url(f"/v3/users/{found.credential.user_id}/application_credentials")
    return ApplicationCredentialView.of(found.credential, found.roles, found.rules, url)


def allowed(call: Call, user_id: str, credential_id: str) -> ApplicationCredential:
    """The credential, once the route's rule allows it: its owner counts, whoever's the address says that it is."""
    credential = logic.find(call.db, credential_id)
    call.enforce(user_id=user_id if credential is None else credential.user_id)
    refuse_trusted(call.caller)
    return logic.existing(credential, credential_id)


def routes_with(parts: Parts) -> Routes:
    """The routes of application credentials. Chosen secrets are hashed outside of transactions, like passwords."""
    routes = Routes()
    bcrypt_cost = parts.settings.bcrypt_cost

    @routes.get(ALL, rule=LIST, wraps="application_credentials")
    def list_application_credentials(
        call: Call, user_id: str, query: ApplicationCredentialFilters
    ) -> Listed[ApplicationCredentialView]:
        call.enforce(user_id=user_id)
        refuse_trusted(call.caller)
        page = call.page()
        found = logic.list_(call.db, page, {"user_id": user_id, **fields(query)})
        return listed(page, found, lambda one: view(call, one), lambda one: one.credential.id)

    @routes.post(ALL, rule=CREATE, wraps="application_credential", transaction="none")
    async def create_application_credential(
        call: Call, user_id: str, body: ApplicationCredentialCreate
    ) -> ApplicationCredentialView:
        call.enforce(user_id=user_id)
        refuse_trusted(call.caller)
        refuse_restricted(call.caller)
        logic.refuse_unmakeable(call.caller, user_id, body)
        secret = body.secret or secrets.generated()
        kept = await _kept(secret, is_generated=not body.secret)
        made = await call.transaction(lambda db: logic.create(db, call.caller, body, secret_hash=kept), writes=True)
        return msgspec.structs.replace(view(call, made), secret=secret)

    @routes.get(ONE, rule=GET, wraps="application_credential")
    def get_application_credential(
        call: Call, user_id: str, application_credential_id: str
    ) -> ApplicationCredentialView:
        credential = allowed(call, user_id, application_credential_id)
        return view(call, logic.described(call.db, [credential])[0])

    @routes.delete(ONE, rule=DELETE)
    def delete_application_credential(call: Call, user_id: str, application_credential_id: str) -> None:
        credential = allowed(call, user_id, application_credential_id)
        refuse_restricted(call.caller)
        logic.delete(call.db, credential, domain_id=users.get(call.db, credential.user_id).domain_id)

    async def _kept(secret: str, *, is_generated: bool) -> str:
        if is_generated:
            return secrets.hashed(secret, generated=True, bcrypt_cost=bcrypt_cost)
        return await asyncio.wrap_future(submit_hashing(secret, bcrypt_cost))

    return routes
