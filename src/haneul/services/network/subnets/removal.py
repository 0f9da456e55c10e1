"""Deleting subnets."""

from haneul.kernel.db import Db, by
from haneul.services.network.subnets.models import Subnet, allocation_pools, subnets
from haneul.services.network.tags import logic as tags

OF_NETWORK = by(Subnet, subnets, "network_id")


def delete_all(db: Db, network_id: str) -> None:
    """Delete the subnets of a network on which nobody has an address any more."""
    for subnet in db.all(OF_NETWORK, network_id=network_id):
        forget(db, subnet)


def forget(db: Db, subnet: Subnet) -> None:
    """Delete a subnet's rows."""
    db.delete(allocation_pools, subnet_id=subnet.id)
    tags.forget(db, "subnets", subnet.id)
    db.delete(subnets, id=subnet.id)
