import re
from collections.abc import Callable

from haneul.kernel.errors import BadRequest, Conflict
from haneul.kernel.http import Call, Reply, Routes
from haneul.services.placement.answers import shown, stamped
from haneul.services.placement.base_rules import admin_or_service
from haneul.services.placement.resource_providers import logic as resource_providers
from haneul.services.placement.schema_words import refuse_query
from haneul.services.placement.traits import logic
from haneul.services.placement.traits.schemas import QUERY, ProviderTraits, ProviderTraitsView, TraitQuery

routes = Routes()

LIST = admin_or_service("placement:traits:list", "List traits.")
SHOW = admin_or_service("placement:traits:show", "Tell whether there is a trait.")
UPDATE = admin_or_service("placement:traits:update", "Create a trait.")
DELETE = admin_or_service("placement:traits:delete", "Delete a trait.")
OF_PROVIDER = admin_or_service("placement:resource_providers:traits:list", "List a provider's traits.")
SET = admin_or_service("placement:resource_providers:traits:update", "Replace a provider's traits.")
CLEAR = admin_or_service("placement:resource_providers:traits:delete", "Take all traits from a provider.")
ON_PROVIDER = "/resource_providers/{provider_id}/traits"
BAD_NAME = (
    "The trait is invalid. A valid trait must be no longer than 255 characters, start with the prefix "
    '"CUSTOM_" and use following characters: "A"-"Z", "0"-"9" and "_"'
)
BAD_FILTER = (
    "Badly formatted name parameter. Expected name query string parameter in form: "
    '?name=[in|startswith]:[name1,name2|prefix]. Got: "{got}"'
)


@routes.get("/traits", rule=LIST, since="1.6")
def list_traits(call: Call, query: TraitQuery) -> Reply[dict[str, list[str]]]:
    call.enforce()
    refuse_query(call.ask.parameters, QUERY)
    names = logic.list_(call.db, _filter(call, query.name), associated=_associated(call, query.associated))
    return shown(call, {"traits": names})


def _filter(call: Call, text: str) -> Callable[[str], bool]:
    if "name" not in call.ask.parameters:
        return lambda name: True
    how, colon, value = text.partition(":")
    if not colon:
        raise BadRequest(BAD_FILTER, got=text)
    match how:
        case "in":
            among = set(value.split(","))
            return lambda name: name in among
        case "startswith":
            return lambda name: name.startswith(value)
    return lambda name: True


def _associated(call: Call, text: str) -> bool | None:
    if "associated" not in call.ask.parameters:
        return None
    if text.lower() not in ("true", "false"):
        raise BadRequest('The query parameter "associated" only accepts "true" or "false"')
    return text.lower() == "true"


@routes.get("/traits/{name}", rule=SHOW, since="1.6", status=204, quick=True)
def get_trait(call: Call, name: str) -> Reply[None]:
    call.enforce()
    return stamped(call, None, logic.get(call.db, name).created_at)


@routes.put("/traits/{name}", rule=UPDATE, since="1.6")
def put_trait(call: Call, name: str) -> Reply[None]:
    call.enforce()
    if not re.fullmatch(r"CUSTOM_[A-Z0-9_]{1,248}", name):
        raise BadRequest(BAD_NAME)
    trait, is_new = logic.ensure(call.db, name)
    return stamped(call, None, trait.created_at, status=201 if is_new else 204, location=f"/traits/{name}")


@routes.delete("/traits/{name}", rule=DELETE, since="1.6")
def delete_trait(call: Call, name: str) -> None:
    call.enforce()
    logic.delete_(call.db, name)


@routes.get(ON_PROVIDER, rule=OF_PROVIDER, since="1.6", quick=True)
def list_provider_traits(call: Call, provider_id: str) -> Reply[ProviderTraitsView]:
    call.enforce()
    provider = resource_providers.get(call.db, provider_id)
    names = logic.of_provider(call.db, provider_id)
    return shown(call, ProviderTraitsView(traits=names, resource_provider_generation=provider.generation))


@routes.put(ON_PROVIDER, rule=SET, since="1.6")
def set_provider_traits(call: Call, provider_id: str, body: ProviderTraits) -> Reply[ProviderTraitsView]:
    call.enforce()
    provider = resource_providers.get(call.db, provider_id)
    if provider.generation != body.resource_provider_generation:
        raise Conflict(resource_providers.STALE, kind="placement.concurrent_update")
    provider = logic.replace(call.db, provider, body.traits)
    view = ProviderTraitsView(
        traits=logic.of_provider(call.db, provider_id), resource_provider_generation=provider.generation
    )
    return stamped(call, view)


@routes.delete(ON_PROVIDER, rule=CLEAR, since="1.6")
def clear_provider_traits(call: Call, provider_id: str) -> None:
    call.enforce()
    logic.replace(call.db, resource_providers.get(call.db, provider_id), ())
