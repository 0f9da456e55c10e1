from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, UnsetType, structs
from sqlalchemy import bindparam

from haneul.kernel.db import Db, by
from haneul.kernel.db.listing import Clause, Listing
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.kernel.ids import new_uuid
from haneul.services.network.floating_ips import association, unlinking
from haneul.services.network.floating_ips.association import Target
from haneul.services.network.floating_ips.models import FloatingIp
from haneul.services.network.ip_text import address_in
from haneul.services.network.lists import Asked, fetched
from haneul.services.network.owners import Viewer
from haneul.services.network.placements import logic as placements
from haneul.services.network.port_forwardings.ends import bad, ends_of
from haneul.services.network.port_forwardings.models import PortForwarding, port_forwardings
from haneul.services.network.port_forwardings.schemas import ForwardingCreate, ForwardingUpdate

PROTOCOLS = ("tcp", "udp")
BY_ID = by(PortForwarding, port_forwardings, "id")
INSIDE = by(PortForwarding, port_forwardings, "internal_port_id", "internal_ip_address", "protocol")
LISTING = Listing(
    PortForwarding,
    port_forwardings,
    filters={
        "id": port_forwardings.c.id,
        "internal_port_id": port_forwardings.c.internal_port_id,
        "protocol": port_forwardings.c.protocol,
        "external_port": port_forwardings.c.outside_first,
    },
    sorts={
        "id": port_forwardings.c.id,
        "internal_port_id": port_forwardings.c.internal_port_id,
        "protocol": port_forwardings.c.protocol,
        "external_port": port_forwardings.c.outside_first,
    },
    default_sort=(("id", "asc"),),
)


def get(db: Db, floating: FloatingIp, forwarding_id: str) -> PortForwarding:
    """A forwarding of this floating IP; NotFound."""
    found = db.one(BY_ID, id=forwarding_id)
    if found is None or found.floating_ip_id != floating.id:
        raise NotFound("Port Forwarding {id} could not be found.", kind="PortForwardingNotFound", id=forwarding_id)
    return found


def list_(db: Db, floating: FloatingIp, wanted: Asked) -> list[PortForwarding]:
    return fetched(db, LISTING, wanted, [_of(floating)])


def _of(floating: FloatingIp) -> Clause:
    column = port_forwardings.c.floating_ip_id
    return Clause(
        "of floating IP", lambda: column == bindparam("of_floating_ip"), {"of_floating_ip": floating.id}, is_bound=True
    )


def create(db: Db, floating: FloatingIp, wanted: ForwardingCreate, viewer: Viewer) -> PortForwarding:
    """Forward ports of a floating IP that stands for nothing; BadRequest or Conflict with the reason it can't be."""
    # Of two requests at once the second waits here, and then sees what the first has taken.
    unlinking.CHANGES.bump(db, floating.id)
    ends = ends_of(wanted, None)
    protocol = _protocol(wanted.protocol)
    target = _target(db, floating, wanted.internal_port_id, wanted.internal_ip_address, viewer)
    _refuse_whole(db, floating, target)
    forwarding = PortForwarding(
        id=new_uuid(),
        floating_ip_id=floating.id,
        internal_port_id=target.port_id,
        internal_ip_address=target.address,
        protocol=protocol,
        outside_first=ends.outside[0],
        outside_last=ends.outside[1],
        inside_first=ends.inside[0],
        inside_last=ends.inside[1],
        description=wanted.description or "",
    )
    _refuse_collisions(db, forwarding)
    db.insert(port_forwardings, forwarding)
    _serve(db, floating, target)
    return forwarding


def _serve(db: Db, floating: FloatingIp, target: Target) -> None:
    if not floating.router_id:
        unlinking.CHANGES.bump(db, floating.id, router_id=target.router_id)
    placements.changed(db, "router", target.router_id)


def update(
    db: Db, floating: FloatingIp, forwarding: PortForwarding, wanted: ForwardingUpdate, viewer: Viewer
) -> PortForwarding:
    """Change a forwarding, by the same rules as a new one."""
    unlinking.CHANGES.bump(db, floating.id)
    ends = ends_of(wanted, forwarding)
    port_id = wanted.internal_port_id or forwarding.internal_port_id
    address = wanted.internal_ip_address
    if address is UNSET and port_id == forwarding.internal_port_id:
        address = forwarding.internal_ip_address
    target = _target(db, floating, port_id, address, viewer)
    _refuse_whole(db, floating, target)
    values: dict[str, Any] = {
        "internal_port_id": target.port_id,
        "internal_ip_address": target.address,
        "protocol": forwarding.protocol if wanted.protocol is UNSET else _protocol(wanted.protocol),
        "outside_first": ends.outside[0],
        "outside_last": ends.outside[1],
        "inside_first": ends.inside[0],
        "inside_last": ends.inside[1],
        "description": forwarding.description if wanted.description is UNSET else wanted.description,
    }
    after = structs.replace(forwarding, **values)
    _refuse_collisions(db, after)
    db.update(port_forwardings, {"id": forwarding.id}, **values)
    placements.changed(db, "router", target.router_id)
    return after


def delete(db: Db, forwarding: PortForwarding) -> None:
    """End a forwarding."""
    unlinking.CHANGES.bump(db, forwarding.floating_ip_id)
    unlinking.remove_forwarding(db, forwarding)


def _target(db: Db, floating: FloatingIp, port_id: str, address: str | None | UnsetType, viewer: Viewer) -> Target:
    """The address that ports are forwarded to, which the router of the floating IP's other forwardings must reach."""
    target = association.reach(db, floating, port_id, _address(address or ""), viewer)
    if not target.router_id:
        raise bad(
            "External network {network_id} is not reachable from the subnet of {address}. Cannot set Port forwarding "
            "for port {port_id} with Floating IP {id}",
            network_id=floating.floating_network_id,
            address=target.address,
            port_id=port_id,
            id=floating.id,
        )
    if floating.router_id not in ("", target.router_id):
        raise bad(
            "The Floating IP {id} had been set on router {router_id}, the internal Neutron port {port_id} can not "
            "reach it",
            id=floating.id,
            router_id=floating.router_id,
            port_id=port_id,
        )
    return target


def _address(text: str) -> str:
    try:
        return str(address_in(text)) if text else ""
    except ValueError:
        raise BadRequest(
            "Invalid input for internal_ip_address. Reason: '{text}' is not a valid IP address.",
            kind="HTTPBadRequest",
            text=text,
        ) from None


def _refuse_whole(db: Db, floating: FloatingIp, target: Target) -> None:
    """Neither this floating IP may stand for an address whole, nor another one for this port."""
    if floating.fixed_port_id:
        raise association.taken(floating, target)
    for other in db.all(unlinking.OF_PORT, fixed_port_id=target.port_id):
        raise Conflict(
            "Cannot create port forwarding to floating IP {floating} ({id}) with port {port_id} using fixed IP "
            "{fixed}, as that port already has a binding floating IP.",
            kind="PortHasBindingFloatingIP",
            floating=other.floating_ip_address,
            id=other.id,
            port_id=target.port_id,
            fixed=target.address,
        )


def _refuse_collisions(db: Db, wanted: PortForwarding) -> None:
    """BadRequest where ports on either side are taken by another forwarding."""
    outside = [
        other
        for other in db.all(unlinking.FORWARDINGS_OF, floating_ip_id=wanted.floating_ip_id)
        if other.protocol == wanted.protocol
    ]
    inside = db.all(
        INSIDE,
        internal_port_id=wanted.internal_port_id,
        internal_ip_address=wanted.internal_ip_address,
        protocol=wanted.protocol,
    )
    _refuse_common(wanted, inside, ("internal_port_range", "inside_first", "inside_last"))
    _refuse_common(wanted, outside, ("external_port_range", "outside_first", "outside_last"))


def _refuse_common(wanted: PortForwarding, others: Sequence[PortForwarding], names: tuple[str, str, str]) -> None:
    key, first, last = names
    low, high = getattr(wanted, first), getattr(wanted, last)
    for other in others:
        start, end = getattr(other, first), getattr(other, last)
        if other.id != wanted.id and start <= high and low <= end:
            raise bad(
                "There is a port collision with the {key}. The following ranges collide: {existing} and {wanted}",
                key=key,
                existing=f"{start}:{end}",
                wanted=f"{low}:{high}",
            )


def _protocol(name: str) -> str:
    if name.lower() not in PROTOCOLS:
        raise BadRequest(
            "Invalid input for protocol. Reason: '{name}' is not in {known}.",
            kind="HTTPBadRequest",
            name=name,
            known=list(PROTOCOLS),
        )
    return name.lower()
