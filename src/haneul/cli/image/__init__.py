"""`haneul image`: what administrators of images do beside the API."""

import click

from haneul.cli.image.bin import deleted_command, restore_command, scrub_command
from haneul.cli.image.doctor import doctor_command
from haneul.cli.image.guest import build_guest_command

COMMANDS = (build_guest_command, deleted_command, restore_command, scrub_command, doctor_command)


@click.group("image")
def image_command() -> None:
    """Make images, restore deleted ones, and see whether stores hold what they should."""


for _command in COMMANDS:
    image_command.add_command(_command)
