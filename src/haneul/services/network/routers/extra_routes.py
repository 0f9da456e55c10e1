"""Routes that a router has beside those of its own networks."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, Conflict
from haneul.services.network.ip_text import address_in, network_in
from haneul.services.network.placements import logic as placements
from haneul.services.network.routers import queries
from haneul.services.network.routers.changes import CHANGES
from haneul.services.network.routers.models import Router
from haneul.services.network.routers.schemas import RouteWanted

MOST = 30
"""Neutron's `max_routes`."""
Route = dict[str, str]


def put(db: Db, router: Router, wanted: Sequence[RouteWanted]) -> None:
    """Make a router's routes these; BadRequest for one whose next hop the router does not reach."""
    _write(db, router, [_route(one) for one in wanted])


def add(db: Db, router: Router, wanted: Sequence[RouteWanted]) -> None:
    """Add routes; those that are there already stay as they are."""
    routes = [_route(one) for one in wanted]
    fresh = [route for place, route in enumerate(routes) if route not in routes[:place]]
    _write(db, router, [*router.routes, *(route for route in fresh if route not in router.routes)])


def remove(db: Db, router: Router, wanted: Sequence[RouteWanted]) -> None:
    """Remove routes; those that aren't there are as good as removed."""
    gone = [_route(one) for one in wanted]
    _write(db, router, [route for route in router.routes if route not in gone])


def _write(db: Db, router: Router, routes: list[Route]) -> None:
    if any(route in routes[:place] for place, route in enumerate(routes)):
        raise _invalid("Duplicate hostroute '{route}'.", route=routes[-1])
    # Whoever takes a leg away counts a change of the router first, as this does.
    CHANGES.bump(db, router.id, routes=routes)
    mine = queries.legs(db, router.id)
    refuse_unreached(routes, [leg.cidr for leg in mine], [leg.address for leg in mine])
    if len(routes) > MOST:
        raise Conflict("Quota exceeded for resources: ['router_route'].", kind="OverQuota")
    placements.changed(db, "router", router.id)


def refuse_unreached(routes: Sequence[Route], cidrs: Sequence[str], own: Sequence[str]) -> None:
    """BadRequest if the next hop of a route is on none of these networks, or is an address of the router itself."""
    reached = [ip_network(cidr) for cidr in cidrs]
    for route in routes:
        reason = ""
        if not any(ip_address(route["nexthop"]) in network for network in reached):
            reason = "the nexthop is not connected with router"
        elif route["nexthop"] in own:
            reason = "the nexthop is used by router"
        if reason:
            raise BadRequest(
                "Invalid input for operation: Invalid format for routes: {routes}, {reason}.",
                kind="InvalidRoutes",
                routes=list(routes),
                reason=reason,
            )


def _route(wanted: RouteWanted) -> Route:
    try:
        return {
            "destination": str(network_in(wanted.destination)),
            "nexthop": str(address_in(wanted.nexthop)),
        }
    except ValueError as wrong:
        raise _invalid("'{route}' is no route from a network to an address.", route=_shown(wanted)) from wrong


def _shown(wanted: RouteWanted) -> str:
    return f"{wanted.destination} via {wanted.nexthop}"


def _invalid(reason: str, **values: object) -> BadRequest:
    return BadRequest("Invalid input for routes. Reason: " + reason, kind="HTTPBadRequest", **values)
