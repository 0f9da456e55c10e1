from typing import Any

from haneul.kernel.db import fields
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET
from haneul.services.identity.credentials import delegation, logic
from haneul.services.identity.credentials.blobs import opened
from haneul.services.identity.credentials.models import Credential
from haneul.services.identity.credentials.schemas import (
    CredentialCreate,
    CredentialFilters,
    CredentialUpdate,
    CredentialView,
)
from haneul.services.identity.extras import extras, with_extras
from haneul.services.identity.parts import Parts

READER = "(rule:admin_required) or (role:reader and system_scope:all) or user_id:%(target.credential.user_id)s"
OWNER = "(rule:admin_required) or user_id:%(target.credential.user_id)s"
GET = Rule("identity:get_credential", READER, "Show a credential.")
LIST = Rule("identity:list_credentials", READER, "List credentials.")
CREATE = Rule("identity:create_credential", OWNER, "Create a credential.")
UPDATE = Rule("identity:update_credential", OWNER, "Change a credential.")
DELETE = Rule("identity:delete_credential", OWNER, "Delete a credential.")

View = CredentialView | dict[str, Any]


def allowed(call: Call, credential_id: str) -> Credential:
    """The credential, once the rule and the caller's delegation allow it; others don't learn which there are."""
    credential = logic.find(call.db, credential_id)
    call.enforce(credential=credential or {})
    found = logic.existing(credential, credential_id)
    delegation.refuse_beyond(call.caller, found.project_id, found.type)
    return found


def routes_with(parts: Parts) -> Routes:
    """Identity's credential routes over the keys that encrypt credentials."""
    routes, keys, most = Routes(), parts.credential_keys, parts.settings.credentials_per_user_most

    def view(call: Call, credential: Credential) -> View:
        shown = CredentialView.of(credential, opened(keys, credential), call.url("/v3/credentials"))
        return with_extras(shown, credential.extra)

    @routes.get("/v3/credentials", rule=LIST, wraps="credentials")
    def list_credentials(call: Call, query: CredentialFilters) -> Listed[View]:
        own_id = None if call.caller.system_scope else call.caller.user_id
        call.enforce(credential={"user_id": own_id})
        page = call.page()
        of_user = None if call.allows(GET, credential={"user_id": None}) else call.caller.user_id
        found = logic.list_(call.db, page, fields(query), of_user=of_user, caller=call.caller)
        return listed(page, found, lambda credential: view(call, credential), lambda credential: credential.id)

    @routes.post("/v3/credentials", rule=CREATE, wraps="credential")
    def create_credential(call: Call, body: CredentialCreate) -> View:
        call.enforce(credential=body)
        extra = extras(call, body)
        return view(call, logic.create(call.db, keys, body, caller=call.caller, extra=extra, most_per_user=most))

    @routes.get("/v3/credentials/{credential_id}", rule=GET, wraps="credential", quick=True)
    def get_credential(call: Call, credential_id: str) -> View:
        return view(call, allowed(call, credential_id))

    @routes.patch("/v3/credentials/{credential_id}", rule=UPDATE, wraps="credential")
    def update_credential(call: Call, credential_id: str, body: CredentialUpdate) -> View:
        credential = allowed(call, credential_id)
        if body.user_id is not UNSET:
            call.enforce(credential={"user_id": body.user_id})
        extra = extras(call, body, own_id=credential_id)
        return view(call, logic.update(call.db, keys, credential, body, caller=call.caller, extra=extra))

    @routes.delete("/v3/credentials/{credential_id}", rule=DELETE)
    def delete_credential(call: Call, credential_id: str) -> None:
        logic.delete(call.db, allowed(call, credential_id))

    return routes
