from typing import Any

import msgspec
from msgspec.structs import replace

from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.identity.public import catalog_of
from haneul.services.image.config import ImageSettings
from haneul.services.image.images import access
from haneul.services.image.images.models import Image
from haneul.services.image.imports import checks, logic
from haneul.services.image.imports.checks import UriFilter
from haneul.services.image.imports.logic import Beginning
from haneul.services.image.imports.operations import ImportImage
from haneul.services.image.imports.plugins import injected, refuse_unknown
from haneul.services.image.imports.remote import endpoint_in
from haneul.services.image.imports.schemas import ImportAsked, import_asked, stores_of, uri_of
from haneul.services.image.quotas import take_import
from haneul.services.image.stores.backends import Backends
from haneul.services.image.tasks.logic import NewTask
from haneul.services.image.transfers.logic import Wanted
from haneul.services.image.transfers.sealing import Seal

COPY = Rule("copy_image", "rule:context_is_admin", "Copy an image into further stores.")


class ImportTools(msgspec.Struct, frozen=True):
    """What the routes that begin imports work with."""

    backends: Backends
    settings: ImageSettings
    uris: UriFilter
    seal: Seal


def routes_with(tools: ImportTools) -> Routes:
    refuse_unknown(tools.settings.plugins)
    routes = Routes()

    @routes.post("/v2/images/{image_id}/import", rule=COPY, status=202)
    def import_image(call: Call, image_id: str, body: Any) -> None:
        asked = import_asked(body, tools.settings.import_methods)
        take_import(call.db, call.caller.project_id)
        image = access.visible(call.db, image_id, access.viewer(call))
        checks.refuse_state(image, asked)
        if asked.name == "glance-download":
            asked = asked.with_method(checks.remote_of(asked.method))
        access.loaded(call, call.db, image_id, COPY if asked.name == "copy-image" else access.MODIFY)
        logic.refuse_busy(image)
        stores = stores_of(asked, call.header("x-image-meta-store"), tools.backends)
        if asked.name == "copy-image":
            stores = checks.missing(image, asked, stores)
        if asked.name == "web-download":
            tools.uris.refuse(uri_of(asked.method), "web-download")
        if stores:
            logic.begin(call.db, _beginning(call, image, asked, stores), call)

    def _beginning(call: Call, image: Image, asked: ImportAsked, stores: list[str]) -> Beginning:
        is_copy, plugins = asked.name == "copy-image", tools.settings.plugins
        return Beginning(
            operation=ImportImage,
            old=image,
            new=replace(logic.expect(image, stores), status=image.status if is_copy else "importing"),
            task=NewTask(
                type="api_image_import",
                input={"image_id": image.id, "import_req": asked.body, "backend": stores},
                image_id=image.id,
            ),
            known={
                "method": asked.method,
                "stores": stores,
                "all_must_succeed": asked.all_must_succeed,
                "plugins": [] if is_copy else list(plugins.enabled),
                "inject": {} if is_copy else injected(plugins, call.caller.roles),
                "before": logic.described(image),
                "task_hours": tools.settings.task_hours,
            },
            brings=_pull(call, asked.method) if asked.name == "glance-download" else None,
        )

    def _pull(call: Call, method: dict[str, Any]) -> Wanted:
        catalog = catalog_of(call.db, project_id=call.caller.project_id, user_id=call.caller.user_id)
        endpoint = endpoint_in(catalog, method["glance_region"], method["glance_service_interface"])
        token = tools.seal.close(call.header("x-auth-token"))
        return Wanted("pull", {"method": method, "endpoint": endpoint, "token": token})

    return routes
