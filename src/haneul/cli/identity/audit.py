"""`haneul identity audit`: whether the audit trail is as it was written."""

import click

from haneul.cli.identity.place import database, worked_on
from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Layout


@click.group("audit")
def audit_command() -> None:
    """Look after the audit trail."""


@audit_command.command("verify")
@with_cloud
def verify_command(layout: Layout, screen: Screen) -> int:
    """Walk along the audit trail and see that no record was changed, taken out or slipped in; exit code 1 if one was.

    Who can write the whole database can also write a whole new trail. Note the newest seal elsewhere: it no longer
    comes out of a trail that was written anew.
    """
    from haneul.services.identity.audit.chain import verify

    with worked_on(layout) as place, database(place) as store, screen.doing("Reading the audit trail."):
        verdict = verify(store)
    broken = verdict.broken
    screen.line(f"Records that are as they were sealed: {verdict.sealed}.")
    screen.line(f"Records that wait for their seal: {verdict.unsealed}.")
    screen.line(f"The newest seal is {verdict.seal}." if verdict.seal else "There is no seal yet.")
    screen.line(f"The trail is broken. {broken.reason}" if broken else "The trail is whole.")
    screen.result(
        {
            "whole": broken is None,
            "sealed": verdict.sealed,
            "unsealed": verdict.unsealed,
            "seal": verdict.seal,
            "broken_at": broken.sequence if broken else None,
            "reason": broken.reason if broken else "",
        }
    )
    return 1 if broken else 0
