from haneul.kernel.http import Call, Routes
from haneul.kernel.http.pages import links_of
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET
from haneul.services.block_storage.base_rules import ADMIN, SIGNED_IN
from haneul.services.block_storage.config import BlockStorageSettings
from haneul.services.block_storage.group_types import logic
from haneul.services.block_storage.group_types.models import GroupType
from haneul.services.block_storage.group_types.schemas import (
    GroupTypeCreate,
    GroupTypesView,
    GroupTypeUpdate,
    GroupTypeView,
    view,
)
from haneul.services.block_storage.lists import IS_ADMIN, Filters, Kind, listed, rows_of
from haneul.services.block_storage.types.asking import published

PATH = "/v3/group_types/{group_type_id}"
CREATE = Rule("group:group_types:create", ADMIN, "Create a group type.")
UPDATE = Rule("group:group_types:update", ADMIN, "Change a group type.")
DELETE = Rule("group:group_types:delete", ADMIN, "Delete a group type.")
SEES_SPECS = Rule("group:access_group_types_specs", ADMIN, "See the specs of group types.")
ALL = Kind(listing=logic.LISTING, missing=logic.NO_TYPE, offered=frozenset())


def _view(call: Call, one: GroupType) -> GroupTypeView:
    return view(one, has_specs=call.allows(SEES_SPECS))


def routes_with(settings: BlockStorageSettings) -> Routes:
    routes = Routes()

    @routes.get("/v3/group_types", rule=SIGNED_IN, since="3.11")
    def list_group_types(call: Call) -> GroupTypesView:
        call.enforce()
        word = call.ask.parameters.get("is_public", [None])[-1]
        publicity = published(word, is_admin=call.allows(IS_ADMIN))
        wanted = Filters({} if publicity is None else {"is_public": publicity})
        found = rows_of(call, ALL, wanted)
        shown = listed(call, ALL, wanted, [_view(call, one) for one in found], [one.id for one in found])
        around = links_of("compute", "group_type", call.url(call.ask.path), call.ask.parameters, shown)
        return GroupTypesView(group_types=list(shown.items), group_type_links=around.get("group_type_links", UNSET))

    @routes.post("/v3/group_types", rule=CREATE, wraps="group_type", status=202, since="3.11")
    def create_group_type(call: Call, body: GroupTypeCreate) -> GroupTypeView:
        call.enforce()
        return _view(call, logic.create(call.db, body))

    @routes.get("/v3/group_types/default", rule=SIGNED_IN, wraps="group_type", quick=True, since="3.11")
    def get_default_group_type(call: Call) -> GroupTypeView:
        call.enforce()
        return _view(call, logic.default(call.db, settings.default_group_type))

    @routes.get(PATH, rule=SIGNED_IN, wraps="group_type", quick=True, since="3.11")
    def get_group_type(call: Call, group_type_id: str) -> GroupTypeView:
        call.enforce()
        return _view(call, logic.get_visible(call.db, group_type_id, call.caller))

    @routes.put(PATH, rule=UPDATE, wraps="group_type", since="3.11")
    def update_group_type(call: Call, group_type_id: str, body: GroupTypeUpdate) -> GroupTypeView:
        call.enforce()
        return _view(call, logic.update(call.db, logic.get(call.db, group_type_id), body))

    @routes.delete(PATH, rule=DELETE, status=202, since="3.11")
    def delete_group_type(call: Call, group_type_id: str) -> None:
        call.enforce()
        logic.delete(call.db, group_type_id)

    return routes
