from collections.abc import Mapping, Sequence
from types import MappingProxyType

from haneul.kernel.http import Call, Routes
from haneul.kernel.schema import OpenBody, Text255, View
from haneul.services.block_storage.base_rules import SIGNED_IN
from haneul.services.block_storage.messages.logic import OFFERED as OF_MESSAGES
from haneul.services.block_storage.pools.api import OFFERED as OF_POOLS
from haneul.services.block_storage.snapshots.queries import SNAPSHOTS
from haneul.services.block_storage.volumes.queries import VOLUMES

routes = Routes()

OFFERED: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "volume": sorted(VOLUMES.offered),
        "snapshot": sorted(SNAPSHOTS.offered),
        "message": OF_MESSAGES,
        "pool": OF_POOLS,
        "volume_type": ("is_public", "extra_specs"),
    }
)
"""By what everyone may filter which list: what administrators may ask for besides is theirs alone."""


class FiltersQuery(OpenBody):
    resource: Text255 = ""


class FiltersView(View):
    resource: str
    filters: list[str]


@routes.get("/v3/resource_filters", rule=SIGNED_IN, wraps="resource_filters", since="3.33")
def list_resource_filters(call: Call, query: FiltersQuery) -> list[FiltersView]:
    call.enforce()
    return [
        FiltersView(resource=resource, filters=list(filters))
        for resource, filters in OFFERED.items()
        if query.resource in ("", resource)
    ]
