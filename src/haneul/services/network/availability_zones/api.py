"""The zones of DHCP and L3 agents."""

from collections.abc import Mapping, Sequence

from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import View
from haneul.services.network.availability_zones import logic

GET = Rule("get_availability_zone", "role:reader", "Show availability zones.")
# Clients filter by the columns of agents, which is where zones come from.
FILTERS = {"name": ("name", "availability_zone"), "resource": ("resource", "agent_type"), "state": ("state",)}

routes = Routes()


class ZoneView(View):
    name: str
    resource: str
    state: str


@routes.get("/v2.0/availability_zones", rule=GET, wraps="availability_zones")
def list_availability_zones(call: Call) -> list[ZoneView]:
    call.enforce(call.caller)
    found = [ZoneView(name=zone.name, resource=zone.resource, state=zone.state) for zone in logic.list_(call.db)]
    return [zone for zone in found if _is_asked_for(zone, call.ask.parameters)]


def _is_asked_for(zone: ZoneView, parameters: Mapping[str, Sequence[str]]) -> bool:
    return all(
        getattr(zone, field) in parameters[name]
        for field, names in FILTERS.items()
        for name in names
        if name in parameters
    )
