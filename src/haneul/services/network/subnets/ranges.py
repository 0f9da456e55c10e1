"""Ranges of addresses: which of a subnet's may be given to ports."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct

from haneul.kernel.errors import BadRequest, Conflict
from haneul.services.network.subnets.cidrs import Address, Prefix, address_of


class Range(Struct, frozen=True):
    """All addresses from the first to the last."""

    first: Address
    last: Address

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"

    def __contains__(self, address: Address) -> bool:
        return address.version == self.first.version and int(self.first) <= int(address) <= int(self.last)

    @property
    def size(self) -> int:
        return int(self.last) - int(self.first) + 1


def usable(network: Prefix) -> Range | None:
    """The addresses that hosts can have (neutron: ipam/utils.generate_pools); None where there are none."""
    first, last = int(network.network_address), int(network.broadcast_address)
    if network.version == 6:
        first += 1
    elif network.prefixlen <= 30:
        first, last = first + 1, last - 1
    kind = type(network.network_address)
    return Range(kind(first), kind(last)) if first <= last else None


def default_pools(network: Prefix, gateway: Address | None) -> list[Range]:
    """What ports get where nobody says it: all but the gateway."""
    if network.num_addresses == 1:
        return [Range(network.network_address, network.network_address)]
    whole = usable(network)
    assert whole is not None
    if gateway is None or gateway not in whole:
        return [whole]
    kind, place = type(network.network_address), int(gateway)
    before = [Range(whole.first, kind(place - 1))] if gateway != whole.first else []
    after = [Range(kind(place + 1), whole.last)] if gateway != whole.last else []
    return before + after


def pools_of(wanted: Iterable[tuple[str, str]], network: Prefix) -> list[Range]:
    """The pools that are asked for; BadRequest or Conflict for those that can't be."""
    bounds = usable(network)
    found = []
    for start, end in wanted:
        pool = Range(address_of(start, "allocation_pools"), address_of(end, "allocation_pools"))
        if {pool.first.version, pool.last.version} != {network.version} or pool.size < 1:
            raise BadRequest("The allocation pool {pool} is not valid.", kind="InvalidAllocationPool", pool=str(pool))
        if bounds is None or pool.first not in bounds or pool.last not in bounds:
            raise BadRequest(
                "The allocation pool {pool} spans beyond the subnet cidr {cidr}.",
                kind="OutOfBoundsAllocationPool",
                pool=str(pool),
                cidr=str(network),
            )
        found.append(pool)
    _refuse_overlaps(found, network)
    return found


def _refuse_overlaps(pools: Sequence[Range], network: Prefix) -> None:
    for one, other in pairwise(sorted(pools, key=lambda pool: int(pool.first))):
        if other.first in one:
            raise Conflict(
                "Found overlapping allocation pools: {one} {other} for subnet {cidr}.",
                kind="OverlappingAllocationPools",
                one=str(one),
                other=str(other),
                cidr=str(network),
            )


def refuse_gateway_in(pools: Sequence[Range], gateway: Address | None) -> None:
    """Conflict where a port could get the gateway's address."""
    for pool in pools:
        if gateway is not None and gateway in pool:
            raise Conflict(
                "Gateway ip {gateway} conflicts with allocation pool {pool}.",
                kind="GatewayConflictWithAllocationPools",
                gateway=str(gateway),
                pool=str(pool),
            )
