"""Floating IPs as Nova showed them: pools are external networks."""

import re
from collections.abc import Sequence

from haneul.kernel.db import Db
from haneul.kernel.errors import ApiError, BadRequest, Conflict, Forbidden, NotFound, OverQuota
from haneul.services.compute.floating_ips_proxy.schemas import FloatingIpView, floating_ip_view
from haneul.services.network import public as network

USUAL_POOL = "nova"
"""Nova's own name of the pool of a request that names none."""
ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def views(db: Db, found: Sequence[network.FloatingIp]) -> list[FloatingIpView]:
    """Many floating IPs, with the networks and ports around them in a few queries."""
    ports = network.ports_behind(db, found)
    outside = network.networks_of(db, sorted({one.floating_network_id for one in found}))
    return [
        floating_ip_view(one, outside[one.floating_network_id], ports.get(one.fixed_port_id or "")) for one in found
    ]


def get(db: Db, floating_ip_id: str, viewer: network.Viewer) -> network.FloatingIp:
    """The floating IP, if the viewer may see it; NotFound."""
    try:
        return network.floating_ip_seen(db, floating_ip_id, viewer)
    except NotFound:
        raise NotFound("Floating IP not found for ID {id}", id=floating_ip_id) from None


def create(db: Db, pool: str | None, viewer: network.Viewer) -> network.FloatingIp:
    """Take an address of a pool; NotFound where there is no such pool or nothing left in it, Forbidden over quota."""
    outside = _pool(db, pool or USUAL_POOL, viewer)
    try:
        return network.create_floating_ip(db, outside.id, viewer)
    except OverQuota as over:
        raise Forbidden(_in_pool("IP allocation over quota", pool), pool=pool) from over
    except (BadRequest, Conflict) as refused:
        raise _said(refused, pool) from refused


def _said(refused: ApiError, pool: str | None) -> ApiError:
    if refused.kind in network.NO_FLOATING_ADDRESS_LEFT:
        return NotFound(_in_pool("No more floating IPs", pool, "No more floating IPs available"), pool=pool)
    return refused


def _in_pool(sentence: str, pool: str | None, without: str = "") -> str:
    return f"{sentence} in pool {{pool}}." if pool else f"{without or sentence}."


def _pool(db: Db, word: str, viewer: network.Viewer) -> network.Network:
    named = {"id": word} if ID.fullmatch(word) else {"name": word}
    found = network.external_networks(db, viewer, **named)
    if not found:
        raise NotFound("Floating IP pool not found.")
    if len(found) > 1:
        raise BadRequest("Multiple floating IP pools matches found for name '{name}'", name=word[:255])
    return found[0]
