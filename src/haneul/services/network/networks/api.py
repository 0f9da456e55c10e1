from collections.abc import Sequence

from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.network.base_rules import ADMIN, MEMBER
from haneul.services.network.bulk import created
from haneul.services.network.config import NetworkSettings
from haneul.services.network.field_rules import enforce_fields, enforce_new_fields, hidden_fields
from haneul.services.network.lists import TAG_FILTERS, answered, asked
from haneul.services.network.networks import logic, removal
from haneul.services.network.networks.models import Network
from haneul.services.network.networks.schemas import (
    NetworkCreate,
    NetworkCreateBody,
    NetworkCreatedView,
    NetworkUpdate,
    NetworkView,
    Surroundings,
    network_view,
)
from haneul.services.network.owners import owner_of, viewer
from haneul.services.network.scopes import scopes_of
from haneul.services.network.zones import zones_of

VISIBLE = (
    "rule:admin_only or (role:reader and project_id:%(project_id)s) or rule:service_api or rule:shared or "
    "rule:external or rule:context_is_advsvc"
)
GET = Rule("get_network", VISIBLE, "Show networks.")
CREATE = Rule("create_network", MEMBER, "Create a network.")
UPDATE = Rule("update_network", MEMBER, "Change a network.")
DELETE = Rule("delete_network", MEMBER, "Delete a network.")
PROVIDER = ("provider:network_type", "provider:physical_network", "provider:segmentation_id")
FOR_ADMINS = ("shared", "router:external", "is_default", "segments", *PROVIDER)
CREATE_FIELDS = {
    **{name: Rule(f"create_network:{name}", ADMIN, f"Create a network with {name}.") for name in FOR_ADMINS},
    "port_security_enabled": Rule("create_network:port_security_enabled", MEMBER, "Create one with port security set."),
}
UPDATE_FIELDS = {
    **{name: Rule(f"update_network:{name}", ADMIN, f"Change a network's {name}.") for name in FOR_ADMINS},
    "port_security_enabled": Rule("update_network:port_security_enabled", MEMBER, "Change a network's port security."),
}
GET_FIELDS = {name: Rule(f"get_network:{name}", ADMIN, f"See a network's {name}.") for name in PROVIDER}
FIELDS_OF = dict(zip(PROVIDER, ("network_type", "physical_network", "segmentation_id"), strict=True))


def views(call: Call, found: Sequence[Network]) -> list[NetworkView]:
    """Many networks, with a few queries for what stands in other rows."""
    db, ids = call.db, [network.id for network in found]
    around = logic.around(db, ids, call.caller.project_id or "")
    zones, scopes = zones_of(db, "dhcp", ids), scopes_of(db, ids)
    hidden = {FIELDS_OF[name]: unset for name, unset in hidden_fields(call, GET_FIELDS, call.caller).items()}
    return [
        network_view(
            network,
            Surroundings(
                tags=around.tags[network.id],
                subnets=around.subnets[network.id],
                is_shared=network.id in around.shared,
                zones=zones[network.id],
                scopes=scopes[network.id],
                hidden=hidden,
            ),
        )
        for network in found
    ]


def routes_with(settings: NetworkSettings) -> Routes:
    """The routes of networks; `settings` say which segments there are."""
    routes = Routes()

    @routes.get("/v2.0/networks", rule=GET, wraps="networks")
    def list_networks(call: Call) -> Listed[NetworkView]:
        call.enforce(call.caller)
        wanted = asked(call, logic.LISTING, beside=(*TAG_FILTERS, "shared"))
        clauses = logic.clauses(call.ask.parameters, call.caller.project_id or "")
        rows = logic.list_(call.db, viewer(call), wanted, clauses)
        return answered(wanted, rows, views(call, rows))

    @routes.post("/v2.0/networks", rule=CREATE, lax=True, body_limit=1 << 20)
    def create_network(call: Call, body: NetworkCreateBody) -> NetworkCreatedView:
        return created(body, NetworkCreatedView, lambda wanted: _create(call, wanted, settings))

    @routes.get("/v2.0/networks/{network_id}", rule=GET, wraps="network", quick=True)
    def get_network(call: Call, network_id: str) -> NetworkView:
        network = logic.get(call.db, network_id, viewer(call))
        (view,) = views(call, [network])
        call.enforce(network, shared=view.shared, router_external=network.is_external)
        return view

    @routes.put("/v2.0/networks/{network_id}", rule=UPDATE, wraps="network", lax=True)
    def update_network(call: Call, network_id: str, body: NetworkUpdate) -> NetworkView:
        network = _own(call, network_id)
        enforce_fields(call, body, UPDATE_FIELDS, network)
        call.refuse_stale(revision=network.revision_number)
        return views(call, [logic.update(call.db, network, body)])[0]

    @routes.delete("/v2.0/networks/{network_id}", rule=DELETE)
    def delete_network(call: Call, network_id: str) -> None:
        network = _own(call, network_id)
        call.refuse_stale(revision=network.revision_number)
        removal.delete(call.db, network)

    return routes


def _own(call: Call, network_id: str) -> Network:
    network = logic.get(call.db, network_id, viewer(call))
    call.enforce(network)
    return network


def _create(call: Call, wanted: NetworkCreate, settings: NetworkSettings) -> NetworkView:
    project_id = owner_of(call, wanted)
    target = {"project_id": project_id}
    call.enforce(target)
    enforce_new_fields(call, wanted, CREATE_FIELDS, target)
    return views(call, [logic.create(call.db, wanted, project_id, settings)])[0]
