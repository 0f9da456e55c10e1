"""Options that every command has."""

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Layout

Command = TypeVar("Command", bound=Callable[..., Any])

state_option = click.option(
    "--state",
    type=click.Path(path_type=Path),
    envvar="HANEUL_STATE",
    metavar="DIR",
    help="The folder of the cloud. [default: /var/lib/haneul for root]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def default_state() -> Path:
    """Where a cloud lives that nobody gave a folder."""
    if os.geteuid() == 0:
        return Path("/var/lib/haneul")
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "haneul"


def with_cloud(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command its cloud's layout and a screen, from `--state` and `--json`."""

    @state_option
    @json_option
    @wraps(command)
    def wrapped(state: Path | None, as_json: bool, **rest: Any) -> Any:
        return command(Layout((state or default_state()).absolute()), Screen(as_json), **rest)

    return wrapped
