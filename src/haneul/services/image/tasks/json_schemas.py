"""The JSON schemas that describe tasks to clients (glance: api/v2/tasks.py)."""

from typing import Any

from haneul.kernel.http import Call, Routes
from haneul.services.image.images.schemas import UUID
from haneul.services.image.stores.api import ANYONE
from haneul.services.image.tasks.listing import STATUSES

routes = Routes()

NULLABLE_OBJECT = ["null", "object"]
STUB_PROPERTIES: dict[str, Any] = {
    "id": {"description": "An identifier for the task", "pattern": UUID, "type": "string"},
    "type": {
        "description": "The type of task represented by this content",
        "enum": ["import", "api_image_import", "location_import"],
        "type": "string",
    },
    "status": {"description": "The current status of this task", "enum": STATUSES, "type": "string"},
    "owner": {"description": "An identifier for the owner of this task", "type": "string"},
    "image_id": {"description": "Image associated with the task", "type": "string"},
    "request_id": {"description": "Human-readable informative request-id", "type": "string"},
    "user_id": {"description": "User associated with the task", "type": "string"},
    "expires_at": {
        "description": "Datetime when this resource would be subject to removal",
        "type": ["null", "string"],
    },
    "created_at": {"description": "Datetime when this resource was created", "type": "string"},
    "updated_at": {"description": "Datetime when this resource was updated", "type": "string"},
    "self": {"readOnly": True, "type": "string"},
    "schema": {"readOnly": True, "type": "string"},
}
TASK = {
    "name": "task",
    "properties": {
        **STUB_PROPERTIES,
        "input": {"description": "The parameters required by task, JSON blob", "type": NULLABLE_OBJECT},
        "result": {"description": "The result of current task, JSON blob", "type": NULLABLE_OBJECT},
        "message": {
            "description": "Human-readable informative message only included when appropriate (usually on failure)",
            "type": "string",
        },
    },
}
TASKS = {
    "name": "tasks",
    "properties": {
        "tasks": {"type": "array", "items": {"name": "task", "properties": STUB_PROPERTIES}},
        "first": {"type": "string"},
        "next": {"type": "string"},
        "schema": {"type": "string"},
    },
    "links": [
        {"rel": "first", "href": "{first}"},
        {"rel": "next", "href": "{next}"},
        {"rel": "describedby", "href": "{schema}"},
    ],
}


@routes.get("/v2/schemas/task", rule=ANYONE, quick=True)
def show_task_schema(call: Call) -> dict[str, Any]:
    call.enforce()
    return TASK


@routes.get("/v2/schemas/tasks", rule=ANYONE, quick=True)
def show_tasks_schema(call: Call) -> dict[str, Any]:
    call.enforce()
    return TASKS
