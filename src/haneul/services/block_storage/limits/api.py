from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import OpenBody
from haneul.services.block_storage.base_rules import READER, SIGNED_IN
from haneul.services.block_storage.lists import IS_ADMIN
from haneul.services.block_storage.quota_sets import logic
from haneul.services.block_storage.quota_sets.resources import Key
from haneul.services.block_storage.quota_sets.schemas import Word

routes = Routes()

SEES_USE = Rule("limits_extension:used_limits", READER, "See beside the limits what is used of them.")
MOST: Mapping[str, str] = MappingProxyType(
    {
        "volumes": "maxTotalVolumes",
        "snapshots": "maxTotalSnapshots",
        "gigabytes": "maxTotalVolumeGigabytes",
        "backups": "maxTotalBackups",
        "backup_gigabytes": "maxTotalBackupGigabytes",
    }
)
USED: Mapping[str, str] = MappingProxyType(
    {
        "volumes": "totalVolumesUsed",
        "gigabytes": "totalGigabytesUsed",
        "snapshots": "totalSnapshotsUsed",
        "backups": "totalBackupsUsed",
        "backup_gigabytes": "totalBackupGigabytesUsed",
    }
)


class LimitsQuery(OpenBody):
    """An administrator may ask about another project, from 3.39 on; very old clients call it `tenant_id`."""

    project_id: Word = ""
    tenant_id: Word = ""


@routes.get("/v3/limits", rule=SIGNED_IN, wraps="limits")
def get_limits(call: Call, query: LimitsQuery) -> dict[str, Any]:
    call.enforce()
    project_id = _asked_about(call, query)
    most = logic.limits(call.db, project_id)
    absolute = {name: most[Key(resource)] for resource, name in MOST.items()}
    if call.allows(SEES_USE, project_id=project_id):
        used = logic.usage(call.db, project_id)
        absolute.update((name, used.get(Key(resource), 0)) for resource, name in USED.items())
    return {"rate": [], "absolute": absolute}


def _asked_about(call: Call, query: LimitsQuery) -> str:
    other = query.project_id or query.tenant_id
    own = call.caller.project_id or ""
    return (other or own) if call.at_least("3.39") and call.allows(IS_ADMIN) else own
