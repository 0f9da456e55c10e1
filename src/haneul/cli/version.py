"""`haneul version`."""

import platform

import click

import haneul
from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Layout


@click.command("version")
@with_cloud
def version_command(layout: Layout, screen: Screen) -> None:
    """Print the version of haneul."""
    screen.line(f"haneul {haneul.__version__}")
    screen.result({"haneul": haneul.__version__, "python": platform.python_version(), "state": str(layout.state)})
