from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from haneul.kernel.db import Db
from haneul.kernel.http import Call, Listed, Reply, Routes
from haneul.kernel.policy import Rule
from haneul.services.image.config import ImageSettings
from haneul.services.image.files.logic import remove
from haneul.services.image.files.patience import waited
from haneul.services.image.files.removal import ByteRemoval
from haneul.services.image.images import access, logic, queries
from haneul.services.image.images.access import GET, MODIFY, OWNER
from haneul.services.image.images.changes import Wanted, change, loaded, refuse_create, urls_in
from haneul.services.image.images.filters import asked
from haneul.services.image.images.patches import MEDIA_TYPES, Change, changes_in
from haneul.services.image.images.protections import Protections
from haneul.services.image.images.schemas import image_create
from haneul.services.image.images.views import Views
from haneul.services.image.locations.changes import Grounds
from haneul.services.image.locations.measures import Measured, measure
from haneul.services.image.quotas import take_image
from haneul.services.image.stores.backends import Backends

ADD = Rule(
    "add_image",
    "rule:context_is_admin or (role:member and project_id:%(project_id)s and project_id:%(owner)s)",
    "Create an image.",
)
LIST = Rule("get_images", "rule:context_is_admin or (role:reader and project_id:%(project_id)s)", "List images.")
DELETE = Rule("delete_image", OWNER, "Delete an image.")
DEACTIVATE = Rule("deactivate", OWNER, "Close an image's bytes to downloads.")
REACTIVATE = Rule("reactivate", OWNER, "Open an image's bytes to downloads again.")


class Tools(msgspec.Struct, frozen=True):
    """What the routes of images work with."""

    backends: Backends
    views: Views
    removal: ByteRemoval
    settings: ImageSettings
    protections: Protections


def routes_with(tools: Tools) -> Routes:
    routes = Routes()
    views = tools.views

    @routes.post("/v2/images", rule=ADD)
    def create_image(call: Call, body: dict[str, Any]) -> Reply[dict[str, Any]]:
        wanted = image_create(body, call.caller.project_id)
        refuse_create(call, wanted)
        for name in wanted.properties:
            tools.protections.refuse(call.caller.roles, name, "create")
        take_image(call.db, call.caller.project_id)
        image = logic.create(call.db, wanted)
        headers = {"Location": call.url(f"/v2/images/{image.id}")}
        if tools.settings.import_methods:
            headers["OpenStack-image-import-methods"] = ",".join(tools.settings.import_methods)
        headers["OpenStack-image-store-ids"] = ",".join(one.name for one in tools.backends)
        return Reply(view=views.one(call.db, image, call.caller.roles), headers=headers)

    @routes.get("/v2/images", rule=LIST, wraps="images")
    def list_images(call: Call) -> Listed[dict[str, Any]]:
        call.enforce({"project_id": call.caller.project_id})
        viewer = access.viewer(call)
        wanted = asked(call.ask.parameters, viewer)
        if wanted.page.marker:
            access.refuse_marker(call.db, wanted.page.marker, viewer)
        rows = queries.list_(call.db, wanted)
        shown = [image for image in rows if access.seen(call, image)]
        full = bool(shown) and len(rows) == wanted.page.limit
        return Listed(items=views.many(call.db, shown, call.caller.roles), next_marker=shown[-1].id if full else None)

    @routes.get("/v2/images/{image_id}", rule=GET, quick=True)
    def get_image(call: Call, image_id: str) -> dict[str, Any]:
        return views.one(call.db, access.loaded(call, call.db, image_id), call.caller.roles)

    @routes.patch("/v2/images/{image_id}", rule=MODIFY, media_types=MEDIA_TYPES, transaction="none")
    async def update_image(call: Call, image_id: str, body: Any) -> dict[str, Any]:
        changes = changes_in(call.header("content-type"), body)
        grounds = await _grounds(call, image_id, changes, tools)

        def changed(db: Db) -> dict[str, Any]:
            image = loaded(call, db, image_id, changes)
            return views.one(
                db, change(call, db, image, Wanted(changes, grounds, tools.protections)), call.caller.roles
            )

        return await call.transaction(changed, writes=True)

    @routes.delete("/v2/images/{image_id}", rule=DELETE, transaction="none")
    async def delete_image(call: Call, image_id: str) -> None:
        def gone(db: Db) -> None:
            image = access.loaded(call, db, image_id, missing="Failed to find image {id} to delete")
            remove(db, image, tools.settings.keep_deleted_s)

        await call.transaction(gone, writes=True)
        await tools.removal.remove(call, image_id)

    @routes.post("/v2/images/{image_id}/actions/deactivate", rule=DEACTIVATE, status=204)
    def deactivate_image(call: Call, image_id: str) -> None:
        logic.set_active(call.db, access.loaded(call, call.db, image_id), active=False)

    @routes.post("/v2/images/{image_id}/actions/reactivate", rule=REACTIVATE, status=204)
    def reactivate_image(call: Call, image_id: str) -> None:
        logic.set_active(call.db, access.loaded(call, call.db, image_id), active=True)

    return routes


async def _grounds(call: Call, image_id: str, changes: Sequence[Change], tools: Tools) -> Grounds:
    """What changes of locations stand on; stores are asked about URLs only of who may name them."""
    settings, urls = tools.settings, urls_in(changes)
    measured: Mapping[str, Measured] = {}
    if urls and settings.show_multiple_locations:
        await call.transaction(lambda db: loaded(call, db, image_id, changes), writes=False)
        measured = await waited(call, partial(measure, tools.backends, urls), slow=True)
    may_adopt = "service" in call.caller.roles or call.allows(access.ADMIN)
    return Grounds(tools.backends, measured, settings.hash, settings.show_multiple_locations, may_adopt)
