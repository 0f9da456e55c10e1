"""What hosts make of routers, and what they say of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import ip_network
from typing import TypeVar

from msgspec import Struct
from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Query, columns_of
from haneul.kernel.reconcile import Observation
from haneul.kernel.reconcile.plans import PlanSource
from haneul.services.network.drivers.base import (
    Advertisement,
    FloatingPlan,
    ForwardingPlan,
    Route,
    RouterGateway,
    RouterLeg,
    RouterPlan,
)
from haneul.services.network.floating_ips.models import FloatingIp, floating_ips
from haneul.services.network.floating_ips.unlinking import CHANGES as FLOATING_CHANGES
from haneul.services.network.networks.models import networks
from haneul.services.network.placements import logic as placements
from haneul.services.network.placements.models import Placement
from haneul.services.network.port_forwardings.models import PortForwarding, port_forwardings
from haneul.services.network.ports import queries as port_queries
from haneul.services.network.ports.logic import set_status
from haneul.services.network.ports.models import ROUTER_GATEWAY, ROUTER_INTERFACE, FixedIp, Port
from haneul.services.network.routers import queries
from haneul.services.network.routers.models import Router
from haneul.services.network.routers.scheduling import ports_of
from haneul.services.network.subnets.models import Subnet

R = TypeVar("R")
MANY = 500
MTUS = select(networks.c.id, networks.c.mtu).where(networks.c.id.in_(bindparam("ids", expanding=True)))
FLOATING = Query(
    FloatingIp,
    columns_of(FloatingIp, floating_ips)
    .where(floating_ips.c.router_id.in_(bindparam("ids", expanding=True)))
    .order_by(floating_ips.c.id),
)
FORWARDED = Query(
    PortForwarding,
    columns_of(PortForwarding, port_forwardings)
    .where(port_forwardings.c.floating_ip_id.in_(bindparam("ids", expanding=True)))
    .order_by(port_forwardings.c.id),
)


class Surroundings(Struct, frozen=True):
    """The rows around some routers: ports and floating IPs by router, the others by their own ids."""

    ports: Mapping[str, Sequence[Port]]
    held: Mapping[str, Sequence[FixedIp]]
    subnets: Mapping[str, Subnet]
    mtus: Mapping[str, int]
    floating: Mapping[str, Sequence[FloatingIp]]
    forwarded: Mapping[str, Sequence[PortForwarding]]


def wanted_on(db: Db, host: str, ids: Sequence[str]) -> Iterable[RouterPlan]:
    """The routers that a host has to make."""
    placed = placements.on_host(db, "router", host, ids)
    for start in range(0, len(placed), MANY):
        part = placed[start : start + MANY]
        named = [one.id for one in part]
        rows = {router.id: router for router in db.all(queries.OF_IDS, ids=named)}
        around = _around(db, host, named)
        yield from (_plan(one, rows[one.id], around) for one in part if one.id in rows)


def _around(db: Db, host: str, ids: Sequence[str]) -> Surroundings:
    # A port that the host can't carry is left out, so that the router's others work.
    mine = [port for port in db.all(port_queries.OF_DEVICES, ids=list(ids)) if _is_here(port, host)]
    held = port_queries.addresses_of(db, [port.id for port in mine])
    subnet_ids = {fixed.subnet_id for fixeds in held.values() for fixed in fixeds}
    floating = db.all(FLOATING, ids=list(ids))
    return Surroundings(
        ports=_grouped(mine, lambda port: port.device_id),
        held=held,
        subnets={subnet.id: subnet for subnet in queries.subnets_of(db, sorted(subnet_ids))},
        mtus=dict(db.tuples(MTUS, ids=list({port.network_id for port in mine}))),
        floating=_grouped(floating, lambda one: one.router_id),
        forwarded=_grouped(
            db.all(FORWARDED, ids=[one.id for one in floating if one.fixed_port_id is None]),
            lambda one: one.floating_ip_id,
        ),
    )


def _grouped(rows: Iterable[R], key: Callable[[R], str]) -> Mapping[str, list[R]]:
    found: dict[str, list[R]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def _is_here(port: Port, host: str) -> bool:
    is_mine = port.device_owner in (ROUTER_INTERFACE, ROUTER_GATEWAY)
    return is_mine and port.host == host and port.vif_type == "bridge"


def _plan(placed: Placement, router: Router, around: Surroundings) -> RouterPlan:
    mine = around.ports[router.id]
    outside = next((port for port in mine if port.device_owner == ROUTER_GATEWAY), None)
    floating = around.floating[router.id] if outside is not None else ()
    return RouterPlan(
        id=router.id,
        generation=placed.generation,
        is_up=router.admin_state_up,
        legs=tuple(_leg(port, around) for port in mine if port.device_owner == ROUTER_INTERFACE),
        gateway=_gateway(outside, router, around) if outside is not None else None,
        routes=tuple(Route(route["destination"], route["nexthop"]) for route in router.routes),
        floating_ips=tuple(
            FloatingPlan(one.id, one.floating_ip_address, one.fixed_ip_address)
            for one in floating
            if one.fixed_ip_address is not None
        ),
        forwardings=tuple(_forwarding(forwarding, one) for one in floating for forwarding in around.forwarded[one.id]),
        request_id=placed.request_id,
    )


def _leg(port: Port, around: Surroundings) -> RouterLeg:
    known = [around.subnets[fixed.subnet_id] for fixed in around.held[port.id]]
    return RouterLeg(
        port_id=port.id,
        network_id=port.network_id,
        mac=port.mac_address,
        mtu=around.mtus[port.network_id],
        addresses=_addresses(port, around),
        advertised=tuple(
            Advertisement(prefix=subnet.cidr, mode=subnet.ipv6_ra_mode, dns=tuple(subnet.dns_nameservers))  # type: ignore[arg-type]
            for subnet in known
            if subnet.ip_version == 6 and subnet.ipv6_ra_mode
        ),
        is_up=port.admin_state_up,
    )


def _addresses(port: Port, around: Surroundings) -> tuple[str, ...]:
    return tuple(
        f"{fixed.address}/{ip_network(around.subnets[fixed.subnet_id].cidr).prefixlen}"
        for fixed in around.held[port.id]
    )


def _gateway(port: Port, router: Router, around: Surroundings) -> RouterGateway:
    known = [around.subnets[fixed.subnet_id] for fixed in around.held[port.id]]
    hops = {subnet.ip_version: subnet.gateway_ip for subnet in reversed(known) if subnet.gateway_ip}
    return RouterGateway(
        port_id=port.id,
        network_id=port.network_id,
        mac=port.mac_address,
        mtu=around.mtus[port.network_id],
        addresses=_addresses(port, around),
        via=tuple(hops[version] for version in sorted(hops)),
        snat=router.enable_snat,
    )


def _forwarding(forwarding: PortForwarding, floating: FloatingIp) -> ForwardingPlan:
    return ForwardingPlan(
        id=forwarding.id,
        protocol=forwarding.protocol,  # type: ignore[arg-type]
        floating=floating.floating_ip_address,
        outside_first=forwarding.outside_first,
        outside_last=forwarding.outside_last,
        fixed=forwarding.internal_ip_address,
        inside_first=forwarding.inside_first,
        inside_last=forwarding.inside_last,
    )


def _followed(db: Db, placed: Placement, seen: Observation) -> None:
    """What the host has made works: its ports and the floating IPs behind it are active."""
    if seen.error or seen.generation != placed.generation:
        return
    router = db.one(queries.BY_ID, id=placed.id)
    if router is None:
        return
    here = [port for port in ports_of(db, router.id) if _is_here(port, placed.host)]
    for port in here:
        set_status(db, port, "ACTIVE" if port.admin_state_up else "DOWN")
    if not any(port.device_owner == ROUTER_GATEWAY for port in here):
        return
    for floating in db.all(FLOATING, ids=[router.id]):
        if floating.status != "ACTIVE":
            FLOATING_CHANGES.bump(db, floating.id, status="ACTIVE")


ROUTER_PLANS = PlanSource("router", wanted_on, placements.heard_by("router", _followed))
