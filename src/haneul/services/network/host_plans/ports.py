"""What hosts make of guests' ports, and what they say of them."""

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, select

from haneul.kernel import operations
from haneul.kernel.db import Db
from haneul.kernel.reconcile import Observation
from haneul.kernel.reconcile.plans import PlanSource
from haneul.services.network.drivers.base import AddressPair, PortPlan
from haneul.services.network.networks.models import networks
from haneul.services.network.placements import logic as placements
from haneul.services.network.placements.models import Placement
from haneul.services.network.ports import queries
from haneul.services.network.ports.logic import find, set_status
from haneul.services.network.ports.models import FixedIp, Port

MANY = 500
MTUS = select(networks.c.id, networks.c.mtu).where(networks.c.id.in_(bindparam("ids", expanding=True)))


def wanted_on(db: Db, host: str, ids: Sequence[str]) -> Iterable[PortPlan]:
    """The guests' ports that a host has to make."""
    placed = placements.on_host(db, "port", host, ids)
    for start in range(0, len(placed), MANY):
        part = placed[start : start + MANY]
        named = [one.id for one in part]
        rows = {port.id: port for port in db.all(queries.OF_IDS, ids=named)}
        mtus = dict(db.tuples(MTUS, ids=[row.network_id for row in rows.values()]))
        groups, held = queries.groups_of(db, named), queries.addresses_of(db, named)
        for one in part:
            if one.id in rows:
                port = rows[one.id]
                yield _plan(one, port, mtus[port.network_id], groups[one.id], held[one.id])


def _plan(placed: Placement, port: Port, mtu: int, groups: Sequence[str], held: Sequence[FixedIp]) -> PortPlan:
    return PortPlan(
        id=port.id,
        generation=placed.generation,
        network_id=port.network_id,
        mac=port.mac_address,
        mtu=mtu,
        addresses=tuple(fixed.address for fixed in held),
        pairs=tuple(AddressPair(pair["ip_address"], pair["mac_address"]) for pair in port.allowed_address_pairs),
        groups=tuple(sorted(groups)),
        is_up=port.admin_state_up,
        is_secure=port.port_security_enabled,
        request_id=placed.request_id,
    )


def _followed(db: Db, placed: Placement, seen: Observation) -> None:
    port = find(db, placed.id)
    if port is None or port.host != placed.host:
        return
    is_made = not seen.error and seen.generation == placed.generation
    if is_made:
        set_status(db, port, "ACTIVE" if port.admin_state_up else "DOWN")
    if port.device_id:
        # Whoever waits for the port to be plugged (a server that is to boot) goes on, or hears why it can't.
        operations.wake(db, port.device_id)


PORT_PLANS = PlanSource("port", wanted_on, placements.heard_by("port", _followed))
