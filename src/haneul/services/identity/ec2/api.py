from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.services.identity.base_rules import CLOUD_WIDE
from haneul.services.identity.credentials import delegation
from haneul.services.identity.credentials import logic as credentials
from haneul.services.identity.credentials.blobs import Pair, opened, pair_of
from haneul.services.identity.credentials.models import Credential
from haneul.services.identity.ec2 import logic
from haneul.services.identity.ec2.schemas import Ec2CredentialCreate, Ec2CredentialView
from haneul.services.identity.parts import Parts
from haneul.services.identity.users import logic as users

GET = Rule(
    "identity:ec2_get_credential",
    "(rule:admin_required) or (role:reader and system_scope:all) or user_id:%(target.credential.user_id)s",
    "Show an EC2 credential.",
    scope_types=CLOUD_WIDE,
)
LIST = Rule(
    "identity:ec2_list_credentials",
    "(rule:admin_required) or (role:reader and system_scope:all) or rule:owner",
    "List a user's EC2 credentials.",
    scope_types=CLOUD_WIDE,
)
OWNER = "(rule:admin_required) or (role:member and user_id:%(target.credential.user_id)s)"
CREATE = Rule("identity:ec2_create_credential", OWNER, "Create an EC2 credential.", scope_types=CLOUD_WIDE)
DELETE = Rule("identity:ec2_delete_credential", OWNER, "Delete an EC2 credential.", scope_types=CLOUD_WIDE)
ALL = "/v3/users/{user_id}/credentials/OS-EC2"
ONE = ALL + "/{credential_id}"


def allowed(call: Call, user_id: str, access: str) -> Credential:
    """The EC2 credential with this access key, if the route's rule and the caller's delegation allow it.

    Whose it is says the credential, not the path, so that nobody gets at it by naming himself there.
    """
    credential = logic.find(call.db, access)
    call.enforce(credential=credential)
    users.get(call.db, user_id)
    delegation.refuse_beyond(call.caller, credential.project_id, credential.type)
    return credential


def routes_with(parts: Parts) -> Routes:
    """The routes of users' EC2 credentials over the keys that encrypt credentials."""
    routes, keys = Routes(), parts.credential_keys

    def view(call: Call, credential: Credential, pair: Pair | None = None) -> Ec2CredentialView:
        url = call.url(f"/v3/users/{credential.user_id}/credentials/OS-EC2")
        return Ec2CredentialView.of(credential, pair or pair_of(opened(keys, credential)), url)

    @routes.get(ALL, rule=LIST, wraps="credentials")
    def list_ec2_credentials(call: Call, user_id: str) -> Listed[Ec2CredentialView]:
        call.enforce(user_id=user_id)
        page = call.page()
        found = logic.list_(call.db, page, user_id, caller=call.caller)
        return listed(page, found, lambda credential: view(call, credential), lambda credential: credential.id)

    @routes.post(ALL, rule=CREATE, wraps="credential", body_wraps="")
    def create_ec2_credential(call: Call, user_id: str, body: Ec2CredentialCreate) -> Ec2CredentialView:
        call.enforce(credential={"user_id": user_id})
        made, pair = logic.create(call.db, parts, user_id, body.tenant_id, caller=call.caller)
        return view(call, made, pair)

    @routes.get(ONE, rule=GET, wraps="credential", quick=True)
    def get_ec2_credential(call: Call, user_id: str, credential_id: str) -> Ec2CredentialView:
        return view(call, allowed(call, user_id, credential_id))

    @routes.delete(ONE, rule=DELETE)
    def delete_ec2_credential(call: Call, user_id: str, credential_id: str) -> None:
        credentials.delete(call.db, allowed(call, user_id, credential_id))

    return routes
