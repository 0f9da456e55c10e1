"""What this image service can: its stores, its ways to import, and what a project uses of its limits."""

from typing import Any

from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import SCOPES, Rule
from haneul.services.image.config import ImageSettings
from haneul.services.image.quotas import usage_of
from haneul.services.image.stores.backends import Backend, Backends

ANYONE = Rule("default", "", "Anyone with a token.", scope_types=SCOPES)
DETAIL = Rule("stores_info_detail", "rule:context_is_admin or rule:service_api", "Show how stores are configured.")
# What administrators may read of a driver's options; everything else may be a secret.
SHOWN = {
    "s3": ("host", "bucket", "region"),
    "swift": ("auth_address", "container"),
    "rbd": ("pool",),
}


def routes_with(backends: Backends, settings: ImageSettings) -> Routes:
    routes = Routes()

    @routes.get("/v2/info/import", rule=ANYONE, quick=True)
    def show_import(call: Call) -> dict[str, Any]:
        call.enforce()
        value = list(settings.import_methods)
        return {"import-methods": {"description": "Import methods available.", "type": "array", "value": value}}

    @routes.get("/v2/info/stores", rule=ANYONE, quick=True)
    def list_stores(call: Call) -> dict[str, Any]:
        call.enforce()
        return {"stores": [_shown(one, backends) for one in backends]}

    @routes.get("/v2/info/stores/detail", rule=DETAIL, quick=True)
    def list_stores_in_detail(call: Call) -> dict[str, Any]:
        call.enforce()
        return {"stores": [_shown(one, backends) | _detail(one) for one in backends]}

    @routes.get("/v2/info/usage", rule=ANYONE)
    def show_usage(call: Call) -> dict[str, Any]:
        call.enforce()
        return {"usage": usage_of(call.db, call.caller.project_id or "")}

    return routes


def _shown(one: Backend, backends: Backends) -> dict[str, Any]:
    shown = {"id": one.name}
    if one.settings.description:
        shown["description"] = one.settings.description
    if one is backends.default:
        shown["default"] = "true"
    if one.store.is_read_only:
        shown["read-only"] = "true"
    return shown


def _detail(one: Backend) -> dict[str, Any]:
    options = one.settings.options
    properties = {name: options[name] for name in SHOWN.get(one.driver, ()) if name in options}
    return {"type": one.driver, "weight": one.settings.weight, "properties": properties}
