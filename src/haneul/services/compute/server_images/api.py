"""The action that makes an image of a server. Source: Compute API reference, "Create Image"."""

from haneul.kernel import operations
from haneul.kernel.http import Call, Reply, Routes
from haneul.kernel.policy import Rule
from haneul.services.compute.server_actions.api import ACTION
from haneul.services.compute.server_images.logic import image_of
from haneul.services.compute.server_images.operations import CreateServerImage
from haneul.services.compute.server_images.schemas import CreateImage, MadeImageView
from haneul.services.compute.servers.api import loaded
from haneul.services.compute.servers.asking import refuse_many_metadata
from haneul.services.compute.servers.logic import refuse_unless, set_state
from haneul.services.image.public import ServerImages

CREATE_IMAGE = Rule("os_compute_api:servers:create_image", "rule:project_member_or_admin", "Make an image of a server.")


def routes_with(images: ServerImages, images_at: str) -> Routes:
    """The routes; the image service is found at this URL."""
    routes = Routes()

    def begun(call: Call, server_id: str, body: CreateImage) -> str:
        server = loaded(call, server_id)
        refuse_many_metadata(call, body.metadata)
        refuse_unless(server, "createImage", "active", "stopped", "paused", "suspended")
        image = images.create(call.db, image_of(server, body.name, body.metadata, call.caller))
        set_state(call.db, server, task_state="image_snapshot_pending")
        known = {"image_id": image.id, "known": images.known}
        operations.start(call.db, CreateServerImage, server.id, by=call, input=known)
        return image.id

    @routes.action(ACTION, "createImage", rule=CREATE_IMAGE, until="2.44")
    def create_image(call: Call, server_id: str, body: CreateImage) -> Reply[None]:
        return Reply(view=None, headers={"Location": f"{images_at}/images/{begun(call, server_id, body)}"})

    @routes.action(ACTION, "createImage", rule=CREATE_IMAGE, since="2.45")
    def create_image_by_id(call: Call, server_id: str, body: CreateImage) -> MadeImageView:
        return MadeImageView(image_id=begun(call, server_id, body))

    return routes
