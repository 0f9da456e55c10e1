"""`haneul openrc`."""

import click

from haneul.cli import credentials
from haneul.cli.failures import Failure
from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Layout


@click.command("openrc")
@with_cloud
def openrc_command(layout: Layout, screen: Screen) -> None:
    """Print the shell variables that clients need: `eval "$(haneul openrc)"`."""
    settings = layout.settings()
    if not layout.admin_password.exists():
        raise Failure(f"The cloud in {layout.state} was never started whole.", "Run `haneul up`.")
    told = credentials.variables(layout, settings)
    screen.line(credentials.as_shell(told).rstrip("\n"))
    screen.result(told)
