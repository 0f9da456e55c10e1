"""Giving a server that is there one more NIC, and taking one away."""

from haneul.kernel import operations
from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, Conflict, NotFound, OverQuota
from haneul.kernel.operations import Asker, Operation
from haneul.services.compute.nics import logic as nics
from haneul.services.compute.nics import queries
from haneul.services.compute.nics.logic import NicWanted
from haneul.services.compute.nics.models import Nic
from haneul.services.compute.nics.queries import Plugged
from haneul.services.compute.servers.logic import GONE, refuse_locked, refuse_unless
from haneul.services.compute.servers.models import Server
from haneul.services.network import public as network

FROM = ("active", "paused", "stopped")
"""The states in which Nova lets a server's interfaces change."""


def list_(db: Db, server: Server) -> list[Plugged]:
    """The server's NICs in their order."""
    return list(queries.plugged(db, [server.id])[server.id])


def get(db: Db, server: Server, port_id: str) -> Plugged:
    """The server's NIC with this port; NotFound in Nova's words."""
    for one in list_(db, server):
        if one.port.id == port_id:
            return one
    raise NotFound("Instance {server} does not have a port with id {id}", server=server.id, id=port_id[:255])


def refuse_unfit(by: Asker, server: Server, action: str) -> None:
    """Conflict for a server that is locked, busy, in another state, or was never built."""
    refuse_locked(server, by.caller)
    refuse_unless(server, action, *FROM)
    if not server.host or server.wanted_power == GONE:
        raise Conflict("Cannot '{action}' instance {id}: it was never built. Delete it.", action=action, id=server.id)


def attach(db: Db, by: Asker, server: Server, wanted: NicWanted, operation: type[Operation]) -> Plugged:
    """Make the port and have the server's host make it too; the operation plugs it in once that is done."""
    nic = _given(db, server, wanted)
    network.bind(db, [nic.port_id], server.host, server.zone)
    port = network.news_of(db, [nic.port_id])[nic.port_id]
    if port.error:
        raise BadRequest("Failed to attach network adapter device to {id}: {reason}", id=server.id, reason=port.error)
    operations.start(db, operation, server.id, by=by, input={"port_id": nic.port_id})
    return Plugged(nic, port)


def _given(db: Db, server: Server, wanted: NicWanted) -> Nic:
    try:
        (nic,) = nics.give(db, [wanted], server.project_id, server.id, server.hostname)
    except OverQuota:
        raise OverQuota("Maximum number of ports exceeded") from None
    except Conflict as refused:
        if refused.kind != network.NO_ADDRESS_LEFT or wanted.made is None:
            raise
        raise BadRequest("No fixed IP addresses available for network: {id}", id=wanted.made.network.id) from refused
    return nic


def detach(db: Db, by: Asker, server: Server, port_id: str, operation: type[Operation]) -> None:
    """Begin to take a NIC from the server. Asking twice is asking once."""
    if not get(db, server, port_id).nic.is_leaving:
        nics.set_leaving(db, port_id, True)
        operations.start(db, operation, server.id, by=by, input={"port_id": port_id})
