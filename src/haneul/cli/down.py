"""`haneul down`: stop the cloud, and as asked its guests, and all that it ever made on this machine."""

import os
import shutil

import click
import msgspec

from haneul.cli.failures import Failure
from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree import records, supervisor
from haneul.cli.tree.layout import Layout
from haneul.host import run as running

# The supervisor gives its children time, one after the other.
STOP_S = 40.0


class Taken(msgspec.Struct, frozen=True):
    """What was taken down, and which guests go on."""

    was_running: bool
    guests_stopped: list[str]
    wiped: bool
    guests_left: list[str]


@click.command("down")
@with_cloud
@click.option("--guests", is_flag=True, help="Stop the guests too.")
@click.option("--wipe", is_flag=True, help="Remove the cloud: guests, disks, database, everything.")
@click.option("--yes", is_flag=True, help="Don't ask before wiping.")
def down_command(layout: Layout, screen: Screen, guests: bool, wipe: bool, yes: bool) -> None:
    """Stop the cloud. Guests go on running unless --guests or --wipe is given."""
    if wipe and not layout.state.exists():
        screen.line(f"There is nothing at {layout.state}.")
        screen.result({"state": str(layout.state), **msgspec.structs.asdict(Taken(False, [], False, []))})
        return
    layout.refuse_anothers()
    layout.require()
    if wipe and not yes:
        _ask(layout, screen)
    _tell(layout, screen, _take_down(layout, screen, guests, wipe))


def _ask(layout: Layout, screen: Screen) -> None:
    if screen.as_json:
        raise Failure("Wiping wants to be confirmed.", "Add --yes.")
    question = f"This removes the cloud in {layout.state} with every server, disk and image in it. Go on?"
    if not click.confirm(question, err=True):
        raise Failure("Nothing was done.")


def _take_down(layout: Layout, screen: Screen, guests: bool, wipe: bool) -> Taken:
    from haneul.cli import on_host

    stopped: list[str] = []
    with layout.locked(), screen.doing("Stopping the cloud.") as progress:
        was_running = stop_tree(layout)
        if guests or wipe:
            progress.stage("Stopping the guests.")
            stopped = on_host.stop_guests(layout, by_force=wipe)
        if wipe:
            progress.stage("Removing everything.")
            _wipe(layout)
        return Taken(was_running, stopped, wipe, [] if wipe else sorted(on_host.guests_of(layout)))


def _tell(layout: Layout, screen: Screen, taken: Taken) -> None:
    words = ["The cloud is stopped." if taken.was_running else "The cloud was not running."]
    if taken.guests_stopped:
        words.append(f"Guests stopped: {len(taken.guests_stopped)}.")
    if taken.guests_left:
        words.append(f"Guests that go on running: {len(taken.guests_left)}.")
    if taken.wiped:
        words.append(f"{layout.state} and all that it had made are gone.")
    screen.line(" ".join(words))
    screen.result({"state": str(layout.state), **msgspec.structs.asdict(taken)})


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

    on_host.remove_networks(layout)
    credentials.forget(layout)
    # The id goes last: until then another `down --wipe` knows the folder for a cloud's, and finishes.
    for path in sorted(layout.state.iterdir(), key=lambda path: path == layout.cloud_id_file):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    if not os.path.ismount(layout.state):
        layout.state.rmdir()
