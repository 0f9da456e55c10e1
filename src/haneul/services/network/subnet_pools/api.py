from collections.abc import Sequence

from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.network.base_rules import ADMIN, MEMBER, READER
from haneul.services.network.bulk import created
from haneul.services.network.field_rules import enforce_fields
from haneul.services.network.lists import TAG_FILTERS, answered, asked
from haneul.services.network.owners import owner_of, viewer
from haneul.services.network.rbac.sharing import shared_with
from haneul.services.network.subnet_pools import logic, prefix_changes
from haneul.services.network.subnet_pools.models import SubnetPool
from haneul.services.network.subnet_pools.schemas import (
    OnboardBody,
    OnboardedView,
    PrefixesBody,
    PrefixesView,
    SubnetPoolCreate,
    SubnetPoolCreateBody,
    SubnetPoolCreatedView,
    SubnetPoolUpdate,
    SubnetPoolView,
    subnet_pool_view,
)
from haneul.services.network.tags import logic as tags

GET = Rule("get_subnetpool", f"{READER} or rule:shared_subnetpools", "Show subnet pools.")
CREATE = Rule("create_subnetpool", MEMBER, "Create a subnet pool.")
CREATE_SHARED = Rule("create_subnetpool:shared", ADMIN, "Create a shared subnet pool.")
CREATE_DEFAULT = Rule("create_subnetpool:is_default", ADMIN, "Create a default subnet pool.")
UPDATE = Rule("update_subnetpool", MEMBER, "Change a subnet pool.")
UPDATE_DEFAULT = Rule("update_subnetpool:is_default", ADMIN, "Make a subnet pool the default one.")
DELETE = Rule("delete_subnetpool", MEMBER, "Delete a subnet pool.")
ONBOARD = Rule("onboard_network_subnets", MEMBER, "Take a network's subnets into a subnet pool.")
ADD = Rule("add_prefixes", MEMBER, "Add prefixes to a subnet pool.")
REMOVE = Rule("remove_prefixes", MEMBER, "Remove prefixes from a subnet pool.")

routes = Routes()


def views(call: Call, found: Sequence[SubnetPool]) -> list[SubnetPoolView]:
    """Many subnet pools, with a few queries for what stands in other rows."""
    ids = [pool.id for pool in found]
    shared = shared_with(call.db, logic.SUBNET_POOL, ids, call.caller.project_id or "")
    known = tags.of_many(call.db, "subnetpools", ids)
    return [subnet_pool_view(pool, known[pool.id], is_shared=pool.id in shared) for pool in found]


@routes.get("/v2.0/subnetpools", rule=GET, wraps="subnetpools")
def list_subnet_pools(call: Call) -> Listed[SubnetPoolView]:
    call.enforce(call.caller)
    wanted = asked(call, logic.LISTING, beside=(*TAG_FILTERS, "shared"))
    clauses = logic.clauses(call.ask.parameters, call.caller.project_id or "")
    rows = logic.list_(call.db, viewer(call), wanted, clauses)
    return answered(wanted, rows, views(call, rows))


@routes.post("/v2.0/subnetpools", rule=CREATE, lax=True)
def create_subnet_pool(call: Call, body: SubnetPoolCreateBody) -> SubnetPoolCreatedView:
    return created(body, SubnetPoolCreatedView, lambda wanted: _create(call, wanted))


@routes.get("/v2.0/subnetpools/{subnetpool_id}", rule=GET, wraps="subnetpool", quick=True)
def get_subnet_pool(call: Call, subnetpool_id: str) -> SubnetPoolView:
    pool = logic.get(call.db, subnetpool_id, viewer(call))
    (view,) = views(call, [pool])
    call.enforce(pool, shared=view.shared)
    return view


@routes.put("/v2.0/subnetpools/{subnetpool_id}", rule=UPDATE, wraps="subnetpool", lax=True)
def update_subnet_pool(call: Call, subnetpool_id: str, body: SubnetPoolUpdate) -> SubnetPoolView:
    pool = _own(call, subnetpool_id)
    enforce_fields(call, body, {"is_default": UPDATE_DEFAULT}, pool)
    call.refuse_stale(revision=pool.revision_number)
    return views(call, [logic.update(call.db, pool, body, viewer(call))])[0]


@routes.delete("/v2.0/subnetpools/{subnetpool_id}", rule=DELETE)
def delete_subnet_pool(call: Call, subnetpool_id: str) -> None:
    pool = _own(call, subnetpool_id)
    call.refuse_stale(revision=pool.revision_number)
    logic.delete(call.db, pool)


@routes.put("/v2.0/subnetpools/{subnetpool_id}/add_prefixes", rule=ADD)
def add_prefixes(call: Call, subnetpool_id: str, body: PrefixesBody) -> PrefixesView:
    pool = prefix_changes.add(call.db, _own(call, subnetpool_id), body.prefixes, viewer(call))
    return PrefixesView(prefixes=pool.prefixes)


@routes.put("/v2.0/subnetpools/{subnetpool_id}/remove_prefixes", rule=REMOVE)
def remove_prefixes(call: Call, subnetpool_id: str, body: PrefixesBody) -> PrefixesView:
    pool = prefix_changes.remove(call.db, _own(call, subnetpool_id), body.prefixes)
    return PrefixesView(prefixes=pool.prefixes)


@routes.put("/v2.0/subnetpools/{subnetpool_id}/onboard_network_subnets", rule=ONBOARD)
def onboard_network_subnets(call: Call, subnetpool_id: str, body: OnboardBody) -> list[OnboardedView]:
    pool = _own(call, subnetpool_id)
    found = prefix_changes.onboard(call.db, pool, body.network_id, viewer(call))
    return [OnboardedView(id=subnet.id, cidr=subnet.cidr) for subnet in found]


def _own(call: Call, pool_id: str) -> SubnetPool:
    pool = logic.get(call.db, pool_id, viewer(call))
    call.enforce(pool)
    return pool


def _create(call: Call, wanted: SubnetPoolCreate) -> SubnetPoolView:
    project_id = owner_of(call, wanted)
    target = {"project_id": project_id}
    call.enforce(target)
    for is_wanted, rule in ((wanted.shared, CREATE_SHARED), (wanted.is_default, CREATE_DEFAULT)):
        if is_wanted:
            call.enforce(target, rule=rule)
    return views(call, [logic.create(call.db, wanted, project_id, viewer(call))])[0]
