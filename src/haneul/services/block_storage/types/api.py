from haneul.kernel.http import Call, Routes
from haneul.kernel.http.pages import links_of
from haneul.kernel.schema import UNSET
from haneul.services.block_storage.config import BlockStorageSettings
from haneul.services.block_storage.default_types import logic as default_types
from haneul.services.block_storage.lists import Kind, listed, rows_of
from haneul.services.block_storage.types import asking, logic, rules
from haneul.services.block_storage.types.queries import LISTING
from haneul.services.block_storage.types.schemas import Seen, TypeCreate, TypesView, TypeUpdate, TypeView, view

TYPES = Kind(listing=LISTING, missing=logic.NO_TYPE, offered=frozenset())


def seen_by(call: Call) -> Seen:
    """What this caller sees of types."""
    return Seen(
        has_specs=call.allows(rules.SEES_SPECS, call.caller),
        has_all_specs=call.allows(rules.SEES_ALL_SPECS, call.caller),
        has_qos=call.allows(rules.SEES_QOS, call.caller),
        has_access=call.allows(rules.SEES_ACCESS, call.caller),
    )


def _answered(*, has_access: bool) -> Seen:
    """What the answer to a change tells of a type: its specs, and nothing of QoS."""
    return Seen(has_specs=True, has_all_specs=True, has_qos=False, has_access=has_access)


def routes_with(settings: BlockStorageSettings) -> Routes:
    routes = Routes()

    @routes.get("/v3/types", rule=rules.LIST)
    def list_types(call: Call) -> TypesView:
        call.enforce(call.caller)
        seen = seen_by(call)
        wanted = asking.understood(call, sees_all_specs=seen.has_all_specs)
        found = rows_of(call, TYPES, wanted)
        shown = listed(call, TYPES, wanted, [view(kind, seen) for kind in found], [kind.id for kind in found])
        around = links_of("compute", "volume_type", call.url(call.ask.path), call.ask.parameters, shown)
        return TypesView(volume_types=list(shown.items), volume_type_links=around.get("volume_type_links", UNSET))

    @routes.post("/v3/types", rule=rules.CREATE, wraps="volume_type", status=200)
    def create_type(call: Call, body: TypeCreate) -> TypeView:
        call.enforce()
        has_access = call.allows(rules.SEES_ACCESS, call.caller)
        return view(logic.create(call.db, body), _answered(has_access=has_access))

    @routes.get("/v3/types/default", rule=rules.GET, wraps="volume_type", quick=True)
    def get_default_type(call: Call) -> TypeView:
        call.enforce(call.caller)
        return view(default_types.chosen(call.db, call.caller, settings.default_type), seen_by(call))

    @routes.get("/v3/types/{volume_type_id}", rule=rules.GET, wraps="volume_type", quick=True)
    def get_type(call: Call, volume_type_id: str) -> TypeView:
        call.enforce(call.caller)
        kind = logic.visible(call.db, logic.get(call.db, volume_type_id), call.caller)
        return view(kind, seen_by(call))

    @routes.put("/v3/types/{volume_type_id}", rule=rules.UPDATE, wraps="volume_type")
    def update_type(call: Call, volume_type_id: str, body: TypeUpdate) -> TypeView:
        call.enforce()
        kind = logic.update(call.db, logic.get(call.db, volume_type_id), body)
        return view(kind, _answered(has_access=False))

    @routes.delete("/v3/types/{volume_type_id}", rule=rules.DELETE, status=202)
    def delete_type(call: Call, volume_type_id: str) -> None:
        call.enforce()
        logic.delete(call.db, volume_type_id, settings.default_type)

    return routes
