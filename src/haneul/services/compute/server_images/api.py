"""The actions that make images of a server. Source: Compute API, "Create Image" and "Create server back up"."""

from typing import Any

import msgspec

from haneul.kernel import operations
from haneul.kernel.http import Call, Reply, Routes
from haneul.kernel.policy import Rule
from haneul.services.compute.server_actions.api import ACTION
from haneul.services.compute.server_images.backups import BACKUP, CreateServerBackup
from haneul.services.compute.server_images.logic import image_of
from haneul.services.compute.server_images.operations import CreateServerImage
from haneul.services.compute.server_images.properties import refuse_many
from haneul.services.compute.server_images.schemas import CreateBackup, CreateImage, MadeImageView
from haneul.services.compute.servers.api import loaded
from haneul.services.compute.servers.logic import refuse_unless, set_state
from haneul.services.image.public import ServerImages

_MEMBER = "rule:project_member_or_admin"
CREATE_IMAGE = Rule("os_compute_api:servers:create_image", _MEMBER, "Make an image of a server.")
CREATE_BACKUP = Rule("os_compute_api:os-create-backup", _MEMBER, "Make a backup of a server.")


class Making(msgspec.Struct, frozen=True):
    """How an action makes an image: by which operation, with the server in which state until the copy is asked for.

    `input` is what the operation has to know: `copying`, the state while the host copies, and its own.
    """

    action: str
    operation: type[CreateServerImage]
    waiting: str
    input: dict[str, Any]


def _imaging() -> Making:
    return Making("createImage", CreateServerImage, "image_snapshot_pending", {"copying": "image_snapshot"})


def _backing_up(body: CreateBackup) -> Making:
    kept = {"backup_type": body.backup_type, "rotation": int(body.rotation)}
    return Making("createBackup", CreateServerBackup, "image_backup", {"copying": "image_backup", **kept})


def routes_with(images: ServerImages, images_at: str) -> Routes:
    """The routes; the image service is found at this URL."""
    routes = Routes()

    def begun(call: Call, server_id: str, body: CreateImage, making: Making) -> str:
        server = loaded(call, server_id)
        refuse_unless(server, making.action, "active", "stopped", "paused", "suspended")
        image = images.create(call.db, image_of(server, body.name, body.metadata, call.caller))
        set_state(call.db, server, task_state=making.waiting)
        known = {"image_id": image.id, "known": images.known, **making.input}
        operations.start(call.db, making.operation, server.id, by=call, input=known)
        return image.id

    def imaged(call: Call, server_id: str, body: CreateImage) -> str:
        refuse_many(call, body.metadata)
        return begun(call, server_id, body, _imaging())

    def backed_up(call: Call, server_id: str, body: CreateBackup) -> str:
        refuse_many(call, body.metadata)
        properties = {**body.metadata, "image_type": BACKUP, "backup_type": body.backup_type}
        return begun(call, server_id, CreateImage(name=body.name, metadata=properties), _backing_up(body))

    @routes.action(ACTION, "createImage", rule=CREATE_IMAGE, until="2.44")
    def create_image(call: Call, server_id: str, body: CreateImage) -> Reply[None]:
        image_id = imaged(call, server_id, body)
        return Reply(view=None, headers={"Location": f"{images_at}/images/{image_id}"})

    @routes.action(ACTION, "createImage", rule=CREATE_IMAGE, since="2.45")
    def create_image_by_id(call: Call, server_id: str, body: CreateImage) -> MadeImageView:
        return MadeImageView(image_id=imaged(call, server_id, body))

    @routes.action(ACTION, "createBackup", rule=CREATE_BACKUP, until="2.44")
    def create_backup(call: Call, server_id: str, body: CreateBackup) -> Reply[None]:
        image_id = backed_up(call, server_id, body)
        is_kept = int(body.rotation) > 0
        return Reply(view=None, headers={"Location": call.url(f"/v2.1/images/{image_id}")} if is_kept else {})

    @routes.action(ACTION, "createBackup", rule=CREATE_BACKUP, since="2.45")
    def create_backup_by_id(call: Call, server_id: str, body: CreateBackup) -> MadeImageView:
        return MadeImageView(image_id=backed_up(call, server_id, body))

    return routes
