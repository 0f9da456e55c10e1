"""Security groups as Nova showed and refused them: by name and description, and with only what they let in."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from haneul.kernel.db import Db
from haneul.kernel.errors import ApiError, BadRequest, Conflict, Forbidden
from haneul.services.compute.security_groups_proxy.rules import asked_of_network
from haneul.services.compute.security_groups_proxy.schemas import GroupQuery, GroupWanted, RuleWanted
from haneul.services.compute.server_security_groups.schemas import GroupView, RuleView, group_view, rule_view
from haneul.services.network import public as network

MOST = 1000


def list_(db: Db, viewer: network.Viewer, query: GroupQuery) -> list[GroupView]:
    """The groups of the viewer's project, by name; an admin may ask for those of all projects."""
    is_all = viewer.is_admin and isinstance(query.all_tenants, str)
    many = min(query.limit or MOST, MOST)
    found = network.groups_in(db, None if is_all else viewer.project_id, query.offset + many)
    views = _views(db, found[query.offset :])
    return sorted(views, key=lambda view: (view.tenant_id, view.name))


def _views(db: Db, found: Sequence[network.SecurityGroup]) -> list[GroupView]:
    own = {group.id: group for group in found}
    rules = network.rules_of(db, sorted(own))
    named = {rule.remote_group_id for of_group in rules.values() for rule in of_group if rule.remote_group_id}
    known = own | network.groups_of(db, sorted(named - own.keys()))
    return [group_view(group, rules[group.id], known) for group in found]


def show(db: Db, group_id: str, viewer: network.Viewer) -> GroupView:
    """One group; NotFound."""
    return _views(db, [network.group_seen(db, group_id, viewer)])[0]


def create(db: Db, wanted: GroupWanted, project_id: str) -> GroupView:
    """Make a group; OverQuota, or Forbidden for the name of the default one."""
    with _as(Forbidden):
        made = network.create_group(db, project_id, wanted.name, wanted.description)
    return _views(db, [made])[0]


def update(db: Db, group_id: str, wanted: GroupWanted, viewer: network.Viewer) -> GroupView:
    """Rename a group; NotFound, or BadRequest for the default one."""
    group = network.group_to_change(db, group_id, viewer)
    with _as(BadRequest):
        return _views(db, [network.update_group(db, group, wanted.name, wanted.description)])[0]


def delete(db: Db, group_id: str, viewer: network.Viewer) -> None:
    """Delete a group; NotFound, or BadRequest for the default one and while a server has it."""
    group = network.group_to_change(db, group_id, viewer)
    with _as(BadRequest):
        network.delete_group(db, group, viewer)


def add_rule(db: Db, wanted: RuleWanted, viewer: network.Viewer) -> RuleView:
    """Let something in; NotFound, OverQuota, or BadRequest for what can't be and for what the group lets in already."""
    group = network.group_to_change(db, wanted.parent_group_id, viewer)
    known = {group.id: group}
    if wanted.group_id is not None:
        source = network.group_seen(db, wanted.group_id, viewer)
        known[source.id] = source
    asked = asked_of_network(wanted)
    try:
        return rule_view(network.add_rule(db, group, asked, viewer), known)
    except Conflict:
        raise BadRequest("This rule already exists in group {id}", id=group.id) from None


@contextmanager
def _as(kind: type[ApiError]) -> Iterator[None]:
    """The network's conflicts with the status that Nova has always given them."""
    try:
        yield
    except Conflict as refused:
        raise kind(str(refused)) from refused
