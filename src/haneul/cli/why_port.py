"""`haneul why port`: why a port is down, unbound or not yet made, and who touched it last."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam

from haneul.cli.checks.finding import Subject
from haneul.cli.failures import Failure
from haneul.cli.log_lines import Line, read
from haneul.cli.screen import Screen, duration
from haneul.cli.trace import rows
from haneul.cli.trace.ends import one_port
from haneul.cli.tree.layout import Layout
from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, columns_of
from haneul.services.network.agents.hosts import ONE, is_alive
from haneul.services.network.agents.models import BRIDGE_AGENT, NetworkAgent
from haneul.services.network.placements.models import Placement, placements
from haneul.services.network.ports.models import ROUTER_GATEWAY, ROUTER_INTERFACE, Port
from haneul.services.network.ports.queries import BY_ID, groups_of_one

MOST_REQUESTS = 8
WHAT_IS_MADE = {
    "port": "the port itself",
    "segment": "its network",
    "group": "its security group",
    "dhcp": "its network's DHCP server",
    "router": "its router",
}
OF_IDS_ON_HOST = Query(
    Placement,
    columns_of(Placement, placements)
    .where(placements.c.host == bindparam("host"), placements.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(placements.c.kind, placements.c.id),
)


class Told(Struct, frozen=True):
    """A port with all that could keep it from working."""

    port: Port
    title: str
    holder: str
    addresses: Sequence[str]
    groups: Sequence[str]
    made: Sequence[Placement]
    agent: NetworkAgent | None


class Reason(Struct, frozen=True):
    """Something that keeps the port from working, and what helps."""

    text: str
    fix: str


def explain(layout: Layout, screen: Screen, named: str) -> None:
    """Print why the port is as it is; Failure if there is none of this id, name or address."""
    layout.require()
    subject = Subject(layout)
    try:
        told = subject.store.read(lambda db: _told(db, named))
    finally:
        subject.close()
    reasons = _reasons(told, layout)
    requests = _requests(layout, told)
    _print(screen, told, reasons, requests)
    _tell(screen, told, reasons, requests)


def _told(db: Db, named: str) -> Told:
    port = _port(db, named)
    ids = [port.id, port.network_id, *groups_of_one(db, port.id)]
    if port.device_owner in (ROUTER_INTERFACE, ROUTER_GATEWAY):
        ids.append(port.device_id)
    return Told(
        port=port,
        title=rows.title(db, port),
        holder=_holder(db, port),
        addresses=[fixed.address for fixed in rows.held(db, port)],
        groups=groups_of_one(db, port.id),
        made=db.all(OF_IDS_ON_HOST, host=port.host, ids=ids) if port.host else [],
        agent=db.one(ONE, host=port.host, binary=BRIDGE_AGENT) if port.host else None,
    )


def _port(db: Db, named: str) -> Port:
    found = db.one(BY_ID, id=named)
    if found is not None:
        return found
    known = db.all(rows.PORTS_AT, address=named) or db.all(rows.PORTS_NAMED, name=named)
    if not known:
        raise Failure(f"There is no port {named}.", "openstack port list --long")
    return one_port(db, named, known)[0]


def _holder(db: Db, port: Port) -> str:
    """Who has plugged the port."""
    server = rows.server_of(db, port)
    if server is not None:
        return f"server {server.name} ({server.id}), which is {server.vm_state}"
    if port.device_owner in (ROUTER_INTERFACE, ROUTER_GATEWAY):
        return f"router {rows.router_title(db, port.device_id)} ({port.device_id})"
    if not port.device_owner:
        return "nobody"
    return f"{port.device_owner} {port.device_id}".rstrip()


def _reasons(told: Told, layout: Layout) -> list[Reason]:
    port = told.port
    if port.vif_type == "binding_failed":
        fix = "haneul doctor names what this host carries; openstack server create --host HOST, on one that can"
        return [Reason(f"Its binding to {port.host} failed: {port.binding_error}", fix)]
    found = []
    if not port.admin_state_up:
        found.append(Reason("It is administratively down.", f"openstack port set --enable {port.id}"))
    if not port.host:
        found.append(Reason("It is bound to no host: no server has it.", f"openstack server add port SERVER {port.id}"))
        return found
    if told.agent is None or not is_alive(told.agent):
        said = "was never heard" if told.agent is None else f"was last heard {_ago(told.agent)} ago"
        fix = f"haneul status on {port.host}; its log is {layout.log}/agent.log"
        found.append(Reason(f"The network agent of {port.host} {said}: no change reaches that host.", fix))
    if not port.is_internal and not any(one.kind == "port" for one in told.made):
        found.append(Reason(f"The host {port.host} is not told of it.", "haneul doctor --audit"))
    found += [_unmade(one, layout) for one in told.made if not one.is_made]
    return found


def _ago(agent: NetworkAgent) -> str:
    return duration((now() - agent.seen_at).total_seconds())


def _unmade(placed: Placement, layout: Layout) -> Reason:
    what = f"{WHAT_IS_MADE[placed.kind]} ({placed.kind} {placed.id})"
    generations = f"change {placed.generation} is wanted, {placed.observed_generation or 'none'} is made"
    if placed.error:
        fix = f"haneul logs --request {placed.request_id}" if placed.request_id else "haneul doctor --audit"
        return Reason(f"{placed.host} could not make {what}: {placed.error} ({generations})", fix)
    fix = f"haneul doctor (a host that refuses its plans is named there); {layout.log}/agent.log"
    return Reason(f"{placed.host} has not made {what} yet: {generations}.", fix)


def _requests(layout: Layout, told: Told) -> list[Line]:
    """The last requests that named the port, or changed what its host makes of it."""
    port = told.port
    asked = {one.request_id for one in told.made if one.kind in ("port", "router") and one.request_id}
    lines = read(layout) if layout.log.exists() else []
    asked |= {str(line["request_id"]) for line in lines if line.get("thing") == port.id and line.get("request_id")}
    found = [line for line in lines if line.get("event") == "request" and _touches(line, port, asked)]
    return found[-MOST_REQUESTS:]


def _touches(line: Line, port: Port, asked: set[str]) -> bool:
    is_read = line.get("method") in ("GET", "HEAD")
    return line.get("request_id") in asked or (not is_read and port.id in str(line.get("path")))


def _print(screen: Screen, told: Told, reasons: Sequence[Reason], requests: Sequence[Line]) -> None:
    port = told.port
    screen.pairs(
        {
            "port": f"{port.name} ({port.id})" if port.name else port.id,
            "status": f"{port.status}, administratively {'up' if port.admin_state_up else 'down'}",
            "binding": f"{port.vif_type} on {port.host}" if port.host else port.vif_type,
            "addresses": ", ".join([*told.addresses, port.mac_address]),
            "project": port.project_id or "-",
            "plugged by": told.holder,
        }
    )
    screen.line()
    for reason in reasons:
        screen.line(reason.text)
        screen.line(f"  what helps: {reason.fix}")
    if not reasons:
        screen.line("Nothing keeps it from working.")
    if told.made:
        screen.line()
        shown = [[one.kind, one.id, one.generation, one.observed_generation, one.error or "-"] for one in told.made]
        screen.table([f"made on {port.host}", "id", "wanted", "made", "error"], shown)
    if requests:
        screen.line()
        screen.line("The last requests that touched it:")
        screen.table(["request", "method", "path", "status"], [_request(line) for line in requests])


def _request(line: Line) -> list[Any]:
    return [line.get("request_id"), line.get("method"), line.get("path"), line.get("status")]


def _tell(screen: Screen, told: Told, reasons: Sequence[Reason], requests: Sequence[Line]) -> None:
    screen.result(
        {
            "port": msgspec.to_builtins(told.port),
            "plugged_by": told.holder,
            "addresses": list(told.addresses),
            "agent_alive": told.agent is not None and is_alive(told.agent),
            "reasons": [msgspec.structs.asdict(reason) for reason in reasons],
            "made": [msgspec.structs.asdict(one) for one in told.made],
            "requests": list(requests),
        }
    )
