"""Floating IPs stand for nothing any more when what they stood for goes.

Ports' own logic calls this, so nothing here may need that.
"""

from collections.abc import Collection

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, by
from haneul.kernel.errors import BadRequest
from haneul.services.network.floating_ips.models import FloatingIp, floating_ips
from haneul.services.network.placements import logic as placements
from haneul.services.network.port_forwardings.models import PortForwarding, port_forwardings
from haneul.services.network.ports.models import fixed_ips
from haneul.services.network.standard import Changes

CHANGES = Changes(floating_ips)
BY_ID = by(FloatingIp, floating_ips, "id")
OF_PORT = by(FloatingIp, floating_ips, "fixed_port_id")
FORWARDINGS_OF_PORT = by(PortForwarding, port_forwardings, "internal_port_id")
FORWARDINGS_OF = by(PortForwarding, port_forwardings, "floating_ip_id")
THROUGH_LEG = (
    select(floating_ips.c.id)
    .outerjoin(port_forwardings, port_forwardings.c.floating_ip_id == floating_ips.c.id)
    .join(
        fixed_ips,
        (
            (fixed_ips.c.port_id == floating_ips.c.fixed_port_id)
            & (fixed_ips.c.address == floating_ips.c.fixed_ip_address)
        )
        | (
            (fixed_ips.c.port_id == port_forwardings.c.internal_port_id)
            & (fixed_ips.c.address == port_forwardings.c.internal_ip_address)
        ),
    )
    .where(floating_ips.c.router_id == bindparam("router_id"), fixed_ips.c.subnet_id == bindparam("subnet_id"))
    .limit(1)
)


def needs_leg(db: Db, router_id: str, subnet_id: str) -> bool:
    """Whether a floating IP reaches its fixed address by this router's leg on this subnet."""
    return db.value(THROUGH_LEG, router_id=router_id, subnet_id=subnet_id) is not None


def release(db: Db, floating: FloatingIp) -> None:
    """Let a floating IP stand for nothing. Repeatable."""
    CHANGES.bump(db, floating.id, fixed_port_id=None, fixed_ip_address=None, router_id="", status="DOWN")
    if floating.router_id:
        placements.changed(db, "router", floating.router_id)


def port_gone(db: Db, port_id: str) -> None:
    """A port is being deleted: the floating IPs that stand for it are free, and what was forwarded to it is not."""
    for floating in db.all(OF_PORT, fixed_port_id=port_id):
        release(db, floating)
    for forwarding in db.all(FORWARDINGS_OF_PORT, internal_port_id=port_id):
        remove_forwarding(db, forwarding)


def addresses_gone(db: Db, port_id: str, gone: Collection[str]) -> None:
    """A port is losing addresses: what was forwarded to them ends; BadRequest while a floating IP stands for one."""
    if any(floating.fixed_ip_address in gone for floating in db.all(OF_PORT, fixed_port_id=port_id)):
        raise BadRequest(
            "Bad port request: Cannot update the fixed_ips of the port {id}, because its original fixed_ip has been "
            "associated to a floating ip.",
            kind="BadRequest",
            id=port_id,
        )
    for forwarding in db.all(FORWARDINGS_OF_PORT, internal_port_id=port_id):
        if forwarding.internal_ip_address in gone:
            remove_forwarding(db, forwarding)


def remove_forwarding(db: Db, forwarding: PortForwarding) -> None:
    """End a forwarding; with its last one a floating IP leaves its router."""
    db.delete(port_forwardings, id=forwarding.id)
    floating = db.one(BY_ID, id=forwarding.floating_ip_id)
    if floating is None or not floating.router_id:
        return
    if db.one(FORWARDINGS_OF, floating_ip_id=floating.id) is None:
        release(db, floating)
    else:
        placements.changed(db, "router", floating.router_id)
