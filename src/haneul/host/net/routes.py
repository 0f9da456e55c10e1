"""The routes of a namespace that are ours; those of the kernel and of others bear other protocol numbers."""

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from haneul.host.namespaces import Place
from haneul.host.net.links import index_of
from haneul.host.net.netlink import EXISTS, MISSING, netlink, refusals
from haneul.host.net.zones import refuse_zone

# Above those that iproute2 and the routing daemons know, below those that the kernel reserves for itself.
OUR_PROTOCOL = 104
MAIN_TABLE = 254
LINK_SCOPE = 253


class Route(Struct, frozen=True, kw_only=True):
    """A way to `to` (0.0.0.0/0 and ::/0 for all others) by a gateway, a link or both."""

    to: str
    via: str | None = None
    link: str | None = None
    table: int = MAIN_TABLE


class _Seen(Struct, frozen=True):
    """A route as it is compared: links by index, networks in one spelling."""

    to: str
    via: str | None
    index: int | None
    table: int


def list_routes(place: Place | None = None) -> list[Route]:
    """The routes that `ensure_routes` has made."""
    with netlink(place) as kernel:
        names = {link["index"]: link.get_attr("IFLA_IFNAME") for link in kernel.get_links()}
        return [Route(to=seen.to, via=seen.via, link=names.get(seen.index), table=seen.table) for seen in _ours(kernel)]


def ensure_routes(routes: Iterable[Route], place: Place | None = None) -> None:
    """Make our routes of the namespace exactly these; those that stay are not touched."""
    with netlink(place) as kernel:
        wanted = {_wanted(route) for route in routes}
        has = set(_ours(kernel))
        gone = {one for one in has if not any(_same(one, other) for other in wanted)}
        missing = {one for one in wanted if not any(_same(other, one) for other in has)}
        for one in gone:
            with refusals(f"The route to {one.to} can't be removed", harmless=MISSING):
                kernel.route("del", proto=OUR_PROTOCOL, **_parts(one))
        # What a gateway is reached by comes before what goes through the gateway.
        for one in sorted(missing, key=lambda one: one.via is not None):
            with refusals(f"The route to {one.to} can't be added", harmless=frozenset({EXISTS})):
                kernel.route("add", proto=OUR_PROTOCOL, **_parts(one))


def _wanted(route: Route) -> _Seen:
    return _Seen(
        str(ipaddress.ip_network(refuse_zone(route.to))),
        str(ipaddress.ip_address(refuse_zone(route.via))) if route.via else None,
        index_of(route.link) if route.link else None,
        route.table,
    )


def _same(has: _Seen, wanted: _Seen) -> bool:
    """Of a route that was wanted without a link the kernel has found the link."""
    one = (has.to, has.via, has.table) == (wanted.to, wanted.via, wanted.table)
    return one and wanted.index in (None, has.index)


def _ours(kernel: Any) -> list[_Seen]:
    with refusals("The routes can't be listed"):
        return [
            _Seen(_network(found), found.get_attr("RTA_GATEWAY"), found.get_attr("RTA_OIF"), _table(found))
            for family in (socket.AF_INET, socket.AF_INET6)
            for found in kernel.get_routes(family=family)
            if found["proto"] == OUR_PROTOCOL
        ]


def _network(found: Any) -> str:
    anywhere = "0.0.0.0" if found["family"] == socket.AF_INET else "::"
    return f"{found.get_attr('RTA_DST') or anywhere}/{found['dst_len']}"


def _table(found: Any) -> int:
    return int(found.get_attr("RTA_TABLE") or found["table"])


def _parts(route: _Seen) -> dict[str, object]:
    version = ipaddress.ip_network(route.to).version
    parts: dict[str, object] = {
        "dst": route.to,
        "family": socket.AF_INET if version == 4 else socket.AF_INET6,
        "table": route.table,
    }
    if route.via:
        parts["gateway"] = route.via
    elif version == 4:
        parts["scope"] = LINK_SCOPE
    if route.index is not None:
        parts["oif"] = route.index
    return parts
