"""A followed packet on the screen."""

from ipaddress import ip_address
from typing import Any

import click
import msgspec

from haneul.cli.checks.finding import Subject
from haneul.cli.failures import Failure
from haneul.cli.screen import Screen
from haneul.cli.trace.follow import Followed, Wanted, follow
from haneul.cli.trace.on_host import this_host
from haneul.cli.tree.layout import Layout


def show(layout: Layout, screen: Screen, asked: dict[str, Any]) -> int:
    """Follow it and print each hop; 1 if the packet is dropped."""
    wanted = msgspec.convert(asked, Wanted)
    if wanted.speaks_as:
        _refuse_strange(wanted.speaks_as)
    settings = layout.settings()
    subject = Subject(layout)
    if not subject.has_database:
        raise Failure(f"There is no cloud in {layout.state}.", "Run `haneul up`.")
    here, limits = this_host(layout, settings)
    try:
        with screen.doing("Following it."):
            followed = subject.store.read(lambda db: follow(db, here, wanted))
    finally:
        subject.close()
    _print(screen, followed, limits)
    _tell(screen, followed, limits)
    return 0 if followed.drop is None else 1


def _refuse_strange(address: str) -> None:
    try:
        ip_address(address)
    except ValueError:
        raise click.UsageError(f"--as wants an address, and {address} is none.") from None


def _print(screen: Screen, followed: Followed, limits: str) -> None:
    packet = followed.packet
    screen.line(f"{packet.what} from {packet.source} to {packet.destination}")
    if limits:
        screen.line(limits)
    screen.line()
    width = max(len(hop.at) for hop in followed.hops)
    for hop in followed.hops:
        screen.line(f"{hop.verdict:<4}  {hop.looked_at:<13}  {hop.at:<{width}}  {hop.text}")
        if hop.verdict == "note" and hop.fix:
            screen.line(f"{'':<{width + 21}}  see: {hop.fix}")
    screen.line()
    drop = followed.drop
    if drop is None:
        screen.line("Nothing drops it.")
        return
    screen.line(f"It is dropped at: {drop.at}.")
    screen.line(f"What helps: {drop.fix}")


def _tell(screen: Screen, followed: Followed, limits: str) -> None:
    drop = followed.drop
    screen.result(
        {
            "packet": msgspec.structs.asdict(followed.packet),
            "passes": drop is None,
            "dropped_at": drop.at if drop else None,
            "fix": drop.fix if drop else None,
            "limits": limits,
            "hops": [msgspec.structs.asdict(hop) for hop in followed.hops],
        }
    )
