from typing import Any

from haneul.kernel.errors import BadRequest, Conflict
from haneul.kernel.http import Call, Reply, Routes
from haneul.services.placement.aggregates import logic
from haneul.services.placement.aggregates.schemas import AggregatesUpdate, AggregatesView
from haneul.services.placement.answers import shown, stamped
from haneul.services.placement.base_rules import admin_or_service
from haneul.services.placement.resource_providers import logic as resource_providers
from haneul.services.placement.resource_providers.models import Provider
from haneul.services.placement.resource_providers.schemas import AnyUuid
from haneul.services.placement.schema_words import fitted

routes = Routes()

LIST = admin_or_service("placement:resource_providers:aggregates:list", "List the aggregates that a provider is in.")
UPDATE = admin_or_service("placement:resource_providers:aggregates:update", "Put a provider into aggregates.")
PATH = "/resource_providers/{provider_id}/aggregates"


def view(provider: Provider, ids: list[str]) -> AggregatesView:
    return AggregatesView(aggregates=ids, resource_provider_generation=provider.generation)


@routes.get(PATH, rule=LIST, since="1.1", quick=True)
def get_aggregates(call: Call, provider_id: str) -> Reply[AggregatesView]:
    call.enforce()
    provider = resource_providers.get(call.db, provider_id)
    return shown(call, view(provider, logic.of_provider(call.db, provider_id)))


@routes.put(PATH, rule=UPDATE, since="1.1", until="1.18")
def put_aggregates(call: Call, provider_id: str, body: list[AnyUuid]) -> Reply[AggregatesView]:
    call.enforce()
    provider = resource_providers.get(call.db, provider_id)
    return stamped(call, view(logic.replace(call.db, provider, _distinct(body), counted=False), body))


@routes.put(PATH, rule=UPDATE, since="1.19")
def update_aggregates(call: Call, provider_id: str, body: Any) -> Reply[AggregatesView]:
    call.enforce()
    provider = resource_providers.get(call.db, provider_id)
    # Only for a provider that is there is a body of the older form an error of form.
    wanted = fitted(body, AggregatesUpdate)
    ids = _distinct(wanted.aggregates)
    if provider.generation != wanted.resource_provider_generation:
        raise Conflict(resource_providers.STALE, kind="placement.concurrent_update")
    return stamped(call, view(logic.replace(call.db, provider, ids, counted=True), ids))


def _distinct(ids: list[str]) -> list[str]:
    if len(set(ids)) < len(ids):
        raise BadRequest("JSON does not validate: {ids!r} has non-unique elements", ids=ids)
    return ids
