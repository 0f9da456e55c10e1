from haneul.kernel.errors import NotFound
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.block_storage.base_rules import ADMIN
from haneul.services.block_storage.default_types import logic
from haneul.services.block_storage.default_types.models import DefaultType
from haneul.services.block_storage.default_types.schemas import DefaultTypeSet, DefaultTypeView
from haneul.services.identity import public as identity

routes = Routes()

PATH = "/v3/default-types/{project_id}"
SET = Rule("volume_extension:default_set_or_update", ADMIN, "Set a project's default volume type.")
GET = Rule("volume_extension:default_get", ADMIN, "Show a project's default volume type.")
LIST = Rule("volume_extension:default_get_all", ADMIN, "List projects' default volume types.")
UNSET = Rule("volume_extension:default_unset", ADMIN, "Unset a project's default volume type.")


def _project(call: Call, project_id: str) -> str:
    call.enforce({"project_id": project_id})
    if not identity.is_project(call.db, project_id):
        raise NotFound("Project with id {id} not found.", id=project_id)
    return project_id


def _view(one: DefaultType) -> DefaultTypeView:
    return DefaultTypeView(project_id=one.project_id, volume_type_id=one.type_id)


@routes.get("/v3/default-types", rule=LIST, wraps="default_types", since="3.62")
def list_default_types(call: Call) -> list[DefaultTypeView]:
    call.enforce()
    return [_view(one) for one in logic.list_(call.db)]


@routes.get(PATH, rule=GET, wraps="default_type", since="3.62", quick=True)
def get_default_type(call: Call, project_id: str) -> DefaultTypeView:
    return _view(logic.get(call.db, _project(call, project_id)))


@routes.put(PATH, rule=SET, wraps="default_type", since="3.62")
def set_default_type(call: Call, project_id: str, body: DefaultTypeSet) -> DefaultTypeView:
    return _view(logic.set_(call.db, _project(call, project_id), body.volume_type))


@routes.delete(PATH, rule=UNSET, since="3.62")
def unset_default_type(call: Call, project_id: str) -> None:
    call.enforce({"project_id": project_id})
    logic.unset(call.db, project_id)
