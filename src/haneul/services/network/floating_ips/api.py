from collections.abc import Sequence

from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.network.base_rules import MANAGER, MEMBER, READER
from haneul.services.network.bulk import created
from haneul.services.network.field_rules import enforce_new_fields
from haneul.services.network.floating_ips import logic, queries
from haneul.services.network.floating_ips.models import FloatingIp
from haneul.services.network.floating_ips.schemas import (
    FloatingIpCreate,
    FloatingIpCreateBody,
    FloatingIpCreatedView,
    FloatingIpUpdate,
    FloatingIpView,
    PoolView,
    floating_ip_view,
)
from haneul.services.network.lists import TAG_FILTERS, answered, asked
from haneul.services.network.owners import owner_of, viewer
from haneul.services.network.tags import logic as tags

GET = Rule("get_floatingip", READER, "Show floating IPs.")
CREATE = Rule("create_floatingip", MEMBER, "Take a floating IP.")
UPDATE = Rule("update_floatingip", MEMBER, "Change what a floating IP stands for.")
DELETE = Rule("delete_floatingip", MEMBER, "Give a floating IP back.")
GET_POOL = Rule("get_floatingip_pool", READER, "Show where floating IPs come from.")
CREATE_FIELDS = {
    "floating_ip_address": Rule("create_floatingip:floating_ip_address", MANAGER, "Choose a floating IP's address.")
}

routes = Routes()


def views(call: Call, found: Sequence[FloatingIp]) -> list[FloatingIpView]:
    """Many floating IPs, with a few queries for what stands in other rows."""
    words = tags.of_many(call.db, "floatingips", [floating.id for floating in found])
    ports, forwardings = logic.ports_of(call.db, found), logic.forwardings_of(call.db, found)
    return [
        floating_ip_view(
            floating, words[floating.id], ports.get(floating.fixed_port_id or ""), forwardings[floating.id]
        )
        for floating in found
    ]


def allowed(call: Call, floating_ip_id: str) -> FloatingIp:
    """The floating IP, once the route's rule allows it; who may not see it doesn't learn that it is there."""
    floating = logic.get(call.db, floating_ip_id, viewer(call))
    call.enforce(floating)
    return floating


@routes.get("/v2.0/floatingips", rule=GET, wraps="floatingips")
def list_floating_ips(call: Call) -> Listed[FloatingIpView]:
    call.enforce(call.caller)
    wanted = asked(call, queries.LISTING, beside=TAG_FILTERS)
    rows = logic.list_(call.db, viewer(call), wanted, logic.clauses(call.ask.parameters))
    return answered(wanted, rows, views(call, rows))


@routes.post("/v2.0/floatingips", rule=CREATE, lax=True, body_limit=1 << 20)
def create_floating_ip(call: Call, body: FloatingIpCreateBody) -> FloatingIpCreatedView:
    return created(body, FloatingIpCreatedView, lambda wanted: _create(call, wanted))


@routes.get("/v2.0/floatingips/{floatingip_id}", rule=GET, wraps="floatingip", quick=True)
def get_floating_ip(call: Call, floatingip_id: str) -> FloatingIpView:
    return views(call, [allowed(call, floatingip_id)])[0]


@routes.put("/v2.0/floatingips/{floatingip_id}", rule=UPDATE, wraps="floatingip", lax=True)
def update_floating_ip(call: Call, floatingip_id: str, body: FloatingIpUpdate) -> FloatingIpView:
    floating = allowed(call, floatingip_id)
    call.refuse_stale(revision=floating.revision_number)
    return views(call, [logic.update(call.db, floating, body, viewer(call))])[0]


@routes.delete("/v2.0/floatingips/{floatingip_id}", rule=DELETE)
def delete_floating_ip(call: Call, floatingip_id: str) -> None:
    floating = allowed(call, floatingip_id)
    call.refuse_stale(revision=floating.revision_number)
    logic.delete(call.db, floating)


@routes.get("/v2.0/floatingip-pools", rule=GET_POOL, wraps="floatingip_pools")
def list_pools_as_neutron_names_them(call: Call) -> list[PoolView]:
    """Neutron's own path; its reference, and clients that follow it, write an underscore."""
    return list_pools(call)


@routes.get("/v2.0/floatingip_pools", rule=GET_POOL, wraps="floatingip_pools")
def list_pools(call: Call) -> list[PoolView]:
    call.enforce(call.caller)
    project_id = call.caller.project_id or ""
    return [
        PoolView(
            subnet_id=subnet.id,
            subnet_name=subnet.name,
            network_id=subnet.network_id,
            cidr=subnet.cidr,
            project_id=project_id,
            tenant_id=project_id,
        )
        for subnet in logic.pools(call.db, viewer(call))
    ]


def _create(call: Call, wanted: FloatingIpCreate) -> FloatingIpView:
    project_id = owner_of(call, wanted)
    target = {"project_id": project_id}
    call.enforce(target)
    enforce_new_fields(call, wanted, CREATE_FIELDS, target)
    return views(call, [logic.create(call.db, wanted, project_id, viewer(call))])[0]
