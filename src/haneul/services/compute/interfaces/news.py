"""A server loses the NIC whose port somebody has deleted by the network API."""

from haneul.kernel import log
from haneul.kernel.db import Db
from haneul.services.compute.nics import logic as nics
from haneul.services.compute.nics import queries
from haneul.services.compute.servers import logic
from haneul.services.network.public import Port


def port_gone(db: Db, port: Port) -> None:
    """Have the guest's host pull the card; of what compute itself deletes there is no NIC any more."""
    nic = queries.find(db, port.id)
    if nic is None:
        return
    nics.forget(db, nic)
    server = logic.current(db, nic.server_id)
    if server.host and server.wanted_power != logic.GONE:
        logic.want(db, server, log.request_id.get() or server.wanted_by)
