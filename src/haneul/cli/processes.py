"""The hidden commands that are the cloud's processes; `haneul up` starts them."""

import sys
from pathlib import Path

import click

from haneul.cli.tree.layout import Layout
from haneul.cli.tree.link import Link

process_state = click.option("--state", type=click.Path(path_type=Path), required=True)
link_option = click.option("--link", type=int, default=-1)


@click.command("supervise", hidden=True)
@process_state
def supervise_command(state: Path) -> None:
    """Keep control and agent running."""
    from haneul.cli.tree.account import control_account
    from haneul.cli.tree.supervisor import Supervisor

    layout = Layout(state)
    if not Supervisor(layout, layout.settings(), control_account(layout)).run():
        sys.exit(1)


@click.command("control", hidden=True)
@process_state
@link_option
@click.option("--sockets", default="")
def control_command(state: Path, link: int, sockets: str) -> None:
    """Serve the APIs."""
    from haneul.cli.control import run_control

    run_control(Layout(state), Link(link), [int(number) for number in sockets.split(",") if number])


@click.command("agent", hidden=True)
@process_state
@link_option
def agent_command(state: Path, link: int) -> None:
    """Make this host equal the rows."""
    from haneul.cli.agent import run_agent

    run_agent(Layout(state), Link(link))
