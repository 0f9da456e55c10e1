"""A network goes with its subnets and what serves them, but not while somebody uses it."""

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Query, columns_of
from haneul.kernel.errors import Conflict
from haneul.services.network.dhcp import logic as dhcp
from haneul.services.network.floating_ips import logic as floating_ips
from haneul.services.network.floating_ips.models import FloatingIp
from haneul.services.network.floating_ips.models import floating_ips as floating_ip_table
from haneul.services.network.networks import segments
from haneul.services.network.networks.models import Network, networks
from haneul.services.network.placements import logic as placements
from haneul.services.network.ports.models import DHCP, ports
from haneul.services.network.rbac import sharing
from haneul.services.network.subnets import removal as subnets
from haneul.services.network.tags import logic as tags

IN_USE = (
    select(ports.c.id)
    .where(ports.c.network_id == bindparam("network_id"), ports.c.device_owner != DHCP)
    .order_by(ports.c.id)
    .limit(10)
)

IDLE = Query(
    FloatingIp,
    columns_of(FloatingIp, floating_ip_table).where(
        floating_ip_table.c.floating_network_id == bindparam("network_id"),
        floating_ip_table.c.fixed_port_id.is_(None),
        floating_ip_table.c.router_id == "",
    ),
)


def delete(db: Db, network: Network) -> None:
    """Delete a network; Conflict while it has ports other than those of its DHCP servers.

    Floating IPs that stand for nothing go with it.
    """
    for floating in db.all(IDLE, network_id=network.id):
        floating_ips.delete(db, floating)
    users = [port_id for (port_id,) in db.tuples(IN_USE, network_id=network.id)]
    if users:
        raise Conflict(
            "Unable to complete operation on network {id}. There are one or more ports still in use on the network, "
            "id for these ports is: {ports}.",
            kind="NetworkInUse",
            id=network.id,
            ports=",".join(users),
        )
    for host in placements.hosts_of(db, "dhcp", network.id):
        dhcp.withdraw(db, network, host)
    subnets.delete_all(db, network.id)
    segments.release(db, network.id)
    sharing.forget(db, "network", network.id)
    tags.forget(db, "networks", network.id)
    db.delete(networks, id=network.id)
    placements.take_away_everywhere(db, "segment", network.id)
