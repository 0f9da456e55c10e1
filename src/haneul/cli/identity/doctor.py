"""`haneul identity doctor`: whether keys, passwords' rules and the audit trail are in order."""

import click

from haneul.cli.doctor import tell
from haneul.cli.identity.place import worked_on
from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Layout


@click.command("doctor")
@with_cloud
def doctor_command(layout: Layout, screen: Screen) -> int:
    """Check identity's keys, settings and audit trail, and how to fix what is wrong; exit code 1 if anything is."""
    from haneul.cli.checks.finding import findings
    from haneul.cli.identity.checks import CHECKS

    with worked_on(layout) as place, screen.doing("Looking."):
        found = list(findings(CHECKS, place))
    return tell(found, screen)
