"""What hosts make of networks: a bridge, and tunnels to the network's other hosts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Query, columns_of
from haneul.kernel.reconcile.plans import PlanSource
from haneul.services.network.agents.hosts import network_of
from haneul.services.network.drivers.base import Peer, SegmentPlan
from haneul.services.network.networks.models import Network, networks
from haneul.services.network.placements import logic as placements
from haneul.services.network.placements.models import Placement
from haneul.services.network.ports.models import ports

MANY = 500
OF_IDS = Query(Network, columns_of(Network, networks).where(networks.c.id.in_(bindparam("ids", expanding=True))))
ELSEWHERE = (
    select(ports.c.network_id, ports.c.host, ports.c.mac_address)
    .where(ports.c.network_id.in_(bindparam("ids", expanding=True)), ports.c.host != bindparam("host"))
    .where(ports.c.vif_type == "bridge")
)


def wanted_on(db: Db, host: str, ids: Sequence[str]) -> Iterable[SegmentPlan]:
    """The networks that a host has to have, with the places of their other ports."""
    placed = placements.on_host(db, "segment", host, ids)
    for start in range(0, len(placed), MANY):
        part = placed[start : start + MANY]
        named = [one.id for one in part]
        rows = {network.id: network for network in db.all(OF_IDS, ids=named)}
        peers = _peers(db, host, named)
        yield from (_plan(one, rows[one.id], peers[one.id]) for one in part if one.id in rows)


def _plan(placed: Placement, network: Network, peers: tuple[Peer, ...]) -> SegmentPlan:
    return SegmentPlan(
        id=network.id,
        generation=placed.generation,
        type=network.network_type,  # type: ignore[arg-type]
        physical_network=network.physical_network,
        segmentation_id=network.segmentation_id,
        mtu=network.mtu,
        peers=peers,
        request_id=placed.request_id,
    )


def _peers(db: Db, host: str, ids: Sequence[str]) -> Mapping[str, tuple[Peer, ...]]:
    macs: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for network_id, other, mac in db.tuples(ELSEWHERE, ids=list(ids), host=host):
        macs[network_id][other].append(mac)
    tunnels = {other: _tunnel_of(db, other) for others in macs.values() for other in others}
    found: dict[str, tuple[Peer, ...]] = defaultdict(tuple)
    for network_id, others in macs.items():
        found[network_id] = tuple(
            Peer(tunnels[other], tuple(sorted(others[other]))) for other in sorted(others) if tunnels[other]
        )
    return found


def _tunnel_of(db: Db, host: str) -> str:
    carried = network_of(db, host)
    return carried.tunnel_ip if carried is not None else ""


SEGMENT_PLANS = PlanSource("segment", wanted_on, placements.heard_by("segment"))
