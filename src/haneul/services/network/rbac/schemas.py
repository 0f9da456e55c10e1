from msgspec import UNSET, UnsetType

from haneul.kernel.schema import StrictBody, Text255, View
from haneul.services.network.field_types import Uuid
from haneul.services.network.rbac.models import RbacPolicy


class RbacPolicyCreate(StrictBody):
    object_type: Text255
    object_id: Uuid
    action: Text255
    target_tenant: Text255 | UnsetType = UNSET
    target_project: Text255 | UnsetType = UNSET
    project_id: Text255 | UnsetType = UNSET
    tenant_id: Text255 | UnsetType = UNSET


class RbacPolicyUpdate(StrictBody):
    target_tenant: Text255 | UnsetType = UNSET
    target_project: Text255 | UnsetType = UNSET


class RbacPolicyCreateBody(StrictBody):
    rbac_policy: RbacPolicyCreate | UnsetType = UNSET
    rbac_policies: list[RbacPolicyCreate] | UnsetType = UNSET


class RbacPolicyView(View):
    id: str
    project_id: str
    tenant_id: str
    object_type: str
    object_id: str
    action: str
    target_tenant: str


class RbacPolicyCreatedView(View):
    rbac_policy: RbacPolicyView | UnsetType = UNSET
    rbac_policies: list[RbacPolicyView] | UnsetType = UNSET


def rbac_policy_view(policy: RbacPolicy) -> RbacPolicyView:
    return RbacPolicyView(
        id=policy.id,
        project_id=policy.project_id,
        tenant_id=policy.project_id,
        object_type=policy.object_type,
        object_id=policy.object_id,
        action=policy.action,
        target_tenant=policy.target_project,
    )
