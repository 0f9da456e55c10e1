from typing import Any

import msgspec

from haneul.kernel.schema import View

_ID = {"type": "string", "minLength": 1, "maxLength": 255}
QUERY: dict[str, Any] = {
    "type": "object",
    "properties": {"project_id": _ID, "user_id": _ID},
    "required": ["project_id"],
    "additionalProperties": False,
}
QUERY_BY_TYPE: dict[str, Any] = {
    **QUERY,
    "properties": {**QUERY["properties"], "consumer_type": {**_ID, "pattern": "^[A-Z0-9_]+$|^all|^unknown$"}},
}


class UsageQuery(msgspec.Struct, frozen=True, kw_only=True):
    project_id: str = ""
    user_id: str = ""
    consumer_type: str = ""


class ProviderUsages(View):
    resource_provider_generation: int
    usages: dict[str, int]
