"""`/v3/policies/ID/OS-ENDPOINT-POLICY` and `/v3/endpoints/ID/OS-ENDPOINT-POLICY`: policies of endpoints."""

from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.services.identity.catalog.rules import admins, readers
from haneul.services.identity.endpoint_policy import logic
from haneul.services.identity.endpoint_policy.logic import Place
from haneul.services.identity.endpoints import api as endpoints_api
from haneul.services.identity.endpoints import logic as endpoints
from haneul.services.identity.policies import api as policies_api
from haneul.services.identity.policies import logic as policies

routes = Routes()

BASE = "/v3/policies/{policy_id}/OS-ENDPOINT-POLICY"
PLACES = {
    "endpoint": "endpoints/{endpoint_id}",
    "service": "services/{service_id}",
    "region_and_service": "services/{service_id}/regions/{region_id}",
}

SHOW = readers("get_policy_for_endpoint", "Show the policy that holds for an endpoint.")
LIST = readers("list_endpoints_for_policy", "List the endpoints that are associated with a policy.")


def _declare(kind: str, path: str) -> None:
    """The same three verbs hold for every kind of place; only the words of the path differ."""
    rule, words = f"policy_association_for_{kind}", kind.replace("_", " ")

    def asked(call: Call, policy_id: str, ids: dict[str, str]) -> tuple[str, Place]:
        call.enforce()
        place = Place(**ids)
        logic.refuse_missing(call.db, policy_id, place)
        return policy_id, place

    @routes.get(f"{BASE}/{path}", rule=readers(f"check_{rule}", f"Check the policy of: {words}."), status=204)
    def check(call: Call, policy_id: str, **ids: str) -> None:
        logic.refuse_other(call.db, *asked(call, policy_id, ids))

    @routes.put(f"{BASE}/{path}", rule=admins(f"create_{rule}", f"Set the policy of: {words}."), status=204)
    def create(call: Call, policy_id: str, **ids: str) -> None:
        logic.associate(call.db, *asked(call, policy_id, ids))

    @routes.delete(f"{BASE}/{path}", rule=admins(f"delete_{rule}", f"Take the policy from: {words}."))
    def delete(call: Call, policy_id: str, **ids: str) -> None:
        logic.disassociate(call.db, *asked(call, policy_id, ids))

    for handler in (check, create, delete):
        # The API's description wants a name of its own for each operation.
        handler.__name__ += f"_{rule}"


for _kind, _path in PLACES.items():
    _declare(_kind, _path)


@routes.get(f"{BASE}/endpoints", rule=LIST, wraps="endpoints")
def list_endpoints_of_policy(call: Call, policy_id: str) -> Listed[endpoints_api.View]:
    call.enforce()
    page = call.page()
    found = logic.endpoints_of(call.db, page, policies.get(call.db, policy_id))
    return listed(page, found, lambda endpoint: endpoints_api.view(call, endpoint), lambda endpoint: endpoint.id)


@routes.get("/v3/endpoints/{endpoint_id}/OS-ENDPOINT-POLICY/policy", rule=SHOW, wraps="policy")
def get_policy_of_endpoint(call: Call, endpoint_id: str) -> policies_api.View:
    call.enforce()
    return policies_api.view(call, logic.policy_of(call.db, endpoints.get(call.db, endpoint_id)))
