"""`haneul logs`: what the processes have written, in the order of time."""

import json

import click

from haneul.cli import log_lines
from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Layout


@click.command("logs")
@with_cloud
@click.option("--request", "request_id", metavar="ID", help="Only what belongs to this request.")
@click.option("--lines", type=click.IntRange(0), default=100, show_default=True, help="At most this many, the last.")
@click.option("--follow", is_flag=True, help="Go on with what is written from now on.")
def logs_command(layout: Layout, screen: Screen, request_id: str | None, lines: int, follow: bool) -> int:
    """Show the logs, or one request's path through control and agent."""
    layout.require()
    found = log_lines.read(layout)
    if request_id:
        found = log_lines.of_request(found, request_id)
    elif len(found) > lines:
        found = found[len(found) - lines :]
    for line in found:
        screen.line(log_lines.shown(line))
    if follow:
        _follow(layout, screen, request_id)
    if request_id and not found:
        screen.line(f"No log line carries {request_id}.")
    screen.result(found)
    return 1 if request_id and not found else 0


def _follow(layout: Layout, screen: Screen, request_id: str | None) -> None:
    for line in log_lines.follow(layout):
        if request_id is None or log_lines.of_request([line], request_id):
            # One JSON document a line: there is no end at which to print them all.
            print(json.dumps(line) if screen.as_json else log_lines.shown(line), flush=True)
