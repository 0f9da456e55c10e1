"""Who provides what can have several providers: routers, here of one kind."""

from collections.abc import Mapping, Sequence

from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import View
from haneul.services.network.lists import TRUE

GET = Rule("get_service_provider", "role:reader", "Show who provides what.")

routes = Routes()


class ProviderView(View):
    service_type: str
    name: str
    default: bool


PROVIDERS = (ProviderView(service_type="L3_ROUTER_NAT", name="single_node", default=True),)
"""Neutron's name for routers that are on one host each."""


@routes.get("/v2.0/service-providers", rule=GET, wraps="service_providers", quick=True)
def list_service_providers(call: Call) -> list[ProviderView]:
    call.enforce(call.caller)
    return [one for one in PROVIDERS if _is_asked_for(one, call.ask.parameters)]


def _is_asked_for(one: ProviderView, parameters: Mapping[str, Sequence[str]]) -> bool:
    is_default = parameters.get("default", ["true"])[-1].lower() in TRUE
    return (
        one.service_type in parameters.get("service_type", [one.service_type])
        and one.name in parameters.get("name", [one.name])
        and one.default == is_default
    )
