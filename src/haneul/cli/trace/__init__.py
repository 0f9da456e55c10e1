"""`haneul trace`: where a packet goes, as the rows say and as this host has it."""

import click

from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Layout

PORT = click.IntRange(1, 65535)


@click.group("trace")
def trace_command() -> None:
    """Follow what the cloud does with something."""


@trace_command.command("packet")
@with_cloud
@click.option(
    "--from", "source", default="outside", show_default=True, metavar="SERVER", help="A server, port or address."
)
@click.option("--to", "destination", required=True, metavar="ADDRESS", help="An address, or a server or port.")
@click.option("--tcp", type=PORT, metavar="PORT", help="A TCP connection to this port.")
@click.option("--udp", type=PORT, metavar="PORT", help="A UDP packet to this port.")
@click.option("--icmp", is_flag=True, help="A ping, which it is if nothing else is said.")
@click.option(
    "--as", "speaks_as", default="", metavar="ADDRESS", help="Speak as this address, not as the sender's own."
)
def packet_command(
    layout: Layout,
    screen: Screen,
    source: str,
    destination: str,
    tcp: int | None,
    udp: int | None,
    icmp: bool,
    speaks_as: str,
) -> int:
    """Follow a packet, and name the first place that drops it; exit code 1 if one does.

    \b
    haneul trace packet --from SERVER --to 10.0.0.7 --tcp 22
    haneul trace packet --to 172.24.4.20 --tcp 22            from outside, to a floating IP
    """
    from haneul.cli.trace import shown

    if sum((tcp is not None, udp is not None, icmp)) > 1:
        raise click.UsageError("A packet is of one protocol: give one of --tcp, --udp and --icmp.")
    protocol = "tcp" if tcp is not None else "udp" if udp is not None else "icmp"
    wanted = {
        "source": source,
        "destination": destination,
        "protocol": protocol,
        "port": tcp if tcp is not None else udp,
        "speaks_as": speaks_as,
    }
    return shown.show(layout, screen, wanted)
