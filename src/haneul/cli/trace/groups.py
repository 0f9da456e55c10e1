"""The security groups of a port: which rule lets the packet through, and what its host has of it."""

from typing import NoReturn

from haneul.cli.trace import rows
from haneul.cli.trace.matching import Match, first_match, groups_with, rule_command
from haneul.cli.trace.values import Seen
from haneul.cli.trace.walk import Walk
from haneul.services.network.drivers.base import Direction, GroupPlan, PortPlan
from haneul.services.network.host_plans import groups as group_plans
from haneul.services.network.placements import logic as placements
from haneul.services.network.ports.models import Port
from haneul.services.network.ports.queries import groups_of_one
from haneul.services.network.security_groups.default import OF_PROJECT
from haneul.services.network.security_groups.models import SecurityGroup


def plans_of_groups(walk: Walk, port: Port) -> list[GroupPlan]:
    """What the port's host is told of its groups."""
    ids = sorted(groups_of_one(walk.db, port.id))
    return list(group_plans.wanted_on(walk.db, port.host, ids)) if ids else []


def lets_through(walk: Walk, port: Port, plan: PortPlan | None, direction: Direction) -> None:
    """A rule of the port's groups that lets the packet through in this direction; Dropped if there is none."""
    if not port.port_security_enabled:
        walk.passes(direction, "Port security is off: nothing is filtered.")
        return
    groups = groups_with(walk.db, groups_of_one(walk.db, port.id))
    found = first_match(walk.db, groups, direction, walk.packet)
    if found is None:
        _refuse(walk, port, plan, groups, direction)
    _is_told(walk, port, direction, found)
    if not found.group.stateful:
        way = "ingress" if direction == "egress" else "egress"
        walk.remarks(direction, f"Group {found.group.name} is stateless: answers need an {way} rule of their own.")
    # A rule more has the host write the whole group anew.
    mend = rule_command(direction, walk.packet, found.group.id)
    text = f"{found.text[:1].upper()}{found.text[1:]} lets it through."
    walk.passes(direction, text, _rule_seen(walk, port, plan, found), mend)


def _refuse(
    walk: Walk, port: Port, plan: PortPlan | None, groups: list[SecurityGroup], direction: Direction
) -> NoReturn:
    title = rows.title(walk.db, port)
    way = "leave" if direction == "egress" else "reach"
    other = walk.packet.destination if direction == "egress" else walk.packet.source
    side = "to" if direction == "egress" else "from"
    if not groups:
        default = walk.db.one(OF_PROJECT, project_id=port.project_id)
        group = default.security_group_id if default is not None else "GROUP"
        fix = f"openstack port set --security-group {group} {port.id}"
        walk.drops(direction, f"The {title} has no security group: nothing may {way} it.", fix)
    names = ", ".join(group.name for group in groups)
    text = f"No rule of {names} lets {walk.packet.what} {side} {other} {way} the {title}."
    seen = None
    if plan is not None:
        told = plans_of_groups(walk, port)
        seen = walk.look(port.host, lambda here: here.has_no_more(plan, told))
    walk.drops(direction, text, rule_command(direction, walk.packet, groups[0].id), seen)


def _is_told(walk: Walk, port: Port, direction: Direction, found: Match) -> None:
    """A remark where the host has not made the group's newest change."""
    placed = walk.db.one(placements.ONE, kind="group", id=found.group.id, host=port.host)
    if placed is not None and not placed.is_made:
        said = f": {placed.error}" if placed.error else " yet."
        text = f"The newest change of group {found.group.name} is not made on {port.host}{said}"
        walk.remarks(direction, text, f"haneul why port {port.id}")


def _rule_seen(walk: Walk, port: Port, plan: PortPlan | None, found: Match) -> Seen | None:
    told = plans_of_groups(walk, port)
    group = next((one for one in told if one.id == found.group.id), None)
    if plan is None or group is None:
        return None
    filtered = walk.look(port.host, lambda here: here.filters(plan, told))
    if filtered is not None and not filtered.is_wanted:
        return filtered
    return walk.look(port.host, lambda here: here.allows(plan, group, found.plan))
