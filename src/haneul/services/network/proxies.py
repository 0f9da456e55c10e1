"""What compute asks of the network for the calls with which its clients once managed networks through it."""

from collections.abc import Sequence

from haneul.kernel.db import Db
from haneul.kernel.db.listing import Page
from haneul.kernel.errors import Forbidden
from haneul.services.network.floating_ips import logic as floating
from haneul.services.network.floating_ips.models import FloatingIp
from haneul.services.network.floating_ips.queries import LISTING as FLOATING_IPS
from haneul.services.network.floating_ips.schemas import FloatingIpCreate
from haneul.services.network.networks import logic as networks
from haneul.services.network.networks.models import Network
from haneul.services.network.networks.models import networks as network_table
from haneul.services.network.owners import Viewer
from haneul.services.network.ports.models import Port
from haneul.services.network.rbac import sharing
from haneul.services.network.security_group_rules import logic as rules
from haneul.services.network.security_group_rules.schemas import RuleCreate
from haneul.services.network.security_groups import logic as groups
from haneul.services.network.security_groups import removal
from haneul.services.network.security_groups.default import default_of, has_default
from haneul.services.network.security_groups.models import SecurityGroup, SecurityGroupRule
from haneul.services.network.security_groups.schemas import GroupCreate, GroupUpdate

NO_FLOATING_ADDRESS_LEFT = frozenset(("IpAddressGenerationFailure", "ExternalIpAddressExhausted"))
"""The kinds of refusals of a floating IP where a network has no address left."""


def has_default_group(db: Db, project_id: str) -> bool:
    """Whether the project's default group has been made."""
    return has_default(db, project_id)


def make_default_group(db: Db, project_id: str) -> None:
    """Make the project's default group. Repeatable."""
    default_of(db, project_id)


def groups_in(db: Db, project_id: str | None, limit: int) -> Sequence[SecurityGroup]:
    """The first security groups of a project, or of all of them for None."""
    wanted = {} if project_id is None else {"project_id": project_id}
    return groups.LISTING.page(db, Page(limit=limit), wanted)


def group_seen(db: Db, group_id: str, viewer: Viewer) -> SecurityGroup:
    """The group, if the viewer may see it; NotFound."""
    return groups.get(db, group_id, viewer)


def group_to_change(db: Db, group_id: str, viewer: Viewer) -> SecurityGroup:
    """The group, if the viewer may change it; NotFound, or Forbidden for one that is only shared with him."""
    group = groups.get(db, group_id, viewer)
    if not viewer.is_admin and group.project_id != viewer.project_id:
        raise Forbidden("rule:update_security_group is disallowed by policy", kind="PolicyNotAuthorized")
    return group


def create_group(db: Db, project_id: str, name: str, description: str) -> SecurityGroup:
    """Insert a group with the rules that new groups get; OverQuota, or Conflict for the name of the default one."""
    return groups.create(db, GroupCreate(name=name, description=description), project_id)


def update_group(db: Db, group: SecurityGroup, name: str, description: str) -> SecurityGroup:
    """Give a group another name and description; Conflict for the default one, or for its name."""
    return groups.update(db, group, GroupUpdate(name=name, description=description))


def delete_group(db: Db, group: SecurityGroup, viewer: Viewer) -> None:
    """Delete a group; Conflict while a port has it, and for a project's default group unless an admin deletes it."""
    removal.delete(db, group, by_admin=viewer.is_admin)


def add_rule(db: Db, group: SecurityGroup, wanted: RuleCreate, viewer: Viewer) -> SecurityGroupRule:
    """Insert a rule; OverQuota, BadRequest, NotFound for a remote group, or Conflict for one that the group has."""
    (made,) = rules.create(db, group, [wanted], viewer)
    return made


def delete_rule(db: Db, rule_id: str, viewer: Viewer) -> None:
    """Delete a rule that the viewer may see; NotFound."""
    rules.delete(db, rules.get(db, rule_id, viewer))


def networks_of(db: Db, network_ids: Sequence[str]) -> dict[str, Network]:
    """Networks by id, whoever may see them."""
    return {one.id: one for one in networks.LISTING.page(db, Page(), {"id": network_ids})} if network_ids else {}


def networks_seen(db: Db, viewer: Viewer) -> Sequence[Network]:
    """The networks that the viewer may see: his own, shared and external ones."""
    return _networks(db, viewer)


def network_seen(db: Db, network_id: str, viewer: Viewer) -> Network:
    """The network, if the viewer may see it; NotFound."""
    return networks.get(db, network_id, viewer)


def external_networks(db: Db, viewer: Viewer, **named: str) -> Sequence[Network]:
    """The networks that the viewer may take floating IPs from: all of them, or those of an `id` or `name`."""
    return _networks(db, viewer, **{"router:external": True}, **named)


def _networks(db: Db, viewer: Viewer, **wanted: object) -> Sequence[Network]:
    seen = [] if viewer.is_admin else [sharing.visible(networks.NETWORK, network_table, viewer.project_id)]
    return networks.LISTING.page(db, Page(), wanted, seen)


def floating_ips_in(db: Db, project_id: str) -> Sequence[FloatingIp]:
    """The floating IPs of a project."""
    return FLOATING_IPS.page(db, Page(), {"project_id": project_id})


def floating_ip_seen(db: Db, floating_ip_id: str, viewer: Viewer) -> FloatingIp:
    """The floating IP, if the viewer may see it; NotFound."""
    return floating.get(db, floating_ip_id, viewer)


def ports_behind(db: Db, found: Sequence[FloatingIp]) -> dict[str, Port]:
    """The ports that floating IPs stand for, by their ids."""
    return dict(floating.ports_of(db, found))


def create_floating_ip(db: Db, network_id: str, viewer: Viewer) -> FloatingIp:
    """Take an address of an external network; OverQuota, BadRequest, or Conflict where none is left."""
    return floating.create(db, FloatingIpCreate(floating_network_id=network_id), viewer.project_id, viewer)


def delete_floating_ip(db: Db, one: FloatingIp) -> None:
    """Give a floating IP back, whatever it stands for; Conflict while it forwards ports."""
    floating.delete(db, one)
