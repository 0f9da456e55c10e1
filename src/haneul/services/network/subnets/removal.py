"""Deleting subnets."""

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Outrun, by
from haneul.kernel.errors import Conflict
from haneul.services.network.dhcp import logic as dhcp
from haneul.services.network.networks.models import Network, networks
from haneul.services.network.ports.addresses import POOLS
from haneul.services.network.ports.models import DHCP, ROUTER_INTERFACE, fixed_ips, ports
from haneul.services.network.standard import Changes
from haneul.services.network.subnets import consequences
from haneul.services.network.subnets.models import Subnet, allocation_pools, subnets
from haneul.services.network.tags import logic as tags

OF_NETWORK = by(Subnet, subnets, "network_id")
NETWORK_CHANGES = Changes(networks)
HELD = select(subnets.c.id).where(subnets.c.id == bindparam("subnet_id")).with_for_update()
OWNERS = (
    select(ports.c.device_owner)
    .join(fixed_ips, fixed_ips.c.port_id == ports.c.id)
    .where(fixed_ips.c.subnet_id == bindparam("subnet_id"))
    .distinct()
)


def delete(db: Db, network: Network, subnet: Subnet, servers: int) -> None:
    """Delete a subnet; Conflict while others than its DHCP servers have addresses of it.

    Addresses that guests made themselves of the subnet's prefix go with it, but a router's interface stays in the way.
    """
    # Who gives out an address of a pool holds the pool: it is done before the owners are counted, or comes too late.
    db.all(POOLS, subnet_id=subnet.id)
    # Who writes down an address that he has chosen himself refers to the subnet: the same holds of him.
    if db.value(HELD, subnet_id=subnet.id) is None:
        raise Outrun
    owners = {owner for (owner,) in db.tuples(OWNERS, subnet_id=subnet.id)}
    if ROUTER_INTERFACE in owners or (not subnet.is_auto and owners - {DHCP}):
        raise Conflict(
            "Unable to complete operation on subnet {id}: One or more ports have an IP allocation from this subnet.",
            kind="SubnetInUse",
            id=subnet.id,
        )
    consequences.take_addresses(db, subnet)
    forget(db, subnet)
    NETWORK_CHANGES.bump(db, network.id)
    dhcp.follow(db, network, servers)


def delete_all(db: Db, network_id: str) -> None:
    """Delete the subnets of a network on which nobody has an address any more."""
    for subnet in db.all(OF_NETWORK, network_id=network_id):
        forget(db, subnet)


def forget(db: Db, subnet: Subnet) -> None:
    """Delete a subnet's rows."""
    db.delete(allocation_pools, subnet_id=subnet.id)
    tags.forget(db, "subnets", subnet.id)
    db.delete(subnets, id=subnet.id)
