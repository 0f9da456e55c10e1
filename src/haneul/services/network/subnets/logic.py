from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from msgspec import UNSET, Struct

from haneul.kernel.db import Db
from haneul.kernel.db.listing import Clause
from haneul.kernel.errors import BadRequest, Conflict, NotBuilt
from haneul.services.network.lists import Asked, fetched
from haneul.services.network.networks import logic as networks
from haneul.services.network.networks.models import Network
from haneul.services.network.networks.segments import refuse_small_mtu
from haneul.services.network.owners import Viewer
from haneul.services.network.quotas.logic import counted, take_one
from haneul.services.network.rbac import sharing
from haneul.services.network.scopes import scopes_of
from haneul.services.network.standard import Changes, missing, standard_values
from haneul.services.network.subnet_pools import allocation
from haneul.services.network.subnet_pools import logic as pool_logic
from haneul.services.network.subnet_pools.models import SubnetPool
from haneul.services.network.subnet_pools.scoping import other_scope
from haneul.services.network.subnets import checks, consequences, queries, ranges
from haneul.services.network.subnets.cidrs import (
    Address,
    Prefix,
    address_of,
    network_of,
    refuse_other_version,
    unable,
    unfit,
    wrong,
)
from haneul.services.network.subnets.models import AllocationPool, Subnet, allocation_pools, subnets
from haneul.services.network.subnets.schemas import SubnetChange, SubnetCreate

SUBNET = "subnet"
QUOTA = counted(SUBNET, subnets)
CHANGES = Changes(subnets)
DELEGATED = "prefix_delegation"
"""The pool that stands for prefixes which a provider delegates."""


class Place(Struct, frozen=True):
    """Where a subnet comes: on whose behalf, by whom, and how many DHCP servers a network has."""

    network: Network
    project_id: str
    viewer: Viewer
    dhcp_servers: int


def get(db: Db, subnet_id: str, viewer: Viewer | None = None) -> Subnet:
    """The subnet, if there is one that the viewer may see; NotFound."""
    return located(db, subnet_id, viewer)[0]


def located(db: Db, subnet_id: str, viewer: Viewer | None = None) -> tuple[Subnet, Network]:
    """The subnet with its network; NotFound if there is none that the viewer may see."""
    subnet = db.one(queries.BY_ID, id=subnet_id)
    if subnet is None:
        raise missing(SUBNET, subnet_id)
    network = networks.get(db, subnet.network_id)
    is_seen = viewer is None or subnet.project_id == viewer.project_id or networks.can_see(db, network, viewer)
    if not is_seen:
        raise missing(SUBNET, subnet_id)
    return subnet, network


def is_shared(db: Db, network: Network, project_id: str) -> bool:
    """Whether a network, and so its subnets, is shared with a project."""
    return bool(sharing.shared_with(db, networks.NETWORK, [network.id], project_id))


def list_(db: Db, viewer: Viewer, wanted: Asked, clauses: Sequence[Clause]) -> list[Subnet]:
    seen = [] if viewer.is_admin else [queries.visible(viewer.project_id)]
    return fetched(db, queries.LISTING, wanted, [*seen, *clauses])


def create(db: Db, wanted: SubnetCreate, place: Place) -> Subnet:
    """Insert a subnet, of a pool if one is named; its network's DHCP servers follow.

    BadRequest, Conflict or OverQuota with the reason why it can't be.
    """
    network = place.network
    pool = _pool_for(db, wanted, place.viewer)
    cidr = _named_prefix(wanted, pool)
    take_one(db, place.project_id, QUOTA)
    # Whoever changes the network's subnets writes its row first, so that two can't overlap unseen.
    networks.CHANGES.bump(db, network.id)
    if pool is not None:
        cidr = allocation.allocate(db, pool, place.project_id, cidr or _length(wanted, pool))
    assert cidr is not None
    _refuse_neighbours(db, network, cidr, pool)
    subnet = _row(wanted, place, cidr, pool)
    db.insert(subnets, subnet)
    write_pools(db, subnet.id, _first_pools(wanted, cidr, gateway_of(subnet)))
    consequences.of_new(db, network, subnet, place.dhcp_servers)
    return subnet


def _pool_for(db: Db, wanted: SubnetCreate, viewer: Viewer) -> SubnetPool | None:
    if wanted.ip_version not in (4, 6):
        raise unfit("ip_version", "{version} is not in valid_values", version=wanted.ip_version)
    if wanted.subnetpool_id == DELEGATED:
        raise NotBuilt("haneul does not have prefix delegation yet.")
    if wanted.subnetpool_id and wanted.use_default_subnetpool:
        raise unable("subnets", "subnetpool_id and use_default_subnetpool cannot both be specified")
    if wanted.use_default_subnetpool:
        pool = pool_logic.default_of(db, wanted.ip_version, viewer)
        if pool is None:
            raise unable("subnets", "No default subnetpool found for IPv{version}", version=wanted.ip_version)
        return pool
    if not wanted.subnetpool_id:
        return None
    pool = pool_logic.get(db, wanted.subnetpool_id, viewer)
    if pool.ip_version != wanted.ip_version:
        raise unable(
            "subnets",
            "Cannot allocate IPv{wanted} subnet from IPv{own} subnet pool",
            wanted=wanted.ip_version,
            own=pool.ip_version,
        )
    return pool


def _named_prefix(wanted: SubnetCreate, pool: SubnetPool | None) -> Prefix | None:
    """The prefix that the request names; None where the pool shall choose one."""
    if not wanted.cidr:
        if pool is None:
            raise unable("subnets", "a subnetpool must be specified in the absence of a cidr")
        if wanted.allocation_pools is not UNSET:
            raise unable("subnets", "allocation_pools allowed only for specific subnet requests.")
        return None
    if wanted.prefixlen is not UNSET:
        raise unable("subnets", "cidr and prefixlen must not be supplied together")
    cidr = network_of(wanted.cidr, "cidr")
    refuse_other_version(wanted.ip_version, cidr, "cidr")
    return cidr


def _length(wanted: SubnetCreate, pool: SubnetPool) -> int:
    return pool.default_prefixlen if wanted.prefixlen is UNSET else wanted.prefixlen


def _refuse_neighbours(db: Db, network: Network, cidr: Prefix, pool: SubnetPool | None) -> None:
    """BadRequest where the network's other subnets overlap it, or are of another pool or address scope."""
    scope = scopes_of(db, [network.id])[network.id][0 if cidr.version == 4 else 1] or ""
    if scope and pool is not None and pool.address_scope_id != scope:
        raise other_scope()
    own_pool = pool.id if pool is not None else ""
    for other in db.all(queries.OF_NETWORK, network_id=network.id):
        if other.ip_version != cidr.version:
            continue
        if ip_network(other.cidr).overlaps(cidr):
            raise wrong(
                "Requested subnet with cidr: {cidr} for network: {id} overlaps with another subnet",
                cidr=str(cidr),
                id=network.id,
            )
        if other.subnetpool_id != own_pool and not (own_pool and scope):
            raise BadRequest(
                "Subnets hosted on the same network must be allocated from the same subnet pool.",
                kind="NetworkSubnetPoolAffinityError",
            )


def _row(wanted: SubnetCreate, place: Place, cidr: Prefix, pool: SubnetPool | None) -> Subnet:
    """The subnet as it will be; BadRequest where its fields don't go together."""
    version, ra_mode, address_mode = cidr.version, wanted.ipv6_ra_mode or "", wanted.ipv6_address_mode or ""
    checks.refuse_odd_prefix(cidr)
    if wanted.enable_dhcp:
        checks.refuse_dhcp(cidr)
    checks.refuse_modes(version, ra_mode, address_mode, has_dhcp=wanted.enable_dhcp)
    checks.refuse_own_addresses(cidr, address_mode)
    refuse_small_mtu(place.network.id, version, place.network.mtu)
    return Subnet(
        **standard_values(place.project_id, wanted.description or ""),
        name=wanted.name,
        network_id=place.network.id,
        ip_version=version,
        cidr=str(cidr),
        gateway_ip=str(_first_gateway(wanted, cidr) or ""),
        enable_dhcp=wanted.enable_dhcp,
        ipv6_ra_mode=ra_mode,
        ipv6_address_mode=address_mode,
        subnetpool_id=pool.id if pool is not None else "",
        segment_id="",
        dns_publish_fixed_ip=wanted.dns_publish_fixed_ip,
        **{**LISTS, **lists(wanted, version)},
    )


LISTS: dict[str, Any] = {"dns_nameservers": [], "host_routes": [], "service_types": []}


def lists(wanted: SubnetChange, version: int, subnet_id: str = "new subnet") -> dict[str, Any]:
    """The fields of a request that are lists, checked; those that it doesn't name are left out."""
    if wanted.segment_id:
        raise NotBuilt("haneul does not have routed networks' segments yet.")
    found: dict[str, Any] = {}
    if wanted.dns_nameservers is not UNSET:
        found["dns_nameservers"] = checks.nameservers(wanted.dns_nameservers or [], version, subnet_id)
    if wanted.host_routes is not UNSET:
        routes = [(route.destination, route.nexthop) for route in wanted.host_routes or []]
        found["host_routes"] = checks.host_routes(routes, version, subnet_id)
    if wanted.service_types is not UNSET:
        checks.refuse_service_types(wanted.service_types)
        found["service_types"] = wanted.service_types
    return found


def _first_gateway(wanted: SubnetCreate, cidr: Prefix) -> Address | None:
    """The gateway of a new subnet: the one that is named, else its first address.

    Of an IPv6 prefix that is the anycast address of its routers (RFC 4291, 2.6.1), save where a pool chose the prefix:
    so Neutron has it.
    """
    if wanted.gateway_ip is None:
        return None
    if wanted.gateway_ip is not UNSET:
        gateway = address_of(wanted.gateway_ip, "gateway_ip")
        checks.refuse_gateway(cidr, gateway)
        return gateway
    first = int(cidr.network_address) + (0 if cidr.version == 6 and wanted.cidr else 1)
    is_edge = cidr.version == 4 and cidr.prefixlen == 31
    if is_edge or first >= 1 << cidr.max_prefixlen:
        raise Conflict(
            "Gateway IP {gateway} cannot be the network or broadcast IP address {cidr}",
            kind="IpamValueInvalid",
            gateway=str(cidr.broadcast_address),
            cidr=str(cidr),
        )
    return type(cidr.network_address)(first)


def gateway_of(subnet: Subnet) -> Address | None:
    """The subnet's gateway, if it has one."""
    return ip_address(subnet.gateway_ip) if subnet.gateway_ip else None


def _first_pools(wanted: SubnetCreate, cidr: Prefix, gateway: Address | None) -> list[ranges.Range]:
    if wanted.allocation_pools is UNSET:
        return ranges.default_pools(cidr, gateway)
    pools = ranges.pools_of([(pool.start, pool.end) for pool in wanted.allocation_pools], cidr)
    ranges.refuse_gateway_in(pools, gateway)
    return pools


def write_pools(db: Db, subnet_id: str, pools: Sequence[ranges.Range]) -> None:
    """Make these the subnet's pools, from whose beginnings addresses are given out."""
    db.delete(allocation_pools, subnet_id=subnet_id)
    rows = [
        AllocationPool(subnet_id, number, str(pool.first), str(pool.last), str(pool.first))
        for number, pool in enumerate(pools)
    ]
    db.insert_all(allocation_pools, rows)
