"""`haneul image build-guest`: a small Linux to boot."""

from pathlib import Path

import click

from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Layout


@click.command("build-guest")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@with_cloud
def build_guest_command(layout: Layout, screen: Screen, path: Path) -> None:
    """Build a small Linux to boot (qcow2) from Debian's packages, at PATH."""
    from haneul.cli import seeds

    kept = layout.cache / "guest-image"
    with screen.doing("Building the guest image.") as progress:
        built = seeds.build_guest(path.absolute(), kept if kept.is_dir() else None, progress)
    screen.line(
        f"{built.path}: {built.size / 1e6:.1f} MB, built in {built.seconds:.1f} s. "
        f"Log in as {built.login} with {built.password}."
    )
    screen.result(
        {
            "path": str(built.path),
            "bytes": built.size,
            "seconds": round(built.seconds, 3),
            "login": built.login,
            "password": built.password,
        }
    )
