from typing import Any

from haneul.kernel.clock import iso_seconds
from haneul.kernel.errors import BadRequest
from haneul.kernel.schema import UNSET, UnsetType, View
from haneul.services.image.tasks.models import Task

MOST_URI = 2048
NEEDED = ("import_from", "import_from_format", "image_properties")
DEFAULT_FORMATS = {"disk_format": "qcow2", "container_format": "bare"}


class TaskStub(View):
    """A task as lists show it."""

    id: str
    type: str
    status: str
    owner: str | None
    created_at: str
    updated_at: str
    self: str
    expires_at: str | UnsetType = UNSET
    schema: str = "/v2/schemas/task"

    @classmethod
    def of(cls, task: Task) -> "TaskStub":
        return cls(**_shown(task))


class TaskView(View):
    """A task with what it was asked for and what came of it."""

    id: str
    type: str
    status: str
    owner: str | None
    input: dict[str, Any]
    result: dict[str, Any] | None
    message: str
    created_at: str
    updated_at: str
    self: str
    expires_at: str | UnsetType = UNSET
    image_id: str | UnsetType = UNSET
    request_id: str | UnsetType = UNSET
    user_id: str | UnsetType = UNSET
    schema: str = "/v2/schemas/task"

    @classmethod
    def of(cls, task: Task) -> "TaskView":
        return cls(
            **_shown(task),
            input=task.input,
            result=task.result,
            message=task.message,
            image_id=task.image_id or UNSET,
            request_id=task.request_id or UNSET,
            user_id=task.user_id or UNSET,
        )


def _shown(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "type": task.type,
        "status": task.status,
        "owner": task.project_id,
        "created_at": iso_seconds(task.created_at),
        "updated_at": iso_seconds(task.updated_at),
        "self": f"/v2/tasks/{task.id}",
        "expires_at": iso_seconds(task.expires_at) if task.expires_at else UNSET,
    }


def record(task: Task) -> dict[str, Any]:
    """A task as the list of an image's tasks shows it: all that is known of it, with times to the microsecond."""
    times = {name: getattr(task, name) for name in ("created_at", "updated_at", "expires_at")}
    return {
        "id": task.id,
        "type": task.type,
        "status": task.status,
        "owner": task.project_id,
        **{name: None if time is None else f"{time:%Y-%m-%dT%H:%M:%S.%f}" for name, time in times.items()},
        "deleted_at": None,
        "deleted": False,
        "image_id": task.image_id,
        "request_id": task.request_id,
        "user_id": task.user_id,
        "input": task.input,
        "result": task.result,
        "message": task.message,
    }


def import_in(body: Any) -> dict[str, Any]:
    """The input of a task of type import; BadRequest for anything else."""
    if not isinstance(body, dict):
        raise BadRequest("Body expected in request.")
    for name in ("type", "input"):
        if name not in body:
            raise BadRequest("Task '{name}' is required", name=name)
    if body["type"] != "import":
        raise BadRequest("Provided object does not match schema 'task': type: only 'import' can be created.")
    given = body["input"]
    if not isinstance(given, dict) or not isinstance(given.get("image_properties", {}), dict):
        raise BadRequest("Provided object does not match schema 'task': input: Expected `object`.")
    _refuse_source(given.get("import_from"))
    for name in NEEDED:
        if name not in given:
            raise BadRequest("Input does not contain '{name}' field", name=name)
    return {name: given[name] for name in NEEDED}


def _refuse_source(uri: Any) -> None:
    if not isinstance(uri, str) or not uri or len(uri) > MOST_URI:
        raise BadRequest("Invalid location: {uri}", uri=str(uri)[:MOST_URI])
    if uri.startswith(("file:///", "filesystem:///")):
        raise BadRequest("File based imports are not allowed. Please use a non-local source of image data.")
    if not uri.startswith(("http://", "https://")):
        raise BadRequest(
            "The given uri is not valid. Please specify a valid uri from the following list of supported uri ['http']"
        )
