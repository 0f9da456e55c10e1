"""What Neutron says when a router can't be changed so."""

from collections.abc import Iterable
from ipaddress import ip_network
from itertools import product

from haneul.kernel.errors import BadRequest, Conflict
from haneul.services.network.subnets.models import Subnet


def bad(reason: str, **values: object) -> BadRequest:
    """BadRequest in the form that Neutron gives what is wrong with a router's request."""
    return BadRequest("Bad router request: " + reason + ".", kind="BadRequest", **values)


def in_use(router_id: str, port_ids: Iterable[str]) -> Conflict:
    return Conflict(
        "Router {id} has ports still attached: {ports}", kind="RouterInUse", id=router_id, ports=", ".join(port_ids)
    )


def refuse_overlap(present: Iterable[tuple[str, str]], wanted: Iterable[Subnet]) -> None:
    """BadRequest if a subnet that is wanted overlaps with one (its id and CIDR) that the router has a leg on."""
    for (subnet_id, cidr), subnet in product(present, wanted):
        if _overlap(cidr, subnet.cidr):
            raise bad(
                "Cidr {new} of subnet {new_id} overlaps with cidr {cidr} of subnet {id}",
                new=subnet.cidr,
                new_id=subnet.id,
                cidr=cidr,
                id=subnet_id,
            )


def _overlap(one: str, other: str) -> bool:
    first, second = ip_network(one), ip_network(other)
    return first.version == second.version and first.overlaps(second)
