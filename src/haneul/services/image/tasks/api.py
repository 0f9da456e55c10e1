from typing import Any

from msgspec.structs import replace

from haneul.kernel.errors import Unacceptable
from haneul.kernel.http import Call, Listed, Reply, Routes
from haneul.kernel.policy import Rule
from haneul.services.image.config import ImageSettings
from haneul.services.image.images import access
from haneul.services.image.images import logic as images
from haneul.services.image.images.changes import refuse_create
from haneul.services.image.images.models import Image
from haneul.services.image.images.schemas import image_create
from haneul.services.image.imports import logic as imports
from haneul.services.image.imports.checks import UriFilter
from haneul.services.image.imports.logic import Beginning
from haneul.services.image.imports.operations import ImportImage
from haneul.services.image.quotas import take_image
from haneul.services.image.stores.backends import Backends
from haneul.services.image.tasks import logic
from haneul.services.image.tasks.listing import asked
from haneul.services.image.tasks.logic import NewTask
from haneul.services.image.tasks.schemas import DEFAULT_FORMATS, TaskStub, TaskView, import_in, record

UNDELETABLE = (
    "This operation is currently not permitted on Glance Tasks. They are auto deleted after reaching the time based on "
    "their expires_at property."
)
TASKS = Rule("tasks_api_access", "rule:context_is_admin", "Create, list and show tasks.")


def routes_with(backends: Backends, settings: ImageSettings, uris: UriFilter) -> Routes:
    routes = Routes()

    @routes.post("/v2/tasks", rule=TASKS)
    def create_task(call: Call, body: Any) -> Reply[TaskView]:
        call.enforce()
        given = import_in(body)
        uris.refuse(given["import_from"], "legacy import task")
        image = _image(call, given["image_properties"])
        task_id = imports.begin(call.db, _beginning(image, given, backends, settings), call)
        task = logic.get(call.db, task_id, access.viewer(call))
        return Reply(view=TaskView.of(task), headers={"Location": f"/v2/tasks/{task.id}"})

    @routes.get("/v2/tasks", rule=TASKS, wraps="tasks")
    def list_tasks(call: Call) -> Listed[TaskStub]:
        call.enforce()
        page, filters = asked(call.ask.parameters)
        rows = logic.list_(call.db, page, filters, access.viewer(call))
        full = bool(rows) and len(rows) == page.limit
        return Listed(items=[TaskStub.of(task) for task in rows], next_marker=rows[-1].id if full else None)

    @routes.get("/v2/tasks/{task_id}", rule=TASKS, quick=True)
    def get_task(call: Call, task_id: str) -> TaskView:
        call.enforce()
        return TaskView.of(logic.get(call.db, task_id, access.viewer(call)))

    @routes.delete("/v2/tasks/{task_id}", rule=TASKS)
    def delete_task(call: Call, task_id: str) -> None:
        call.enforce()
        raise Unacceptable(405, UNDELETABLE, allow="GET")

    @routes.get("/v2/images/{image_id}/tasks", rule=access.GET)
    def list_tasks_of_image(call: Call, image_id: str) -> dict[str, Any]:
        image = access.loaded(call, call.db, image_id)
        found = logic.of_image(call.db, image.id, access.viewer(call))
        return {"tasks": [record(task) for task in found]}

    return routes


def _image(call: Call, properties: dict[str, Any]) -> Image:
    """The image that the task shall fill, made as any other."""
    wanted = image_create(properties or DEFAULT_FORMATS, call.caller.project_id)
    refuse_create(call, wanted)
    take_image(call.db, call.caller.project_id)
    return images.create(call.db, wanted)


def _beginning(image: Image, given: dict[str, Any], backends: Backends, settings: ImageSettings) -> Beginning:
    return Beginning(
        operation=ImportImage,
        old=image,
        new=replace(image, status="importing"),
        task=NewTask(type="import", input=given),
        known={
            "method": {"name": "web-download", "uri": given["import_from"]},
            "stores": [backends.default.name],
            "all_must_succeed": True,
            "plugins": [],
            "inject": {},
            "before": imports.described(image),
            "task_hours": settings.task_hours,
            "made_image": True,
        },
    )
