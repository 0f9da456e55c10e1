"""`haneul doctor`: what is, why it matters, and how to fix what is wrong."""

from collections.abc import Sequence

import click
import msgspec

from haneul.cli.checks.finding import Finding
from haneul.cli.failures import Failure
from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Layout

LABELS = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}
RESTART_S = 20.0


@click.command("doctor")
@with_cloud
@click.option("--audit", is_flag=True, help="Also compare every row with what is on this host, and the other way.")
@click.option("--accept-restored", is_flag=True, help="Let this host follow a database that was restored on purpose.")
def doctor_command(layout: Layout, screen: Screen, audit: bool, accept_restored: bool) -> int:
    """Check this machine and the cloud, and say how to fix what is wrong; exit code 1 if something is."""
    if accept_restored:
        _accept(layout, screen)
        return 0
    return tell(_look(layout, screen, audit), screen)


def tell(found: Sequence[Finding], screen: Screen) -> int:
    """Print what was found; the exit code that goes with it."""
    for one in found:
        screen.line(f"{LABELS[one.verdict]}  {one.fact}")
        screen.line(f"       {one.why}")
        if one.fix:
            screen.line(f"       fix: {one.fix}")
    wrong = sum(one.verdict == "wrong" for one in found)
    screen.line()
    screen.line(f"{wrong} of {len(found)} findings are wrong." if wrong else "Nothing is wrong.")
    screen.result({"wrong": wrong, "findings": [msgspec.structs.asdict(one) for one in found]})
    return 1 if wrong else 0


def _look(layout: Layout, screen: Screen, audit: bool) -> list[Finding]:
    from haneul.cli.checks import cloud, machine
    from haneul.cli.checks.finding import Subject, findings

    subject = Subject(layout)
    checks = [*machine.CHECKS, *cloud.CHECKS]
    if audit:
        if not subject.has_database:
            raise Failure(f"There is no cloud in {layout.state} to audit.", "Run `haneul up`.")
        from haneul.cli.checks import audit as audits
        from haneul.cli.checks import networks

        checks += [*audits.CHECKS, *networks.CHECKS]
    try:
        with screen.doing("Looking."):
            return list(findings(checks, subject))
    finally:
        subject.close()


def _accept(layout: Layout, screen: Screen) -> None:
    """Let the agent follow the plans that it refuses now, and have it begin anew."""
    from haneul.cli.tree.records import seen
    from haneul.host import run as running
    from haneul.kernel.reconcile.last_plan import accept_refused

    layout.require()
    kinds = accept_refused(layout.agent / "plans")
    tree = seen(layout.status_file)
    agent = tree.children.get("agent") if tree else None
    if kinds and agent is not None and agent.lives:
        # The supervisor starts it again at once; guests notice nothing.
        running.end(agent.pid, RESTART_S, agent.ticks)
    screen.line(f"This host follows its plans of {', '.join(kinds)} again." if kinds else "This host refuses no plan.")
    screen.result({"accepted": kinds})
