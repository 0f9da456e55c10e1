from haneul.kernel.http import Call, Routes
from haneul.kernel.schema import View
from haneul.services.block_storage.base_rules import SIGNED_IN
from haneul.services.block_storage.services.logic import backends

routes = Routes()


class ZoneView(View):
    """A zone and `{"available": ...}`: whether any of its back ends may get volumes."""

    zoneName: str
    zoneState: dict[str, bool]


@routes.get("/v3/os-availability-zone", rule=SIGNED_IN, wraps="availabilityZoneInfo")
def list_zones(call: Call) -> list[ZoneView]:
    call.enforce()
    available: dict[str, bool] = {}
    for one in backends(call.db):
        available[one.zone] = available.get(one.zone, False) or not one.is_disabled
    return [ZoneView(zoneName=zone, zoneState={"available": some}) for zone, some in available.items()]
