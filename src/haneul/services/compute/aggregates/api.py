from haneul.kernel.clock import iso_bare
from haneul.kernel.errors import BadRequest, NotFound
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET
from haneul.services.compute.aggregates import logic
from haneul.services.compute.aggregates.caching import want_cached
from haneul.services.compute.aggregates.models import ZONE
from haneul.services.compute.aggregates.schemas import (
    AggregateCreate,
    AggregateUpdate,
    AggregateView,
    HostChange,
    ImagesToCache,
    MetadataChange,
)
from haneul.services.compute.hosts.logic import computing_host

routes = Routes()

PATH = "/v2.1/os-aggregates"
ONE = PATH + "/{aggregate_id}"
ACTION = ONE + "/action"
LIST = Rule("os_compute_api:os-aggregates:index", "rule:context_is_admin", "List aggregates of hosts.")
CREATE = Rule("os_compute_api:os-aggregates:create", "rule:context_is_admin", "Create an aggregate.")
SHOW = Rule("os_compute_api:os-aggregates:show", "rule:context_is_admin", "Show an aggregate.")
UPDATE = Rule("os_compute_api:os-aggregates:update", "rule:context_is_admin", "Change an aggregate's name or zone.")
DELETE = Rule("os_compute_api:os-aggregates:delete", "rule:context_is_admin", "Delete an aggregate.")
ADD = Rule("os_compute_api:os-aggregates:add_host", "rule:context_is_admin", "Add a host to an aggregate.")
REMOVE = Rule("os_compute_api:os-aggregates:remove_host", "rule:context_is_admin", "Take a host out of an aggregate.")
SET_METADATA = Rule(
    "os_compute_api:os-aggregates:set_metadata", "rule:context_is_admin", "Set words of an aggregate's metadata."
)
CACHE = Rule("compute:aggregates:images", "rule:context_is_admin", "Have the hosts of an aggregate fetch images.")


def _brief(call: Call, aggregate: logic.Whole) -> AggregateView:
    row = aggregate.row
    view: AggregateView = {
        "id": row.number,
        "name": row.name,
        "availability_zone": aggregate.zone,
        "created_at": iso_bare(row.created_at),
        "updated_at": iso_bare(row.updated_at) if row.updated_at else None,
        "deleted": False,
        "deleted_at": None,
    }
    return {**view, "uuid": row.id} if call.at_least("2.41") else view


def _view(call: Call, aggregate: logic.Whole) -> AggregateView:
    return {**_brief(call, aggregate), "hosts": aggregate.hosts, "metadata": aggregate.metadata}


@routes.get(PATH, rule=LIST, wraps="aggregates")
def list_aggregates(call: Call) -> list[AggregateView]:
    call.enforce()
    return [_view(call, aggregate) for aggregate in logic.list_(call.db)]


@routes.post(PATH, rule=CREATE, wraps="aggregate", status=200)
def create_aggregate(call: Call, body: AggregateCreate) -> AggregateView:
    call.enforce()
    return _brief(call, logic.create(call.db, body.name, body.availability_zone))


@routes.get(ONE, rule=SHOW, wraps="aggregate")
def get_aggregate(call: Call, aggregate_id: str) -> AggregateView:
    call.enforce()
    return _view(call, logic.get(call.db, aggregate_id))


@routes.put(ONE, rule=UPDATE, wraps="aggregate")
def update_aggregate(call: Call, aggregate_id: str, body: AggregateUpdate) -> AggregateView:
    call.enforce()
    aggregate = logic.get(call.db, aggregate_id)
    if body.name is UNSET and body.availability_zone is UNSET:
        raise BadRequest("Invalid input for field/attribute aggregate: 'name' is a required property.")
    if body.name is not UNSET:
        logic.rename(call.db, aggregate, body.name)
    if body.availability_zone is not UNSET:
        logic.set_metadata(call.db, aggregate, {ZONE: body.availability_zone}, what="aggregate")
    return _view(call, logic.get(call.db, aggregate_id))


@routes.delete(ONE, rule=DELETE, status=200)
def delete_aggregate(call: Call, aggregate_id: str) -> None:
    call.enforce()
    logic.delete(call.db, logic.get(call.db, aggregate_id))


@routes.action(ACTION, "add_host", rule=ADD, wraps="aggregate", status=200)
def add_host(call: Call, aggregate_id: str, body: HostChange) -> AggregateView:
    call.enforce()
    aggregate = logic.get(call.db, aggregate_id)
    if computing_host(call.db, body.host) is None:
        raise NotFound("Compute host {host} could not be found.", host=body.host)
    logic.add_host(call.db, aggregate, body.host)
    return _view(call, logic.get(call.db, aggregate_id))


@routes.action(ACTION, "remove_host", rule=REMOVE, wraps="aggregate", status=200)
def remove_host(call: Call, aggregate_id: str, body: HostChange) -> AggregateView:
    call.enforce()
    logic.remove_host(call.db, logic.get(call.db, aggregate_id), body.host)
    return _view(call, logic.get(call.db, aggregate_id))


@routes.action(ACTION, "set_metadata", rule=SET_METADATA, wraps="aggregate", status=200)
def set_metadata(call: Call, aggregate_id: str, body: MetadataChange) -> AggregateView:
    call.enforce()
    logic.set_metadata(call.db, logic.get(call.db, aggregate_id), body.metadata, what="metadata of aggregate")
    return _view(call, logic.get(call.db, aggregate_id))


@routes.post(ONE + "/images", rule=CACHE, status=202, since="2.81")
def cache_images(call: Call, aggregate_id: str, body: ImagesToCache) -> None:
    call.enforce()
    want_cached(call.db, logic.get(call.db, aggregate_id), [image.id for image in body.cache])
