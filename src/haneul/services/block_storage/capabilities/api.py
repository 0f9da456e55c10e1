from typing import Any

from haneul.kernel.errors import NotFound
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import View
from haneul.services.block_storage.base_rules import ADMIN
from haneul.services.block_storage.pools.logic import static
from haneul.services.block_storage.services.logic import of_host, pools_of
from haneul.services.block_storage.services.models import VOLUME

routes = Routes()

SHOW = Rule("volume_extension:capabilities", ADMIN, "Show what a back end can do.")
PROPERTIES = {
    "thin_provisioning": {"title": "Thin Provisioning", "description": "Sets thin provisioning.", "type": "boolean"},
    "compression": {"title": "Compression", "description": "Enables compression.", "type": "boolean"},
    "qos": {"title": "QoS", "description": "Enables QoS.", "type": "boolean"},
    "replication_enabled": {"title": "Replication", "description": "Enables replication.", "type": "boolean"},
}
"""The words for types' specs that Cinder knows for every back end."""


class CapabilitiesView(View):
    """A back end's capabilities; what only some vendors tell is null."""

    namespace: str
    vendor_name: str
    volume_backend_name: str
    pool_name: str | None
    driver_version: str
    storage_protocol: str
    properties: dict[str, Any]
    replication_targets: list[str] = []
    display_name: str | None = None
    description: str | None = None
    visibility: str | None = None


@routes.get("/v3/capabilities/{hostname}", rule=SHOW)
def get_capabilities(call: Call, hostname: str) -> CapabilitiesView:
    call.enforce()
    found = of_host(call.db, hostname, VOLUME)
    if not found:
        raise NotFound("Can't find service: {host}", host=hostname)
    service = found[0]
    first = next(iter(pools_of(service)), None)
    namespace = f"OS::Storage::Capabilities::{service.host}"
    return CapabilitiesView(namespace=namespace, properties=PROPERTIES, **static(service, first))
