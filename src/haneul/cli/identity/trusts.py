"""`haneul identity trust-flush`: trusts that nobody can use any more are deleted for good."""

from datetime import UTC, datetime

import click

from haneul.cli.identity.place import database, worked_on
from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Layout


@click.command("trust-flush")
@with_cloud
@click.option("--project-id", metavar="ID", help="Only trusts on this project.")
@click.option("--trustor-user-id", metavar="ID", help="Only trusts by this user.")
@click.option("--trustee-user-id", metavar="ID", help="Only trusts in this user.")
@click.option(
    "--date",
    type=click.DateTime(["%d-%m-%Y"]),
    metavar="DD-MM-YYYY",
    help="Only trusts that had expired by this day, in UTC. [default: now]",
)
def trust_flush_command(
    layout: Layout,
    screen: Screen,
    project_id: str | None,
    trustor_user_id: str | None,
    trustee_user_id: str | None,
    date: datetime | None,
) -> None:
    """Delete for good the trusts that have expired or were ended."""
    from haneul.kernel.clock import now
    from haneul.services.identity.trusts.logic import flush

    before = date.replace(tzinfo=UTC) if date else now()
    named = {"project_id": project_id, "trustor": trustor_user_id, "trustee": trustee_user_id}
    flushed = 0
    with worked_on(layout) as place, database(place) as store:
        while some := store.write(lambda db: flush(db, before=before, **named)):
            flushed += some
    screen.line(f"Trusts that were deleted for good: {flushed}.")
    screen.result({"flushed": flushed})
