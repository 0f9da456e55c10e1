from typing import Any

from haneul.kernel.db import fields
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.services.identity.catalog.bodies import changed_extras
from haneul.services.identity.catalog.rules import admins, readers
from haneul.services.identity.extras import extras, with_extras
from haneul.services.identity.policies import logic
from haneul.services.identity.policies.models import Policy
from haneul.services.identity.policies.schemas import PolicyCreate, PolicyFilters, PolicyUpdate, PolicyView

routes = Routes()

GET = readers("get_policy", "Show a policy.")
LIST = readers("list_policies", "List policies.")
CREATE = admins("create_policy", "Create a policy.")
UPDATE = admins("update_policy", "Change a policy.")
DELETE = admins("delete_policy", "Delete a policy.")

View = PolicyView | dict[str, Any]


def view(call: Call, policy: Policy) -> View:
    return with_extras(PolicyView.of(policy, call.url("/v3/policies")), policy.extra)


@routes.get("/v3/policies", rule=LIST, wraps="policies")
def list_policies(call: Call, query: PolicyFilters) -> Listed[View]:
    call.enforce()
    page = call.page()
    found = logic.list_(call.db, page, fields(query))
    return listed(page, found, lambda policy: view(call, policy), lambda policy: policy.id)


@routes.post("/v3/policies", rule=CREATE, wraps="policy")
def create_policy(call: Call, body: PolicyCreate) -> View:
    call.enforce()
    return view(call, logic.create(call.db, body, extras(call, body)))


@routes.get("/v3/policies/{policy_id}", rule=GET, wraps="policy", quick=True)
def get_policy(call: Call, policy_id: str) -> View:
    call.enforce()
    return view(call, logic.get(call.db, policy_id))


@routes.patch("/v3/policies/{policy_id}", rule=UPDATE, wraps="policy")
def update_policy(call: Call, policy_id: str, body: PolicyUpdate) -> View:
    call.enforce()
    policy = logic.get(call.db, policy_id)
    return view(call, logic.update(call.db, policy, body, changed_extras(call, body, policy_id)))


@routes.delete("/v3/policies/{policy_id}", rule=DELETE)
def delete_policy(call: Call, policy_id: str) -> None:
    call.enforce()
    logic.delete(call.db, logic.get(call.db, policy_id))
