from haneul.kernel.errors import BadRequest, NotFound
from haneul.kernel.http import Call, Listed, Reply, Routes
from haneul.services.placement.answers import latest, link, made, shown, stamped
from haneul.services.placement.base_rules import admin_or_service
from haneul.services.placement.query_words import aggregates_of, resources_of, traits_of
from haneul.services.placement.resource_classes import logic as resource_classes
from haneul.services.placement.resource_providers import logic
from haneul.services.placement.resource_providers.models import Provider
from haneul.services.placement.resource_providers.queries import matching
from haneul.services.placement.resource_providers.schemas import (
    QUERIES,
    ProviderCreate,
    ProviderCreateInTree,
    ProviderFilters,
    ProviderQuery,
    ProviderUpdate,
    ProviderUpdateInTree,
    ProviderView,
)
from haneul.services.placement.schema_words import refuse_query
from haneul.services.placement.traits import logic as traits

routes = Routes()

LIST = admin_or_service("placement:resource_providers:list", "List resource providers.")
CREATE = admin_or_service("placement:resource_providers:create", "Create a resource provider.")
SHOW = admin_or_service("placement:resource_providers:show", "Show a resource provider.")
UPDATE = admin_or_service("placement:resource_providers:update", "Change a resource provider.")
DELETE = admin_or_service("placement:resource_providers:delete", "Delete a resource provider.")
RELATIONS = (
    ("inventories", "1.0"),
    ("usages", "1.0"),
    ("aggregates", "1.1"),
    ("traits", "1.6"),
    ("allocations", "1.11"),
)
BASE = "/resource_providers"


def view(call: Call, provider: Provider) -> ProviderView:
    here = link(call, f"{BASE}/{provider.id}")
    links = [{"rel": rel, "href": f"{here}/{rel}"} for rel, since in RELATIONS if call.at_least(since)]
    return ProviderView.of(provider, [{"rel": "self", "href": here}, *links])


@routes.get(BASE, rule=LIST, wraps="resource_providers")
def list_resource_providers(call: Call, query: ProviderQuery) -> Reply[Listed[ProviderView]]:
    call.enforce()
    found = matching(call.db, _filters(call, query))
    views = Listed(items=[view(call, provider) for provider in found])
    return shown(call, views, latest(provider.updated_at for provider in found))


def _filters(call: Call, query: ProviderQuery) -> ProviderFilters:
    parameters = call.ask.parameters
    refuse_query(parameters, next(schema for since, schema in QUERIES if call.version >= since))
    filters = ProviderFilters(
        id=query.uuid,
        name=query.name,
        in_tree=query.in_tree,
        aggregates=aggregates_of(parameters, "", call.version),
        traits=traits_of(query.required, call.version),
        resources=resources_of(query.resources) if "resources" in parameters else {},
    )
    if unknown := resource_classes.unknown(call.db, filters.resources):
        refusal = "Invalid resource class in resources parameter: No such resource class {name}."
        raise BadRequest(refusal, name=unknown[0])
    if missing := traits.unknown(call.db, filters.traits.names):
        raise BadRequest('Invalid trait(s) in "required" parameter: No such trait(s): {names}.', names=missing[0])
    return filters


@routes.post(BASE, rule=CREATE, until="1.13")
def create_resource_provider_without_tree(call: Call, body: ProviderCreate) -> Reply[None]:
    call.enforce()
    return made(call, f"{BASE}/{logic.create(call.db, body).id}")


@routes.post(BASE, rule=CREATE, since="1.14", until="1.19")
def create_resource_provider_unseen(call: Call, body: ProviderCreateInTree) -> Reply[None]:
    call.enforce()
    return made(call, f"{BASE}/{logic.create(call.db, body).id}")


@routes.post(BASE, rule=CREATE, since="1.20", status=200)
def create_resource_provider(call: Call, body: ProviderCreateInTree) -> Reply[ProviderView]:
    call.enforce()
    provider = logic.create(call.db, body)
    return stamped(call, view(call, provider), provider.updated_at, location=f"{BASE}/{provider.id}")


@routes.get("/resource_providers/{provider_id}", rule=SHOW, quick=True)
def get_resource_provider(call: Call, provider_id: str) -> Reply[ProviderView]:
    call.enforce()
    provider = logic.get(call.db, provider_id)
    return shown(call, view(call, provider), provider.updated_at)


@routes.put("/resource_providers/{provider_id}", rule=UPDATE, until="1.13")
def rename_resource_provider(call: Call, provider_id: str, body: ProviderUpdate) -> Reply[ProviderView]:
    call.enforce()
    provider = logic.update_(call.db, logic.get(call.db, provider_id), body, may_move=False)
    return stamped(call, view(call, provider), provider.updated_at)


@routes.put("/resource_providers/{provider_id}", rule=UPDATE, since="1.14")
def update_resource_provider(call: Call, provider_id: str, body: ProviderUpdateInTree) -> Reply[ProviderView]:
    call.enforce()
    may_move = call.at_least("1.37")
    provider = logic.update_(call.db, logic.get(call.db, provider_id), body, may_move=may_move)
    return stamped(call, view(call, provider), provider.updated_at)


@routes.delete("/resource_providers/{provider_id}", rule=DELETE)
def delete_resource_provider(call: Call, provider_id: str) -> None:
    call.enforce()
    try:
        provider = logic.get(call.db, provider_id)
    except NotFound:
        raise NotFound("No resource provider with uuid {id} found for delete", id=provider_id) from None
    logic.delete(call.db, provider)
