"""What this image service can: its stores and its ways to import."""

from typing import Any

from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.image.images.schemas import STORE
from haneul.services.image.quotas import usage_of

routes = Routes()

ANYONE = Rule("default", "", "Anyone with a token.")


@routes.get("/v2/info/import", rule=ANYONE, quick=True)
def show_import(call: Call) -> dict[str, Any]:
    call.enforce()
    methods: list[str] = []
    return {"import-methods": {"description": "Import methods available.", "type": "array", "value": methods}}


@routes.get("/v2/info/stores", rule=ANYONE, quick=True)
def list_stores(call: Call) -> dict[str, Any]:
    call.enforce()
    return {"stores": [{"id": STORE, "default": "true"}]}


@routes.get("/v2/info/usage", rule=ANYONE)
def show_usage(call: Call) -> dict[str, Any]:
    call.enforce()
    return {"usage": usage_of(call.db, call.caller.project_id or "")}
