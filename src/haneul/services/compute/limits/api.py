from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET, OpenBody, UnsetType
from haneul.services.compute.quota_sets import logic
from haneul.services.compute.quota_sets.api import names

routes = Routes()

SHOW = Rule("os_compute_api:limits", "@", "Show what one's project may have and has.")
OTHER = Rule("os_compute_api:limits:other_project", "rule:context_is_admin", "Show another project's limits.")
MOST: Mapping[str, str] = MappingProxyType(
    {
        "instances": "maxTotalInstances",
        "cores": "maxTotalCores",
        "ram": "maxTotalRAMSize",
        "key_pairs": "maxTotalKeypairs",
        "floating_ips": "maxTotalFloatingIps",
        "metadata_items": "maxServerMeta",
        "injected_files": "maxPersonality",
        "injected_file_content_bytes": "maxPersonalitySize",
        "security_groups": "maxSecurityGroups",
        "security_group_rules": "maxSecurityGroupRules",
        "server_groups": "maxServerGroups",
        "server_group_members": "maxServerGroupMembers",
    }
)
USED: Mapping[str, str] = MappingProxyType(
    {
        "ram": "totalRAMUsed",
        "cores": "totalCoresUsed",
        "instances": "totalInstancesUsed",
        "floating_ips": "totalFloatingIpsUsed",
        "security_groups": "totalSecurityGroupsUsed",
        "server_groups": "totalServerGroupsUsed",
    }
)


class LimitsQuery(OpenBody):
    tenant_id: str | UnsetType = UNSET


@routes.get("/v2.1/limits", rule=SHOW, wraps="limits")
def get_limits(call: Call, query: LimitsQuery) -> dict[str, Any]:
    call.enforce()
    project_id = query.tenant_id or call.caller.project_id or ""
    if query.tenant_id:
        call.enforce(rule=OTHER, project_id=project_id)
    owner = logic.Owner(project_id)
    most, used, shown = logic.limits(call.db, owner), logic.usage(call.db, owner), names(call)
    absolute = {MOST[name]: most[name] for name in shown if name in MOST}
    if not call.at_least("2.39"):
        absolute["maxImageMeta"] = most["metadata_items"]
    absolute.update((USED[name], used[name]) for name in shown if name in USED)
    return {"rate": [], "absolute": absolute}
