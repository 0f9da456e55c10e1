from collections.abc import Sequence
from typing import Any

from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.network.base_rules import ADMIN
from haneul.services.network.bulk import created
from haneul.services.network.config import NetworkSettings
from haneul.services.network.field_rules import enforce_fields, enforce_new_fields, hidden_fields
from haneul.services.network.lists import TAG_FILTERS, answered, asked
from haneul.services.network.networks import logic as networks
from haneul.services.network.networks.models import Network
from haneul.services.network.owners import owner_of, viewer
from haneul.services.network.subnets import changes, logic, queries, removal
from haneul.services.network.subnets.models import Subnet
from haneul.services.network.subnets.schemas import (
    SubnetCreate,
    SubnetCreateBody,
    SubnetCreatedView,
    SubnetUpdate,
    SubnetView,
    Surroundings,
    subnet_view,
)

NETWORK_OWNER = "rule:admin_only or (role:member and rule:network_owner)"
MEMBER_OR_NETWORK_OWNER = f"(role:member and project_id:%(project_id)s) or {NETWORK_OWNER}"
VISIBLE = (
    "(role:reader and project_id:%(project_id)s) or rule:shared or rule:external_network or rule:admin_only or "
    "(role:reader and rule:network_owner) or rule:service_api"
)
GET = Rule("get_subnet", VISIBLE, "Show subnets.")
CREATE = Rule("create_subnet", NETWORK_OWNER, "Create a subnet.")
UPDATE = Rule("update_subnet", MEMBER_OR_NETWORK_OWNER, "Change a subnet.")
DELETE = Rule("delete_subnet", MEMBER_OR_NETWORK_OWNER, "Delete a subnet.")
FOR_ADMINS = ("segment_id",)
CREATE_FIELDS = {name: Rule(f"create_subnet:{name}", ADMIN, f"Create a subnet with {name}.") for name in FOR_ADMINS}
UPDATE_FIELDS = {name: Rule(f"update_subnet:{name}", ADMIN, f"Change a subnet's {name}.") for name in FOR_ADMINS}
GET_FIELDS = {"segment_id": Rule("get_subnet:segment_id", ADMIN, "See a subnet's segment_id.")}
NETWORK_PROJECT = "network:project_id"


def views(call: Call, found: Sequence[Subnet]) -> list[SubnetView]:
    """Many subnets, with a few queries for what stands in other rows."""
    around = queries.around(call.db, found)
    hidden = hidden_fields(call, GET_FIELDS, call.caller)
    return [
        subnet_view(
            subnet,
            Surroundings(
                tags=around.tags[subnet.id],
                pools=around.pools.get(subnet.id, ()),
                is_external=subnet.network_id in around.external,
                hidden=hidden,
            ),
        )
        for subnet in found
    ]


def routes_with(settings: NetworkSettings) -> Routes:
    """The routes of subnets; `settings` say how many DHCP servers a network has."""
    routes = Routes()

    @routes.get("/v2.0/subnets", rule=GET, wraps="subnets")
    def list_subnets(call: Call) -> Listed[SubnetView]:
        call.enforce(call.caller)
        wanted = asked(call, queries.LISTING, beside=(*TAG_FILTERS, "shared", "router:external"))
        clauses = queries.clauses(call.ask.parameters, call.caller.project_id or "")
        rows = logic.list_(call.db, viewer(call), wanted, clauses)
        return answered(wanted, rows, views(call, rows))

    @routes.post("/v2.0/subnets", rule=CREATE, lax=True, body_limit=1 << 20)
    def create_subnet(call: Call, body: SubnetCreateBody) -> SubnetCreatedView:
        return created(body, SubnetCreatedView, lambda wanted: _create(call, wanted, settings.dhcp_servers))

    @routes.get("/v2.0/subnets/{subnet_id}", rule=GET, wraps="subnet", quick=True)
    def get_subnet(call: Call, subnet_id: str) -> SubnetView:
        subnet, _network = _allowed(call, subnet_id)
        return views(call, [subnet])[0]

    @routes.put("/v2.0/subnets/{subnet_id}", rule=UPDATE, wraps="subnet", lax=True)
    def update_subnet(call: Call, subnet_id: str, body: SubnetUpdate) -> SubnetView:
        subnet, network = _allowed(call, subnet_id)
        enforce_fields(call, body, UPDATE_FIELDS, subnet)
        call.refuse_stale(revision=subnet.revision_number)
        return views(call, [changes.update(call.db, network, subnet, body, settings.dhcp_servers)])[0]

    @routes.delete("/v2.0/subnets/{subnet_id}", rule=DELETE)
    def delete_subnet(call: Call, subnet_id: str) -> None:
        subnet, network = _allowed(call, subnet_id)
        call.refuse_stale(revision=subnet.revision_number)
        removal.delete(call.db, network, subnet, settings.dhcp_servers)

    return routes


def _allowed(call: Call, subnet_id: str) -> tuple[Subnet, Network]:
    """The subnet and its network, once the route's rule allows it; who may not see it doesn't learn of it."""
    subnet, network = logic.located(call.db, subnet_id, viewer(call))
    said: dict[str, Any] = {
        "shared": logic.is_shared(call.db, network, call.caller.project_id or ""),
        "router_external": network.is_external,
        NETWORK_PROJECT: network.project_id,
    }
    call.enforce(subnet, **said)
    return subnet, network


def _create(call: Call, wanted: SubnetCreate, dhcp_servers: int) -> SubnetView:
    project_id, by = owner_of(call, wanted), viewer(call)
    network = networks.get(call.db, wanted.network_id, by)
    target = {"project_id": project_id, NETWORK_PROJECT: network.project_id}
    call.enforce(target)
    enforce_new_fields(call, wanted, CREATE_FIELDS, target)
    place = logic.Place(network, project_id, by, dhcp_servers)
    return views(call, [logic.create(call.db, wanted, place)])[0]
