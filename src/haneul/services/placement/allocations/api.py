import uuid
from datetime import datetime

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Reply, Routes
from haneul.kernel.ids import is_uuid_like
from haneul.kernel.schema import UNSET
from haneul.services.placement.allocations import logic
from haneul.services.placement.allocations.queries import CONSUMER, OF_CONSUMER, OF_PROVIDER
from haneul.services.placement.allocations.schemas import (
    AllocationsListed,
    AllocationsListedOwned,
    Claim,
    ConsumerView,
    CountedAllocations,
    HeldView,
    HoldersView,
    HolderView,
    MappedAllocations,
    PostCounted,
    PostMapped,
    PostTyped,
    PostUncounted,
    SomeConsumerAllocations,
    TypedAllocations,
    claims_of,
)
from haneul.services.placement.answers import latest, shown
from haneul.services.placement.base_rules import admin_or_service
from haneul.services.placement.resource_providers import logic as resource_providers

routes = Routes()

MANAGE = admin_or_service("placement:allocations:manage", "Change the allocations of several consumers.")
SHOW = admin_or_service("placement:allocations:list", "Show what a consumer holds.")
UPDATE = admin_or_service("placement:allocations:update", "Replace what a consumer holds.")
DELETE = admin_or_service("placement:allocations:delete", "Let a consumer hold nothing.")
OF_ONE = admin_or_service("placement:resource_providers:allocations:list", "Show who holds what of a provider.")
ONE = "/allocations/{consumer_id}"


@routes.get("/resource_providers/{provider_id}/allocations", rule=OF_ONE)
def list_provider_allocations(call: Call, provider_id: str) -> Reply[HoldersView]:
    call.enforce()
    provider = resource_providers.get(call.db, provider_id)
    rows = call.db.all(OF_PROVIDER, provider_id=provider_id)
    holders: dict[str, HolderView] = {}
    for row in rows:
        generation = row.generation if call.at_least("1.28") else UNSET
        holder = holders.setdefault(row.consumer_id, HolderView(resources={}, consumer_generation=generation))
        holder.resources[row.resource_class] = row.used
    view = HoldersView(allocations=holders, resource_provider_generation=provider.generation)
    return shown(call, view, latest(row.created_at for row in rows))


@routes.get(ONE, rule=SHOW, quick=True)
def list_allocations(call: Call, consumer_id: str) -> Reply[ConsumerView]:
    call.enforce()
    view, modified = _held(call, consumer_id)
    return shown(call, view, modified)


def _held(call: Call, consumer_id: str) -> tuple[ConsumerView, datetime | None]:
    consumer = call.db.one(CONSUMER, id=consumer_id)
    if consumer is None:
        return ConsumerView(allocations={}), None
    rows = call.db.all(OF_CONSUMER, consumer_id=consumer_id)
    held: dict[str, HeldView] = {}
    for row in rows:
        one = held.setdefault(row.provider_id, HeldView(resources={}, generation=row.generation))
        one.resources[row.resource_class] = row.used
    view = ConsumerView(
        allocations=held,
        project_id=consumer.project_id,
        user_id=consumer.user_id,
        consumer_generation=consumer.generation,
        consumer_type=consumer.type or "unknown",
    )
    return view, latest(row.created_at for row in rows)


@routes.put(ONE, rule=UPDATE, until="1.7", status=204)
def put_listed_allocations(call: Call, consumer_id: str, body: AllocationsListed) -> None:
    call.enforce()
    _put(call, body.claim(_normal(consumer_id)))


@routes.put(ONE, rule=UPDATE, since="1.8", until="1.11", status=204)
def put_listed_owned_allocations(call: Call, consumer_id: str, body: AllocationsListedOwned) -> None:
    call.enforce()
    _put(call, body.claim(_normal(consumer_id)))


@routes.put(ONE, rule=UPDATE, since="1.12", until="1.27", status=204)
def put_some_allocations(call: Call, consumer_id: str, body: SomeConsumerAllocations) -> None:
    call.enforce()
    _put(call, body.claim(_normal(consumer_id)))


@routes.put(ONE, rule=UPDATE, since="1.28", until="1.33", status=204)
def put_counted_allocations(call: Call, consumer_id: str, body: CountedAllocations) -> None:
    call.enforce()
    _put(call, body.claim(_normal(consumer_id)))


@routes.put(ONE, rule=UPDATE, since="1.34", until="1.37", status=204)
def put_mapped_allocations(call: Call, consumer_id: str, body: MappedAllocations) -> None:
    call.enforce()
    _put(call, body.claim(_normal(consumer_id)))


@routes.put(ONE, rule=UPDATE, since="1.38", status=204)
def put_allocations(call: Call, consumer_id: str, body: TypedAllocations) -> None:
    call.enforce()
    _put(call, body.claim(_normal(consumer_id)))


def _normal(consumer_id: str) -> str:
    if not is_uuid_like(consumer_id):
        raise BadRequest("Malformed consumer_uuid: {id}", id=consumer_id)
    return str(uuid.UUID(consumer_id))


def _put(call: Call, claim: Claim) -> None:
    logic.replace(call.db, [claim], f"Unable to allocate inventory for consumer {claim.consumer_id}: ")


@routes.post("/allocations", rule=MANAGE, since="1.13", until="1.27", status=204)
def post_uncounted_allocations(call: Call, body: PostUncounted) -> None:
    call.enforce()
    logic.replace(call.db, claims_of(body))


@routes.post("/allocations", rule=MANAGE, since="1.28", until="1.33", status=204)
def post_counted_allocations(call: Call, body: PostCounted) -> None:
    call.enforce()
    logic.replace(call.db, claims_of(body))


@routes.post("/allocations", rule=MANAGE, since="1.34", until="1.37", status=204)
def post_mapped_allocations(call: Call, body: PostMapped) -> None:
    call.enforce()
    logic.replace(call.db, claims_of(body))


@routes.post("/allocations", rule=MANAGE, since="1.38", status=204)
def post_allocations(call: Call, body: PostTyped) -> None:
    call.enforce()
    logic.replace(call.db, claims_of(body))


@routes.delete(ONE, rule=DELETE)
def delete_allocations(call: Call, consumer_id: str) -> None:
    call.enforce()
    logic.delete(call.db, consumer_id)
