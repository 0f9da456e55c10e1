"""`haneul why`: the reason for a refusal, or for the trouble of a server or a port."""

from typing import Any

import click

from haneul.cli.failures import Failure
from haneul.cli.log_lines import Line, of_request, read
from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Layout

FORBIDDEN = 403


@click.command("why")
@with_cloud
@click.argument("what", nargs=-1, metavar="REQUEST_ID | server ID | port PORT")
@click.option("--user", metavar="U", help="Whose right is in question: an id, or a name in the domain default.")
@click.option("--rule", metavar="R", help="The policy rule, such as os_compute_api:servers:create.")
@click.option("--project", metavar="P", help="The project whose token it would be; the user's first one if not given.")
def why_command(
    layout: Layout, screen: Screen, what: tuple[str, ...], user: str | None, rule: str | None, project: str | None
) -> None:
    """Explain a refusal, or what is wrong with a server or a port.

    \b
    haneul why req-...                  a request that was refused
    haneul why server ID                a server's fault and history
    haneul why port PORT                why a port (its id, name or address) is down or not made
    haneul why --user U --rule R        what a rule says of a user
    """
    match what:
        case () if user and rule:
            _of_rule(layout, screen, user, rule, project)
        case ("server", server_id):
            _of_server(layout, screen, server_id)
        case ("port", port):
            from haneul.cli import why_port

            why_port.explain(layout, screen, port)
        case (request_id,) if request_id not in ("server", "port") and not user and not rule:
            _of_request(layout, screen, request_id)
        case _:
            raise click.UsageError("Give a request id, or `server ID`, or `port PORT`, or --user and --rule.")


def _of_request(layout: Layout, screen: Screen, request_id: str) -> None:
    layout.require()
    lines = of_request(read(layout), request_id)
    if not lines:
        raise Failure(f"No log line carries {request_id}.", f"Logs older than {layout.log} holds are gone.")
    access = next((line for line in reversed(lines) if line.get("event") == "request"), None)
    refusals = [line for line in lines if line.get("event") == "refused"]
    troubles = [line for line in lines if line.get("level") in ("error", "warning")]
    if access is not None:
        screen.line(f"{access['method']} {access['path']} was answered with {access['status']}.")
    for line in refusals:
        _tell_refusal(screen, line)
    for line in troubles:
        screen.line(
            f"{line.get('process')}: {line.get('event')} {line.get('reason') or line.get('message') or ''}".rstrip()
        )
    if not refusals and not troubles:
        screen.line("No rule refused it, and nothing went wrong on the way.")
        screen.line(f"Its path: haneul logs --request {request_id}")
    screen.result({"request": access, "refusals": refusals, "troubles": troubles})


def _tell_refusal(screen: Screen, line: Line) -> None:
    screen.line(str(line["explanation"]))
    roles = ", ".join(line.get("roles") or ()) or "no roles"
    screen.line(f"The caller was user {line.get('user_id')} in project {line.get('project_id')} with {roles}.")


def _of_server(layout: Layout, screen: Screen, server_id: str) -> None:
    from haneul.cli.client import AdminClient

    client = AdminClient(layout, layout.settings())
    server = client.get("compute", f"/v2.1/servers/{server_id}", X_OpenStack_Nova_API_Version="2.100")["server"]
    path = f"/v2.1/servers/{server_id}/os-instance-actions"
    actions = client.get("compute", path, X_OpenStack_Nova_API_Version="2.100")["instanceActions"]
    screen.pairs(
        {
            "server": f"{server['name']} ({server['id']})",
            "status": server["status"],
            "task": server.get("OS-EXT-STS:task_state") or "-",
            "host": server.get("OS-EXT-SRV-ATTR:host") or "-",
        }
    )
    screen.line()
    fault = server.get("fault")
    screen.line(f"Fault at {fault['created']}: {fault['message']}" if fault else "It has no fault.")
    screen.line()
    screen.table(["started", "action", "request", "message"], [_action(one) for one in actions])
    screen.result({"server": server, "actions": actions})


def _action(one: dict[str, Any]) -> list[str]:
    return [one["start_time"], one["action"], one["request_id"], one.get("message") or ""]


def _of_rule(layout: Layout, screen: Screen, user: str, rule: str, project: str | None) -> None:
    from haneul.cli import rule_of_user

    explained = rule_of_user.explain(layout, user, rule, project)
    screen.line(explained.sentence)
    screen.line(f"Asked for user {explained.user_id} in project {explained.project_id}, on a thing of that project.")
    screen.result(
        {
            "allowed": explained.allowed,
            "rule": rule,
            "explanation": explained.sentence,
            "roles": explained.roles,
            "sufficient_roles": explained.sufficient_roles,
        }
    )
