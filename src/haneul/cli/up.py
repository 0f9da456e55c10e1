"""`haneul up`: start the cloud, or see that it runs."""

import signal
from pathlib import Path
from typing import Any

import click

from haneul.cli.down import stop_tree
from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Flags, Layout


@click.command("up")
@with_cloud
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="A haneul.toml to read.")
@click.option("--bind", metavar="ADDR", help="The address to listen on. [default: 127.0.0.1]")
@click.option("--base-port", type=click.IntRange(0, 50_000), metavar="N", help="Move every port up by this much.")
@click.option("--simulate/--no-simulate", default=None, help="Pretend guests: needs no root, no QEMU and no packages.")
@click.option("--bare/--no-bare", default=None, help="Make only what a new Keystone holds: admin and his roles.")
@click.option(
    "--tls/--no-tls", default=None, help="Serve HTTPS, with certificates of its own making or the configured."
)
@click.option("--host-network/--no-host-network", default=None, help="Let the agent work in the machine's own network.")
@click.option("--db", metavar="URL", help="mysql://... or postgresql://... in place of SQLite.")
@click.option("--bus", metavar="URL", help="amqp://... in place of the local bus.")
@click.option("--foreground", is_flag=True, help="Stay, and stop the cloud when this ends.")
def up_command(layout: Layout, screen: Screen, foreground: bool, config: Path | None, **given: Any) -> None:
    """Start the cloud on this machine, or see that it runs.

    A second `up` changes nothing. What was given once is remembered for the next time.
    """
    from haneul.cli import bring_up

    flags = Flags(config=str(config.absolute()) if config else None, **given)
    if not foreground:
        bring_up.show(layout, screen, bring_up.bring_up(layout, screen, flags))
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        bring_up.show(layout, screen, bring_up.bring_up(layout, screen, flags))
        bring_up.stay(layout)
    except KeyboardInterrupt:
        stop_tree(layout)
        screen.line("The cloud is stopped.")
