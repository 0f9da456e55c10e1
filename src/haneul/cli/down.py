"""`haneul down`: stop the cloud, and as asked its guests, and all that it ever made on this machine."""

import os
import shutil
from typing import Any

import click

from haneul.cli.failures import Failure
from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree import records, supervisor
from haneul.cli.tree.layout import Layout
from haneul.host import run as running

# The supervisor gives its children time, one after the other.
STOP_S = 40.0


@click.command("down")
@with_cloud
@click.option("--guests", is_flag=True, help="Stop the guests too.")
@click.option("--wipe", is_flag=True, help="Remove the cloud: guests, disks, database, everything.")
@click.option("--yes", is_flag=True, help="Don't ask before wiping.")
def down_command(layout: Layout, screen: Screen, guests: bool, wipe: bool, yes: bool) -> None:
    """Stop the cloud. Guests go on running unless --guests or --wipe is given."""
    if wipe and not layout.state.exists():
        screen.line(f"There is nothing at {layout.state}.")
        screen.result({"state": str(layout.state), "was_running": False, "guests_stopped": [], "wiped": False})
        return
    layout.require()
    if wipe and not yes:
        _ask(layout, screen)
    was_running, stopped = _take_down(layout, screen, guests, wipe)
    _tell(layout, screen, was_running, stopped, wipe)


def _ask(layout: Layout, screen: Screen) -> None:
    if screen.as_json:
        raise Failure("Wiping wants to be confirmed.", "Add --yes.")
    question = f"This removes the cloud in {layout.state} with every server, disk and image in it. Go on?"
    if not click.confirm(question, err=True):
        raise Failure("Nothing was done.")


def _take_down(layout: Layout, screen: Screen, guests: bool, wipe: bool) -> tuple[bool, list[str]]:
    stopped: list[str] = []
    with layout.locked(), screen.doing("Stopping the cloud.") as progress:
        was_running = stop_tree(layout)
        if guests or wipe:
            from haneul.cli import on_host

            progress.stage("Stopping the guests.")
            stopped = on_host.stop_guests(layout, by_force=wipe)
        if wipe:
            progress.stage("Removing everything.")
            _wipe(layout)
    return was_running, stopped


def _tell(layout: Layout, screen: Screen, was_running: bool, stopped: list[str], wiped: bool) -> None:
    words = ["The cloud is stopped." if was_running else "The cloud was not running."]
    if stopped:
        words.append(f"{len(stopped)} guest{'s' if len(stopped) > 1 else ''} stopped.")
    if wiped:
        words.append(f"{layout.state} and all that it had made are gone.")
    screen.line(" ".join(words))
    told: dict[str, Any] = {"state": str(layout.state), "was_running": was_running}
    screen.result({**told, "guests_stopped": stopped, "wiped": wiped})


def stop_tree(layout: Layout) -> bool:
    """Stop the supervisor and its children, by force if need be; whether anything ran."""
    tree = records.seen(layout.status_file)
    if tree is None:
        return False
    ran = tree.supervisor.lives or any(child.lives for child in tree.children.values())
    if tree.supervisor.lives:
        running.end(tree.supervisor.pid, STOP_S, tree.supervisor.ticks)
    # What the supervisor left, if it had to be killed.
    supervisor.end_children_of(records.seen(layout.status_file))
    return ran


def _wipe(layout: Layout) -> None:
    from haneul.cli import credentials, on_host

    on_host.remove_namespaces(layout)
    credentials.forget(layout)
    # The id goes last: until then another `down --wipe` knows the folder for a cloud's, and finishes.
    for path in sorted(layout.state.iterdir(), key=lambda path: path == layout.cloud_id_file):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    if not os.path.ismount(layout.state):
        layout.state.rmdir()
