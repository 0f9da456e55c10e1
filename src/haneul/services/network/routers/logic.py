from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import UNSET

from haneul.kernel.db import Db, fields
from haneul.kernel.db.listing import Clause
from haneul.kernel.errors import NotBuilt
from haneul.services.network.lists import Asked, fetched
from haneul.services.network.owners import Viewer, owned_by
from haneul.services.network.placements import logic as placements
from haneul.services.network.ports.models import ROUTER_INTERFACE
from haneul.services.network.quotas.logic import counted, take_one
from haneul.services.network.routers import extra_routes, gateways, queries
from haneul.services.network.routers.changes import CHANGES
from haneul.services.network.routers.models import Router, routers
from haneul.services.network.routers.refusals import in_use
from haneul.services.network.routers.schemas import RouterChange, RouterCreate, RouterUpdate
from haneul.services.network.standard import missing, standard_values
from haneul.services.network.tags import logic as tags

ROUTER: Final = "router"
QUOTA = counted(ROUTER, routers)
PLAIN = ("name", "description", "admin_state_up")


def get(db: Db, router_id: str, viewer: Viewer | None = None) -> Router:
    """The router, if there is one that the viewer may see; NotFound."""
    router = db.one(queries.BY_ID, id=router_id)
    if router is None or not (viewer is None or viewer.is_admin or router.project_id == viewer.project_id):
        raise missing(ROUTER, router_id)
    return router


def list_(db: Db, viewer: Viewer, wanted: Asked, clauses: Sequence[Clause]) -> list[Router]:
    own = [] if viewer.is_admin else [owned_by(routers, viewer.project_id)]
    return fetched(db, queries.LISTING, wanted, [*own, *clauses])


def clauses(parameters: Mapping[str, Sequence[str]]) -> list[Clause]:
    """The conditions of a list's query that are no columns."""
    return tags.clauses(parameters, "routers", routers)


def create(db: Db, wanted: RouterCreate, project_id: str, viewer: Viewer) -> Router:
    """Insert a router, with its gateway where one is wanted; OverQuota, or the reason that the gateway can't be."""
    _refuse_unbuilt(wanted)
    if wanted.flavor_id is not None:
        raise NotBuilt("haneul does not have router flavors yet.")
    take_one(db, project_id, QUOTA)
    router = Router(
        **standard_values(project_id, wanted.description),
        name=wanted.name,
        admin_state_up=wanted.admin_state_up,
        gateway_network_id="",
        gateway_port_id="",
        enable_snat=True,
        routes=[],
        availability_zone_hints=wanted.availability_zone_hints,
    )
    db.insert(routers, router)
    if wanted.external_gateway_info:
        gateways.set_(db, router, wanted.external_gateway_info, viewer)
        return get(db, router.id)
    return router


def _refuse_unbuilt(wanted: RouterChange) -> None:
    if wanted.distributed is True:
        raise NotBuilt("haneul does not have distributed routers yet.")
    if wanted.ha is True:
        raise NotBuilt("haneul does not have highly available routers yet.")
    if wanted.enable_ndp_proxy is True:
        raise NotBuilt("haneul does not have NDP proxies yet.")


def update(db: Db, router: Router, wanted: RouterUpdate, viewer: Viewer) -> Router:
    """Change a router: what it is called, its gateway, its routes."""
    _refuse_unbuilt(wanted)
    own = {name: value for name, value in fields(wanted).items() if name in PLAIN}
    if own:
        CHANGES.bump(db, router.id, **own)
    if "admin_state_up" in own:
        placements.changed(db, ROUTER, router.id)
    if wanted.routes is not UNSET:
        extra_routes.put(db, router, wanted.routes or ())
        router = get(db, router.id)
    if wanted.external_gateway_info is not UNSET:
        gateways.set_(db, router, wanted.external_gateway_info, viewer)
    return get(db, router.id)


def delete(db: Db, router: Router) -> None:
    """Delete a router with its gateway; Conflict while it has a leg."""
    CHANGES.bump(db, router.id)
    legs = [leg.port_id for leg in queries.legs(db, router.id) if leg.device_owner == ROUTER_INTERFACE]
    if legs:
        raise in_use(router.id, dict.fromkeys(legs))
    gateways.clear(db, router)
    tags.forget(db, "routers", router.id)
    db.delete(routers, id=router.id)
    placements.take_away_everywhere(db, ROUTER, router.id)
