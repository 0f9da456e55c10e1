from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET

from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.ids import is_uuid_like
from haneul.kernel.policy import Rule
from haneul.services.network.bulk import created
from haneul.services.network.field_rules import enforce_fields, enforce_new_fields, hidden_fields
from haneul.services.network.lists import TAG_FILTERS, answered, asked
from haneul.services.network.owners import owner_of, viewer
from haneul.services.network.ports import logic as ports
from haneul.services.network.ports.models import Port
from haneul.services.network.ports.queries import addresses_of
from haneul.services.network.routers import extra_routes, interface_removal, interfaces, logic, queries, rules
from haneul.services.network.routers.models import Router
from haneul.services.network.routers.refusals import bad
from haneul.services.network.routers.schemas import (
    ExtraRoutes,
    InterfaceView,
    InterfaceWanted,
    RouterChange,
    RouterCreate,
    RouterCreateBody,
    RouterCreatedView,
    RouterUpdate,
    RouterView,
    Surroundings,
    router_view,
)
from haneul.services.network.subnets.models import Subnet
from haneul.services.network.tags import logic as tags
from haneul.services.network.zones import zones_of

routes = Routes()


def views(call: Call, found: Sequence[Router]) -> list[RouterView]:
    """Many routers, with a few queries for what stands in other rows."""
    db, ids = call.db, [router.id for router in found]
    words, zones = tags.of_many(db, "routers", ids), zones_of(db, "router", ids)
    gateways = addresses_of(db, [router.gateway_port_id for router in found if router.gateway_port_id])
    hidden = hidden_fields(call, rules.GET_FIELDS, call.caller)
    return [
        router_view(
            router,
            Surroundings(
                tags=words[router.id], zones=zones[router.id], gateway=gateways[router.gateway_port_id], hidden=hidden
            ),
        )
        for router in found
    ]


def allowed(call: Call, router_id: str) -> Router:
    """The router, once the route's rule allows it; who may not see it doesn't learn that it is there."""
    router = logic.get(call.db, router_id, viewer(call))
    call.enforce(router)
    return router


@routes.get("/v2.0/routers", rule=rules.GET, wraps="routers")
def list_routers(call: Call) -> Listed[RouterView]:
    call.enforce(call.caller)
    wanted = asked(call, queries.LISTING, beside=TAG_FILTERS)
    rows = logic.list_(call.db, viewer(call), wanted, logic.clauses(call.ask.parameters))
    return answered(wanted, rows, views(call, rows))


@routes.post("/v2.0/routers", rule=rules.CREATE, lax=True, body_limit=1 << 20)
def create_router(call: Call, body: RouterCreateBody) -> RouterCreatedView:
    return created(body, RouterCreatedView, lambda wanted: _create(call, wanted))


@routes.get("/v2.0/routers/{router_id}", rule=rules.GET, wraps="router", quick=True)
def get_router(call: Call, router_id: str) -> RouterView:
    return views(call, [allowed(call, router_id)])[0]


@routes.put("/v2.0/routers/{router_id}", rule=rules.UPDATE, wraps="router", lax=True)
def update_router(call: Call, router_id: str, body: RouterUpdate) -> RouterView:
    router = allowed(call, router_id)
    _enforce_fields(call, body, router, (rules.UPDATE_FIELDS, rules.UPDATE_GATEWAY))
    call.refuse_stale(revision=router.revision_number)
    return views(call, [logic.update(call.db, router, body, viewer(call))])[0]


@routes.delete("/v2.0/routers/{router_id}", rule=rules.DELETE)
def delete_router(call: Call, router_id: str) -> None:
    router = allowed(call, router_id)
    call.refuse_stale(revision=router.revision_number)
    logic.delete(call.db, router)


@routes.put("/v2.0/routers/{router_id}/add_router_interface", rule=rules.ADD_INTERFACE)
def add_router_interface(call: Call, router_id: str, body: InterfaceWanted) -> InterfaceView:
    router, seen = allowed(call, router_id), viewer(call)
    _refuse_unnamed(body)
    if body.port_id and body.subnet_id:
        raise bad("Cannot specify both subnet-id and port-id")
    if body.port_id:
        port = ports.get(call.db, body.port_id, seen)
        return _interface(router, *interfaces.add_port(call.db, router, port, seen))
    return _interface(router, *interfaces.add_subnet(call.db, router, body.subnet_id or "", seen))


@routes.put("/v2.0/routers/{router_id}/remove_router_interface", rule=rules.REMOVE_INTERFACE)
def remove_router_interface(call: Call, router_id: str, body: InterfaceWanted) -> InterfaceView:
    router = allowed(call, router_id)
    _refuse_unnamed(body)
    if body.port_id:
        gone = interface_removal.remove_port(call.db, router, body.port_id, body.subnet_id or "")
    else:
        gone = interface_removal.remove_subnet(call.db, router, body.subnet_id or "", viewer(call))
    return _interface(router, *gone)


@routes.put("/v2.0/routers/{router_id}/add_extraroutes", rule=rules.ADD_ROUTES, wraps="router")
def add_extraroutes(call: Call, router_id: str, body: ExtraRoutes) -> RouterView:
    router = allowed(call, router_id)
    extra_routes.add(call.db, router, body.routes)
    return views(call, [logic.get(call.db, router_id)])[0]


@routes.put("/v2.0/routers/{router_id}/remove_extraroutes", rule=rules.REMOVE_ROUTES, wraps="router")
def remove_extraroutes(call: Call, router_id: str, body: ExtraRoutes) -> RouterView:
    router = allowed(call, router_id)
    extra_routes.remove(call.db, router, body.routes)
    return views(call, [logic.get(call.db, router_id)])[0]


def _create(call: Call, wanted: RouterCreate) -> RouterView:
    project_id = owner_of(call, wanted)
    target = {"project_id": project_id}
    call.enforce(target)
    _enforce_fields(call, wanted, target, (rules.CREATE_FIELDS, rules.CREATE_GATEWAY))
    return views(call, [logic.create(call.db, wanted, project_id, viewer(call))])[0]


def _enforce_fields(
    call: Call, body: RouterChange, target: Any, fields: tuple[Mapping[str, Rule], Mapping[str, Rule]]
) -> None:
    enforced = enforce_new_fields if isinstance(body, RouterCreate) else enforce_fields
    enforced(call, body, fields[0], target)
    if body.external_gateway_info not in (UNSET, None):
        enforce_fields(call, body.external_gateway_info, fields[1], target)


def _refuse_unnamed(body: InterfaceWanted) -> None:
    if body.port_id is UNSET and body.subnet_id is UNSET:
        raise bad("Either subnet_id or port_id must be specified")
    for named in (body.port_id, body.subnet_id):
        if named is not UNSET and not is_uuid_like(named):
            raise bad("'{named}' is not a valid UUID", named=named)


def _interface(router: Router, port: Port, found: Sequence[Subnet]) -> InterfaceView:
    return InterfaceView(
        id=router.id,
        tenant_id=port.project_id,
        project_id=port.project_id,
        port_id=port.id,
        network_id=port.network_id,
        subnet_id=found[-1].id,
        subnet_ids=[subnet.id for subnet in found],
    )
