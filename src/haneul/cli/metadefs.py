"""`haneul metadefs`: definitions of metadata from files into the cloud, and out of it. `glance-manage` does it too."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haneul.cli.failures import Failure
from haneul.cli.identity.place import database, worked_on
from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Layout

if TYPE_CHECKING:
    from haneul.kernel.db import Db
    from haneul.services.image.metadefs.catalog.loading import How
    from haneul.services.image.metadefs.definitions import NamespaceDefinition


@click.group("metadefs")
def metadefs_command() -> None:
    """Load, export and unload definitions of metadata."""


@metadefs_command.command("load")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@with_cloud
@click.option("--merge", is_flag=True, help="Give namespaces that are there what they lack.")
@click.option("--prefer-new", is_flag=True, help="With --merge: write over what is there.")
@click.option("--overwrite", is_flag=True, help="With --merge: delete namespaces that are there first.")
def load_command(
    layout: Layout, screen: Screen, path: Path | None, merge: bool, prefer_new: bool, overwrite: bool
) -> None:
    """Load the standard catalog, or the JSON file or folder of JSON files at PATH.

    Namespaces that are there are left as they are.
    """
    load(layout, screen, path, how_of(merge=merge, prefer_new=prefer_new, overwrite=overwrite))


def how_of(*, merge: bool, prefer_new: bool, overwrite: bool) -> "How":
    """What becomes of namespaces that are there; a wrong use for options that don't go together."""
    if (prefer_new or overwrite) and not merge:
        raise click.UsageError("--prefer-new and --overwrite need --merge.")
    if prefer_new and overwrite:
        raise click.UsageError("Only one of --prefer-new and --overwrite can be given.")
    if not merge:
        return "skip"
    return "renew" if prefer_new else "replace" if overwrite else "add"


def load(layout: Layout, screen: Screen, path: Path | None, how: "How") -> None:
    """Load all of it or, if a file can't be used, nothing."""
    from haneul.services.image.metadefs.catalog.files import standard

    # Files are read as the account that asks; the database is written as its owner.
    wanted = standard() if path is None else [_read(file) for file in _files_at(path)]
    with worked_on(layout) as place, database(place) as store:
        outcomes = store.write(partial(_load_all, wanted=wanted, how=how))
    screen.line(
        f"Namespaces that were made: {outcomes['made']}, changed: {outcomes['changed']}, "
        f"left as they are: {outcomes['left']}."
    )
    screen.result({outcome: outcomes[outcome] for outcome in ("made", "changed", "left")})


def _load_all(db: "Db", wanted: "Sequence[NamespaceDefinition]", how: "How") -> Counter[str]:
    from haneul.services.image.metadefs.catalog import loading

    return Counter(loading.load(db, one, how) for one in wanted)


def _files_at(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = sorted(path.glob("*.json")) if path.is_dir() else []
    if not found:
        raise Failure(f"There are no JSON files at {path}.", "Name a JSON file, or a folder of them.")
    return found


def _read(path: Path) -> "NamespaceDefinition":
    from haneul.kernel.errors import ApiError
    from haneul.services.image.metadefs.catalog import files

    try:
        return files.read(path.read_bytes())
    except ApiError as error:
        raise Failure(
            f"{path} can't be used: {error}", "Nothing was loaded. Correct the file, or leave it out."
        ) from None


@metadefs_command.command("export")
@click.argument("path", type=click.Path(path_type=Path, file_okay=False))
@with_cloud
def export_command(layout: Layout, screen: Screen, path: Path) -> None:
    """Write every namespace to a JSON file of its own in the folder PATH."""
    export(layout, screen, path)


def export(layout: Layout, screen: Screen, path: Path) -> None:
    """Write the files as the account that asks; what is there under their names is written over."""
    from haneul.services.image.metadefs.catalog import files, loading

    with worked_on(layout) as place, database(place) as store:
        found = store.read(loading.export)
    path.mkdir(parents=True, exist_ok=True)
    for name, content in files.written(found):
        (path / name).write_bytes(content)
    screen.line(f"Namespaces written to {path}: {len(found)}.")
    screen.result({"folder": str(path), "written": len(found)})


@metadefs_command.command("unload")
@with_cloud
def unload_command(layout: Layout, screen: Screen) -> None:
    """Delete every namespace, protected or not, with all that it holds, and every resource type."""
    unload(layout, screen)


def unload(layout: Layout, screen: Screen) -> None:
    """Delete all definitions of metadata."""
    from haneul.services.image.metadefs.catalog import loading

    with worked_on(layout) as place, database(place) as store:
        gone = store.write(loading.unload)
    screen.line(f"Namespaces that were deleted: {gone}.")
    screen.result({"deleted": gone})
