from haneul.kernel.errors import BadRequest, Conflict
from haneul.kernel.http import Call, Reply, Routes
from haneul.services.placement.aggregates import logic
from haneul.services.placement.aggregates.schemas import AggregatesUpdate, AggregatesView
from haneul.services.placement.answers import shown, stamped
from haneul.services.placement.base_rules import admin_or_service
from haneul.services.placement.resource_providers import logic as resource_providers
from haneul.services.placement.resource_providers.models import Provider
from haneul.services.placement.resource_providers.schemas import AnyUuid

routes = Routes()

LIST = admin_or_service("placement:resource_providers:aggregates:list", "List the aggregates that a provider is in.")
UPDATE = admin_or_service("placement:resource_providers:aggregates:update", "Put a provider into aggregates.")
PATH = "/resource_providers/{provider_id}/aggregates"


def view(call: Call, provider: Provider) -> AggregatesView:
    ids = logic.of_provider(call.db, provider.id)
    return AggregatesView(aggregates=ids, resource_provider_generation=provider.generation)


@routes.get(PATH, rule=LIST, since="1.1", quick=True)
def get_aggregates(call: Call, provider_id: str) -> Reply[AggregatesView]:
    call.enforce()
    return shown(call, view(call, resource_providers.get(call.db, provider_id)))


@routes.put(PATH, rule=UPDATE, since="1.1", until="1.18")
def put_aggregates(call: Call, provider_id: str, body: list[AnyUuid]) -> Reply[AggregatesView]:
    call.enforce()
    provider = resource_providers.get(call.db, provider_id)
    return stamped(call, view(call, logic.replace(call.db, provider, _distinct(body), counted=False)))


@routes.put(PATH, rule=UPDATE, since="1.19")
def update_aggregates(call: Call, provider_id: str, body: AggregatesUpdate) -> Reply[AggregatesView]:
    call.enforce()
    provider = resource_providers.get(call.db, provider_id)
    ids = _distinct(body.aggregates)
    if provider.generation != body.resource_provider_generation:
        raise Conflict(resource_providers.STALE, kind="placement.concurrent_update")
    return stamped(call, view(call, logic.replace(call.db, provider, ids, counted=True)))


def _distinct(ids: list[str]) -> list[str]:
    if len(set(ids)) < len(ids):
        raise BadRequest("JSON does not validate: {ids!r} has non-unique elements", ids=ids)
    return ids
