from typing import Any

from haneul.kernel.http import Call, Reply, Routes
from haneul.kernel.policy import Rule
from haneul.services.placement.answers import shown
from haneul.services.placement.base_rules import admin_or_service
from haneul.services.placement.resource_providers import logic as resource_providers
from haneul.services.placement.schema_words import refuse_query
from haneul.services.placement.usages import logic
from haneul.services.placement.usages.schemas import QUERY, QUERY_BY_TYPE, ProviderUsages, UsageQuery

routes = Routes()

OF_PROVIDER = admin_or_service("placement:resource_providers:usages", "Show what is used of a provider.")
OF_PROJECT = Rule(
    "placement:usages",
    "rule:admin_or_project_reader_or_service_api",
    "Show what a project uses.",
    scope_types=("project",),
)


@routes.get("/resource_providers/{provider_id}/usages", rule=OF_PROVIDER, quick=True)
def get_provider_usages(call: Call, provider_id: str) -> Reply[ProviderUsages]:
    call.enforce()
    provider = resource_providers.get(call.db, provider_id)
    usages = logic.of_provider(call.db, provider_id)
    return shown(call, ProviderUsages(resource_provider_generation=provider.generation, usages=usages))


@routes.get("/usages", rule=OF_PROJECT, wraps="usages", since="1.9")
def get_usages(call: Call, query: UsageQuery) -> Reply[dict[str, Any]]:
    call.enforce(project_id=query.project_id)
    if not call.at_least("1.38"):
        refuse_query(call.ask.parameters, QUERY)
        return shown(call, logic.of_project(call.db, query))
    refuse_query(call.ask.parameters, QUERY_BY_TYPE)
    return shown(call, logic.by_type(call.db, query))
