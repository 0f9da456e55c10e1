"""Backups: images of a server, of which only so many of a kind are kept."""

from haneul.kernel.operations import Step, Work
from haneul.services.compute.server_images.operations import CreateServerImage
from haneul.services.compute.servers.logic import current
from haneul.services.image import public as images

BACKUP = "backup"


def rotate(work: Work) -> None:
    """Delete the server's oldest backups of this kind beyond the number that is kept; protected ones stay."""
    server = current(work.db, work.resource_id)
    alike = {"image_type": BACKUP, "backup_type": work.input["backup_type"], "instance_uuid": server.id}
    for image in images.with_properties(work.db, server.project_id, alike)[work.input["rotation"] :]:
        if not image.protected:
            images.discard(work.db, image, work.input["known"]["keep_deleted_s"])


class CreateServerBackup(CreateServerImage):
    """An image of a server's root disk that takes the oldest one's place."""

    name = "server-backup"
    steps = (*CreateServerImage.steps[:-1], Step("delete the oldest", rotate), CreateServerImage.steps[-1])


IMAGE_OPERATIONS = (CreateServerImage, CreateServerBackup)
