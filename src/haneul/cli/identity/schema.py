"""`keystone-manage db_sync` and `db_version`: the schema, which a cloud brings up to date by itself at every start."""

import os

import click

from haneul.cli.failures import Failure
from haneul.cli.identity.place import Place, database, worked_on
from haneul.cli.options import default_state, with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Layout

BEHIND = 2
BY_ITSELF = "A cloud brings its database to its schema by itself, whenever it starts: nothing is to be done."


@click.command("db_sync")
@click.argument("version", required=False)
@with_cloud
@click.option("--expand", is_flag=True, help="Everything is done at once, and this does it.")
@click.option("--migrate", is_flag=True, help="Nothing is left to this after --expand.")
@click.option("--contract", is_flag=True, help="Nothing is left to this after --expand.")
@click.option("--check", is_flag=True, help="Only say whether something is to be done; exit code 2 if it is.")
def db_sync_command(
    layout: Layout, screen: Screen, version: str | None, expand: bool, migrate: bool, contract: bool, check: bool
) -> int:
    """Bring the database to this program's schema."""
    if sum((expand, migrate, contract, check)) > 1:
        raise click.UsageError("Only one of --expand, --migrate, --contract and --check can be given.")
    if version:
        raise Failure("The schema goes with the program: no version of it can be chosen.", "Leave the version out.")
    if _is_anothers_matter(layout):
        screen.line(BY_ITSELF)
        screen.result({"changed": False})
        return 0
    if check:
        return _check(layout, screen)
    with worked_on(layout, make=True) as place:
        before = _revision(place) if place.has_database else ""
        with database(place, prepare=True):
            now = _revision(place)
    screen.line(f"The database is at schema {now}{'' if now != before else ' already'}.")
    screen.result({"changed": now != before, "schema": now})
    return 0


def _is_anothers_matter(layout: Layout) -> bool:
    """Whether an account without root asks that has no cloud: guides run this as `keystone`, which has none here."""
    return os.geteuid() != 0 and not layout.exists and layout.state == default_state()


def _check(layout: Layout, screen: Screen) -> int:
    from haneul.kernel.db.migrate import newest_revision

    now, newest = "", newest_revision()
    if layout.exists:
        with worked_on(layout) as place:
            now = _revision(place) if place.has_database else ""
    fresh = now == newest
    screen.line(f"The database is at schema {now or 'none'}, this program's is {newest}.")
    screen.line("Nothing is to be done." if fresh else "Run `keystone-manage db_sync`, or `haneul up`.")
    screen.result({"schema": now, "newest": newest})
    return 0 if fresh else BEHIND


@click.command("db_version")
@with_cloud
def db_version_command(layout: Layout, screen: Screen) -> None:
    """Print the schema that the database is at."""
    with worked_on(layout) as place:
        if not place.has_database:
            raise Failure(f"The cloud in {layout.state} has no database yet.", "Run `keystone-manage db_sync`.")
        now = _revision(place)
    screen.line(now)
    screen.result({"schema": now})


def _revision(place: Place) -> str:
    from haneul.cli.control import told_plainly
    from haneul.kernel.db import Store
    from haneul.kernel.db.migrate import current_revision

    with told_plainly(place.settings):
        store = Store(place.settings.db_url)
        try:
            return current_revision(store.engine)
        finally:
            store.close()


@click.command("token_flush")
def token_flush_command() -> None:
    """Say that there are no stored tokens to flush."""
    print("Tokens are stored nowhere, so that there is nothing to flush.")
