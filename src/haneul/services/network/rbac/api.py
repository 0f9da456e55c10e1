from collections.abc import Sequence

from msgspec import UNSET

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.network.base_rules import MEMBER, READER
from haneul.services.network.bulk import created
from haneul.services.network.lists import RENAMED, answered, asked
from haneul.services.network.owners import owner_of, viewer
from haneul.services.network.rbac import logic
from haneul.services.network.rbac.models import RbacPolicy
from haneul.services.network.rbac.schemas import (
    RbacPolicyCreate,
    RbacPolicyCreateBody,
    RbacPolicyCreatedView,
    RbacPolicyUpdate,
    RbacPolicyView,
    rbac_policy_view,
)

NOT_EVERYONE = "rule:admin_only or (not field:rbac_policy:target_tenant=* and not field:rbac_policy:target_project=*)"
GET = Rule("get_rbac_policy", READER, "Show who may use what.")
CREATE = Rule("create_rbac_policy", MEMBER, "Let a project use something.")
NOT_EVERYONE_NOW = "rule:admin_only or not field:rbac_policy:target_project=*"
# The target has an old name and a new one, each with its rule: both must let the caller.
CREATE_TARGET = (
    Rule("create_rbac_policy:target_tenant", NOT_EVERYONE, "Choose who may use something."),
    Rule("create_rbac_policy:target_project", NOT_EVERYONE_NOW, "Choose who may use something."),
)
UPDATE = Rule("update_rbac_policy", MEMBER, "Let another project use something.")
UPDATE_TARGET = (
    Rule("update_rbac_policy:target_tenant", NOT_EVERYONE, "Choose who else may use something."),
    Rule("update_rbac_policy:target_project", NOT_EVERYONE_NOW, "Choose who else may use something."),
)
DELETE = Rule("delete_rbac_policy", MEMBER, "Let a project not use something any more.")

routes = Routes()


@routes.get("/v2.0/rbac-policies", rule=GET, wraps="rbac_policies")
def list_rbac_policies(call: Call) -> Listed[RbacPolicyView]:
    call.enforce(call.caller)
    wanted = asked(call, logic.LISTING, {**RENAMED, "target_tenant": "target_project"})
    rows = logic.list_(call.db, viewer(call), wanted)
    return answered(wanted, rows, [rbac_policy_view(policy) for policy in rows])


@routes.post("/v2.0/rbac-policies", rule=CREATE)
def create_rbac_policy(call: Call, body: RbacPolicyCreateBody) -> RbacPolicyCreatedView:
    return created(body, RbacPolicyCreatedView, lambda wanted: _create(call, wanted))


@routes.get("/v2.0/rbac-policies/{rbac_policy_id}", rule=GET, wraps="rbac_policy", quick=True)
def get_rbac_policy(call: Call, rbac_policy_id: str) -> RbacPolicyView:
    return rbac_policy_view(_own(call, rbac_policy_id))


@routes.put("/v2.0/rbac-policies/{rbac_policy_id}", rule=UPDATE, wraps="rbac_policy")
def update_rbac_policy(call: Call, rbac_policy_id: str, body: RbacPolicyUpdate) -> RbacPolicyView:
    policy, target = _own(call, rbac_policy_id), _target(body)
    _enforce_target(call, target, UPDATE_TARGET)
    return rbac_policy_view(logic.update(call.db, policy, target))


@routes.delete("/v2.0/rbac-policies/{rbac_policy_id}", rule=DELETE)
def delete_rbac_policy(call: Call, rbac_policy_id: str) -> None:
    logic.delete(call.db, _own(call, rbac_policy_id))


def _own(call: Call, policy_id: str) -> RbacPolicy:
    policy = logic.get(call.db, policy_id, viewer(call))
    call.enforce(policy)
    return policy


def _target(body: RbacPolicyCreate | RbacPolicyUpdate) -> str:
    """The project that is meant; `target_tenant` is its old name."""
    named = {value for value in (body.target_project, body.target_tenant) if value is not UNSET}
    if len(named) != 1:
        raise BadRequest("Failed to parse request. Required attribute 'target_tenant' not specified")
    return str(named.pop())


def _enforce_target(call: Call, target: str, rules: Sequence[Rule]) -> None:
    for rule in rules:
        call.enforce({"target_tenant": target, "target_project": target}, rule=rule)


def _create(call: Call, wanted: RbacPolicyCreate) -> RbacPolicyView:
    project_id, target = owner_of(call, wanted), _target(wanted)
    call.enforce({"project_id": project_id})
    _enforce_target(call, target, CREATE_TARGET)
    return rbac_policy_view(logic.create(call.db, wanted, target, project_id, viewer(call)))
