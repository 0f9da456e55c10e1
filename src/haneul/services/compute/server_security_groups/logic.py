"""Security groups of a server are those of its ports."""

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, NotFound
from haneul.services.compute.nics.queries import plugged
from haneul.services.compute.server_security_groups.schemas import GroupView, group_view
from haneul.services.compute.servers.models import Server
from haneul.services.network import public as network


def list_(db: Db, server: Server) -> list[GroupView]:
    """The groups of the server's ports, each once, by name."""
    ids = sorted({group for port in _ports(db, server) for group in port.groups})
    groups, rules = network.groups_of(db, ids), network.rules_of(db, ids)
    named = {rule.remote_group_id for of_group in rules.values() for rule in of_group if rule.remote_group_id}
    known = groups | network.groups_of(db, sorted(named - groups.keys()))
    views = [group_view(group, rules[group.id], known) for group in groups.values()]
    return sorted(views, key=lambda view: (view.tenant_id, view.name))


def add(db: Db, server: Server, project_id: str, name: str) -> None:
    """Give all of the server's ports a group; Conflict or BadRequest where one can't have it."""
    group_id, ports = _found(db, server, project_id, name)
    if not all(port.is_secure and port.addresses for port in ports):
        raise BadRequest(
            "Network requires port_security_enabled and subnet associated in order to apply security groups."
        )
    for port in ports:
        if group_id not in port.groups:
            network.set_groups(db, port.id, [*port.groups, group_id])


def remove(db: Db, server: Server, project_id: str, name: str) -> None:
    """Take a group from those of the server's ports that have it; NotFound if none has."""
    group_id, ports = _found(db, server, project_id, name)
    having = [port for port in ports if group_id in port.groups]
    if not having:
        raise NotFound("Security group {name} not associated with the instance {id}", name=name[:255], id=server.id)
    for port in having:
        network.set_groups(db, port.id, [group for group in port.groups if group != group_id])


def _found(db: Db, server: Server, project_id: str, name: str) -> tuple[str, list[network.PortNews]]:
    try:
        group_id = network.find_group(db, project_id, name)
    except NotFound:
        raise NotFound(
            "Security group {name} is not found for project {project}", name=name[:255], project=project_id
        ) from None
    ports = _ports(db, server)
    if not ports:
        raise NotFound("instance_id {id} could not be found as device id on any ports", id=server.id)
    return group_id, ports


def _ports(db: Db, server: Server) -> list[network.PortNews]:
    return [one.port for one in plugged(db, [server.id])[server.id]]
