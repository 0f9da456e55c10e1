"""The `glance-manage` command, as installation guides type it: `haneul metadefs` and the schema, spelt as by Glance."""

import sys
from pathlib import Path
from typing import NoReturn

import click

from haneul.cli.failures import Failure
from haneul.cli.identity.schema import db_sync_command, db_version_command
from haneul.cli.main import run
from haneul.cli.metadefs import export, how_of, load, unload
from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Layout

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
NO_PATH = "Name the folder that the files go to."
WITHOUT = {
    "purge": "Deleted images leave no rows behind here",
    "purge_images_table": "Deleted images leave no rows here",
}


class GlanceManage(click.Group):
    """Names of Glance's own commands, and a sentence for those that have nothing to do here."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and (asked := args[0].removeprefix("db_")) in WITHOUT:
            raise Failure(f"{WITHOUT[asked]}, so that `glance-manage db {asked}` has nothing to do.")
        return super().resolve_command(ctx, args)


@click.group(cls=GlanceManage, context_settings=SETTINGS)
@click.option("--config-file", "--config-dir", "files", multiple=True, metavar="PATH", help="Accepted, and not read.")
@click.option("-d", "--debug", is_flag=True, hidden=True, expose_value=False)
def glance_manage(files: tuple[str, ...]) -> None:
    """Glance's administration, for guides that were written for it."""
    for file in files:
        print(f"Note: {file} is not read. Settings are in haneul.toml, or in HANEUL_ variables.", file=sys.stderr)


@click.group("db", cls=GlanceManage)
def db_group() -> None:
    """The database and what is loaded into it."""


@db_group.command("load_metadefs")
@with_cloud
@click.option("--path", type=click.Path(path_type=Path), metavar="PATH", help="A JSON file, or a folder of them.")
@click.option("--merge", is_flag=True, help="Give namespaces that are there what they lack.")
@click.option("--prefer_new", is_flag=True, help="With --merge: write over what is there.")
@click.option("--overwrite", is_flag=True, help="With --merge: delete namespaces that are there first.")
def load_command(
    layout: Layout, screen: Screen, path: Path | None, merge: bool, prefer_new: bool, overwrite: bool
) -> None:
    """Load the standard catalog, or the files at PATH."""
    load(layout, screen, path, how_of(merge=merge, prefer_new=prefer_new, overwrite=overwrite))


@glance_manage.command("db_load_metadefs")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.argument("merge", required=False)
@click.argument("prefer_new", required=False)
@click.argument("overwrite", required=False)
@with_cloud
@click.option("--merge", "with_merge", is_flag=True, help="Give namespaces that are there what they lack.")
@click.option("--prefer_new", "with_prefer_new", is_flag=True, help="With --merge: write over what is there.")
@click.option("--overwrite", "with_overwrite", is_flag=True, help="With --merge: delete what is there first.")
def old_load_command(layout: Layout, screen: Screen, path: Path | None, **asked: str | bool | None) -> None:
    """Load the standard catalog, or the files at PATH; any word in the place of an option asks for it."""
    given = {name: bool(asked[name] or asked[f"with_{name}"]) for name in ("merge", "prefer_new", "overwrite")}
    load(layout, screen, path, how_of(**given))


@db_group.command("export_metadefs")
@with_cloud
@click.option("--path", type=click.Path(path_type=Path, file_okay=False), metavar="PATH", help="The folder.")
def export_command(layout: Layout, screen: Screen, path: Path | None) -> None:
    """Write every namespace to a JSON file of its own."""
    if path is None:
        raise click.UsageError(NO_PATH)
    export(layout, screen, path)


@glance_manage.command("db_export_metadefs")
@click.argument("path", required=False, type=click.Path(path_type=Path, file_okay=False))
@with_cloud
def old_export_command(layout: Layout, screen: Screen, path: Path | None) -> None:
    """Write every namespace to a JSON file of its own."""
    if path is None:
        raise click.UsageError(NO_PATH)
    export(layout, screen, path)


@click.command("unload_metadefs")
@with_cloud
def unload_command(layout: Layout, screen: Screen) -> None:
    """Delete every namespace with all that it holds, and every resource type."""
    unload(layout, screen)


for _name, _command in (
    ("sync", db_sync_command),
    ("version", db_version_command),
    ("unload_metadefs", unload_command),
):
    db_group.add_command(_command, _name)
    glance_manage.add_command(_command, f"db_{_name}")
glance_manage.add_command(db_group)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command; exit code 0, 1 for what went wrong, 2 for a wrong use."""
    run(glance_manage, "glance-manage", sys.argv[1:] if arguments is None else arguments)
