"""Deleted images whose bytes are kept for a while (`[image] keep_deleted_s`)."""

import click

from haneul.cli.failures import Failure
from haneul.cli.image.place import images_of
from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Layout


@click.command("deleted")
@with_cloud
def deleted_command(layout: Layout, screen: Screen) -> None:
    """Show the deleted images that can still be restored."""
    from haneul.kernel.clock import iso_seconds
    from haneul.services.image.images.bin import kept

    with images_of(layout) as images:
        found = [{**one, "deleted_at": iso_seconds(one["deleted_at"])} for one in images.store.read(kept)]
    for one in found:
        screen.line(f"{one['id']}  deleted {one['deleted_at']}  {one['name'] or ''}")
    if not found:
        screen.line("No deleted image is kept.")
    screen.result({"deleted": found})


@click.command("restore")
@click.argument("image_id", metavar="ID")
@with_cloud
def restore_command(layout: Layout, screen: Screen, image_id: str) -> None:
    """Bring a deleted image back as it was, as long as its bytes are kept."""
    from haneul.kernel.errors import ApiError
    from haneul.services.image.images.bin import restore

    with images_of(layout) as images:
        try:
            image = images.store.write(lambda db: restore(db, image_id))
        except ApiError as refused:
            raise Failure(str(refused), "`haneul image deleted` shows what can be restored.") from refused
    screen.line(f"Image {image.id} is back, {image.status}.")
    screen.result({"id": image.id, "status": image.status})


@click.command("scrub")
@with_cloud
def scrub_command(layout: Layout, screen: Screen) -> None:
    """Delete the bytes of deleted images whose time has come, without waiting for the cloud to do it."""
    from haneul.services.image.files.removal import ByteRemoval

    with images_of(layout) as images:
        gone = ByteRemoval(images.backends).remove_due(images.store)
    screen.line(f"Files that were deleted: {gone}.")
    screen.result({"deleted": gone})
