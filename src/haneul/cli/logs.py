"""`haneul logs`: what the processes have written, in the order of time."""

import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Layout

Line = dict[str, Any]
LOOK_S = 0.2
TOLD_APART = ("at", "process", "level", "event", "traceback")


@click.command("logs")
@with_cloud
@click.option("--request", "request_id", metavar="ID", help="Only what belongs to this request.")
@click.option("--lines", type=click.IntRange(0), default=100, show_default=True, help="At most this many, the last.")
@click.option("--follow", is_flag=True, help="Go on with what is written from now on.")
def logs_command(layout: Layout, screen: Screen, request_id: str | None, lines: int, follow: bool) -> None:
    """Show the logs, or one request's path through control and agent."""
    layout.require()
    wanted = Path_(request_id) if request_id else None
    found = list(deque(_chosen(layout, wanted), maxlen=None if wanted else lines))
    if follow:
        _follow(layout, screen, wanted, found)
        return
    for line in found:
        screen.line(shown(line))
    if wanted and not found:
        screen.line(f"No log line carries {request_id}.")
    screen.result(found)


class Path_:  # noqa: N801
    """Stands for a request's way."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
