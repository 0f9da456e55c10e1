"""Addresses of ports: which one a port gets, and that no other has it."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from msgspec import Struct
from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Query, by, columns_of, unique
from haneul.kernel.db.among import among
from haneul.kernel.errors import BadRequest, Conflict
from haneul.services.network.ports.models import DHCP, ROUTER_GATEWAY, ROUTER_INTERFACE, FixedIp, Port, fixed_ips
from haneul.services.network.subnets.models import AllocationPool, Subnet, allocation_pools, subnets

MOST_FIXED_IPS = 5
WINDOW = 32
OF_NETWORK = Query(
    Subnet,
    columns_of(Subnet, subnets).where(subnets.c.network_id == bindparam("network_id")).order_by(subnets.c.created_at),
)
POOLS = Query(
    AllocationPool,
    columns_of(AllocationPool, allocation_pools)
    .where(allocation_pools.c.subnet_id == bindparam("subnet_id"))
    .order_by(allocation_pools.c.number)
    .with_for_update(),
)
TAKEN = select(fixed_ips.c.address).where(
    fixed_ips.c.subnet_id == bindparam("subnet_id"), among(fixed_ips.c.address, "addresses")
)
OF_PORT = Query(
    FixedIp,
    columns_of(FixedIp, fixed_ips).where(fixed_ips.c.port_id == bindparam("port_id")).order_by(fixed_ips.c.number),
)
OF_PORTS = Query(
    FixedIp,
    columns_of(FixedIp, fixed_ips)
    .where(among(fixed_ips.c.port_id, "ids"))
    .order_by(fixed_ips.c.port_id, fixed_ips.c.number),
)
HELD = by(FixedIp, fixed_ips, "subnet_id", "address")
Address = IPv4Address | IPv6Address


class WantedIp(Struct, frozen=True):
    """An address that is asked for: by its subnet, by itself, or both."""

    subnet_id: str = ""
    address: str = ""


def of_port(db: Db, port_id: str) -> list[FixedIp]:
    return db.all(OF_PORT, port_id=port_id)


def release(db: Db, port_id: str) -> None:
    """Give a port's addresses back."""
    db.delete(fixed_ips, port_id=port_id)


def matched(held: Sequence[FixedIp], wanted: Sequence[WantedIp]) -> tuple[list[FixedIp], list[WantedIp]]:
    """Which of a port's addresses stay, and what it lacks of the wanted ones; those that are named choose first."""
    left, kept, fresh = list(held), [], []
    for one in sorted(wanted, key=lambda one: not one.address):
        found = next((fixed for fixed in left if _is_of(fixed, one)), None)
        if found is None:
            fresh.append(one)
        else:
            left.remove(found)
            kept.append(found)
    return kept, fresh


def _is_of(fixed: FixedIp, wanted: WantedIp) -> bool:
    is_named = not wanted.address or str(ip_address(wanted.address)) == fixed.address
    return is_named and wanted.subnet_id in ("", fixed.subnet_id)


def of_new_mac(db: Db, port: Port) -> list[WantedIp]:
    """The addresses of a port that has a MAC of late: those that guests make of it are others now."""
    made = {subnet.id: subnet for subnet in db.all(OF_NETWORK, network_id=port.network_id) if subnet.is_auto}
    return [
        WantedIp(
            one.subnet_id, auto_address(made[one.subnet_id], port.mac_address) if one.subnet_id in made else one.address
        )
        for one in of_port(db, port.id)
    ]


def give(db: Db, port: Port, wanted: Sequence[WantedIp] | None, first: int = 0) -> list[FixedIp]:
    """Give a port the addresses that are wanted; for None, one of each IP version that its network has.

    They come after those that it has, the next of which would be the `first` one.

    BadRequest for what doesn't fit the network, Conflict for an address that is taken or a subnet that is full.
    """
    known = [subnet for subnet in db.all(OF_NETWORK, network_id=port.network_id) if _serves(subnet, port)]
    if wanted is None:
        return _by_themselves(db, port, known)
    if len(wanted) > MOST_FIXED_IPS and not port.is_internal:
        raise _wrong("Exceeded maximum amount of fixed IPs per port.")
    given: list[FixedIp] = []
    for one in wanted:
        given.append(_one(db, port, known, one, first + len(given)))
    return given


def _serves(subnet: Subnet, port: Port) -> bool:
    """Whether the subnet is for ports of this owner; a DHCP server is let in wherever there is one."""
    is_server = port.device_owner == DHCP and subnet.enable_dhcp
    return not subnet.service_types or port.device_owner in subnet.service_types or is_server


def _by_themselves(db: Db, port: Port, known: Sequence[Subnet]) -> list[FixedIp]:
    given: list[FixedIp] = []
    for version in (4, 6):
        chosen = [subnet for subnet in known if subnet.ip_version == version and not subnet.is_auto]
        if chosen:
            given.append(_hold(db, port, *_next_free(db, port, chosen), len(given)))
    if not port.is_internal:
        for subnet in known:
            if subnet.is_auto:
                given.append(_hold(db, port, subnet, auto_address(subnet, port.mac_address), len(given)))
    return given


def _one(db: Db, port: Port, known: Sequence[Subnet], wanted: WantedIp, number: int) -> FixedIp:
    subnet = _subnet_of(port, known, wanted)
    if wanted.address:
        refuse_unfit(subnet, wanted.address, port.device_owner)
        if subnet.is_auto and not port.is_internal and wanted.address != auto_address(subnet, port.mac_address):
            raise BadRequest(
                "IPv6 address {address} can not be directly assigned to a port on subnet {id} since the subnet is "
                "configured for automatic addresses",
                kind="AllocationOnAutoAddressSubnet",
                address=wanted.address,
                id=subnet.id,
            )
        return _hold(db, port, subnet, str(ip_address(wanted.address)), number)
    if subnet.is_auto and port.device_owner != ROUTER_INTERFACE:
        return _hold(db, port, subnet, auto_address(subnet, port.mac_address), number)
    return _hold(db, port, *_next_free(db, port, [subnet]), number)


def _subnet_of(port: Port, known: Sequence[Subnet], wanted: WantedIp) -> Subnet:
    if wanted.subnet_id:
        for subnet in known:
            if subnet.id == wanted.subnet_id:
                return subnet
        raise _wrong(
            "Failed to create port on network {network_id}, because fixed_ips included invalid subnet {id}",
            network_id=port.network_id,
            id=wanted.subnet_id,
        )
    for subnet in known:
        if ip_address(wanted.address) in ip_network(subnet.cidr):
            return subnet
    raise BadRequest(
        "IP address {address} is not a valid IP for any of the subnets on the specified network.",
        kind="InvalidIpForNetwork",
        address=wanted.address,
    )


def refuse_unfit(subnet: Subnet, address: str, device_owner: str) -> None:
    """BadRequest for an address that no host of the subnet can have; the first of IPv6 is its routers' alone."""
    network, wanted = ip_network(subnet.cidr), ip_address(address)
    is_routers = network.version == 6 and device_owner in (ROUTER_INTERFACE, ROUTER_GATEWAY)
    edges = set() if is_routers else {network.network_address}
    if network.version == 4 and network.prefixlen < 31:
        edges.add(network.broadcast_address)
    if network.prefixlen >= network.max_prefixlen - 1:
        edges = set()
    if wanted not in network or wanted in edges:
        raise BadRequest(
            "IP address {address} is not a valid IP for the specified subnet.",
            kind="InvalidIpForSubnet",
            address=address,
        )


def _hold(db: Db, port: Port, subnet: Subnet, address: str, number: int) -> FixedIp:
    with unique("IP address {address} already allocated in subnet {id}", address=address, id=subnet.id):
        if db.one(HELD, subnet_id=subnet.id, address=address) is not None:
            raise Conflict(
                "IP address {address} already allocated in subnet {id}",
                kind="IpAddressAlreadyAllocated",
                address=address,
                id=subnet.id,
            )
        return db.insert(fixed_ips, FixedIp(subnet.id, address, port.id, number))


def _next_free(db: Db, port: Port, chosen: Sequence[Subnet]) -> tuple[Subnet, str]:
    for subnet in chosen:
        for pool in db.all(POOLS, subnet_id=subnet.id):
            address = _free_in(db, subnet, pool)
            if address:
                after = pool.first if address == pool.last else str(ip_address(address) + 1)
                db.update(allocation_pools, {"subnet_id": subnet.id, "number": pool.number}, next=after)
                return subnet, address
    raise Conflict(
        "No more IP addresses available on network {id}.", kind="IpAddressGenerationFailure", id=port.network_id
    )


def has_free(db: Db, subnet: Subnet) -> bool:
    """Whether a port could get an address of the subnet's pools."""
    return any(_free_in(db, subnet, pool) for pool in db.all(POOLS, subnet_id=subnet.id))


def _free_in(db: Db, subnet: Subnet, pool: AllocationPool) -> str:
    """A free address of a pool, searched from the last one given out on, so that addresses come back late."""
    first, last, begin = ip_address(pool.first), ip_address(pool.last), ip_address(pool.next)
    gateway = subnet.gateway_ip
    if pool.next != gateway and db.one(HELD, subnet_id=subnet.id, address=pool.next) is None:
        return pool.next
    for window in _windows(first, last, begin):
        taken = {address for (address,) in db.tuples(TAKEN, subnet_id=subnet.id, addresses=window)}
        for address in window:
            if address not in taken and address != gateway:
                return address
    return ""


def _windows(first: Address, last: Address, begin: Address) -> Iterable[list[str]]:
    """All addresses of a range in the order in which they are tried, a window at a time.

    Of IPv6 as many as one database could hold are tried, which is never all.
    """
    kind: Any = type(first)
    start, low, high = int(begin), int(first), int(last)
    total = min(high - low + 1, 1 << 20)
    tried = 0
    while tried < total:
        part = range(tried, min(tried + WINDOW, total))
        numbers = (low + (start - low + offset) % (high - low + 1) for offset in part)
        yield [str(kind(number)) for number in numbers]
        tried += WINDOW


def auto_address(subnet: Subnet, mac: str) -> str:
    """The address that a guest makes itself of the prefix and its MAC (RFC 4291, appendix A)."""
    parts = [int(part, 16) for part in mac.split(":")]
    parts[0] ^= 2
    number = int.from_bytes(bytes([*parts[:3], 0xFF, 0xFE, *parts[3:]]), "big")
    return str(IPv6Address(int(IPv6Address(subnet.cidr.partition("/")[0])) | number))


def _wrong(template: str, **values: str) -> BadRequest:
    return BadRequest("Invalid input for operation: " + template, kind="InvalidInput", **values)
