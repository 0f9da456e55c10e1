from collections.abc import Mapping, Sequence

from haneul.kernel.clock import now
from haneul.kernel.db import Db, unique
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.kernel.schema import UNSET
from haneul.services.placement.allocations.capacity import refuse_what_does_not_fit
from haneul.services.placement.allocations.models import Allocation, Consumer, allocations, consumers
from haneul.services.placement.allocations.queries import (
    CONSUMERS,
    FORGET_ALLOCATIONS,
    FORGET_CONSUMERS,
    OF_CONSUMERS,
)
from haneul.services.placement.allocations.schemas import Claim
from haneul.services.placement.batches import all_by_ids
from haneul.services.placement.inventories.queries import STOCKS_OF_PROVIDERS
from haneul.services.placement.resource_classes import logic as resource_classes
from haneul.services.placement.resource_providers import logic as resource_providers
from haneul.services.placement.resource_providers.queries import BY_IDS

RACED = (
    "Inventory and/or allocations changed while attempting to allocate: Another thread concurrently updated the data. "
    "Please retry your update"
)


def replace(db: Db, claims: Sequence[Claim], refusal: str = "Unable to allocate inventory ") -> None:
    """Make what each consumer holds what its claim says, all or nothing.

    Conflict when it does not fit, or when a consumer is of another generation than its claim says. BadRequest, with
    `refusal` before the reason, for a resource class that isn't there.
    """
    known = {one.id: one for one in all_by_ids(db, CONSUMERS, [claim.consumer_id for claim in claims])}
    for claim in claims:
        _refuse_stale(claim, known.get(claim.consumer_id))
    _refuse_unknown(db, claims, refusal)
    before = all_by_ids(db, OF_CONSUMERS, sorted(known))
    emptied = {claim.consumer_id for claim in claims if not claim.wanted}
    touched = {provider_id for claim in claims for provider_id in claim.wanted}
    resource_providers.hold_all(db, touched | {row.provider_id for row in before if row.consumer_id in emptied})
    # Only now, as holder of the rows that guard them, can usage be counted.
    if known:
        db.run(FORGET_ALLOCATIONS, ids=sorted(known))
    given_back = _sums(before)
    refuse_what_does_not_fit(all_by_ids(db, STOCKS_OF_PROVIDERS, sorted(touched)), _amounts(claims), given_back)
    for claim in claims:
        _write(db, claim, known.get(claim.consumer_id))


def _refuse_stale(claim: Claim, consumer: Consumer | None) -> None:
    standing = consumer.generation if consumer else None
    if claim.generation not in (UNSET, standing):
        raise Conflict(
            "consumer generation conflict - expected {standing} but got {given}",
            standing="null" if standing is None else standing,
            given=claim.generation,
            kind="placement.concurrent_update",
        )


def _refuse_unknown(db: Db, claims: Sequence[Claim], refusal: str) -> None:
    wanted = {provider_id for claim in claims for provider_id in claim.wanted}
    if missing := wanted - {provider.id for provider in all_by_ids(db, BY_IDS, sorted(wanted))}:
        raise BadRequest("Allocation for resource provider '{id}' that does not exist.", id=min(missing))
    names = {name for _, name, _ in _amounts(claims)}
    if unknown := resource_classes.unknown(db, names):
        raise BadRequest("{refusal}No such resource class {name}.", refusal=refusal, name=unknown[0])


def _amounts(claims: Sequence[Claim]) -> list[tuple[str, str, int]]:
    return [
        (provider_id, name, amount)
        for claim in claims
        for provider_id, resources in claim.wanted.items()
        for name, amount in resources.items()
    ]


def _sums(rows: Sequence[Allocation]) -> Mapping[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row.provider_id, row.resource_class)
        sums[key] = sums.get(key, 0) + row.used
    return sums


def _write(db: Db, claim: Claim, consumer: Consumer | None) -> None:
    if not claim.wanted:
        if consumer is not None and not db.delete(consumers, id=consumer.id, generation=consumer.generation):
            raise Conflict(RACED, kind="placement.concurrent_update")
        return
    if consumer is None:
        kind = None if claim.type is UNSET else claim.type
        made = Consumer(claim.consumer_id, claim.project_id, claim.user_id, kind, 1, now())
        with unique(RACED):
            db.insert(consumers, made)
    else:
        _count_up(db, claim, consumer)
    moment = now()
    rows = [
        Allocation(claim.consumer_id, provider_id, name, amount, moment)
        for provider_id, name, amount in _amounts([claim])
    ]
    db.insert_all(allocations, rows)


def _count_up(db: Db, claim: Claim, consumer: Consumer) -> None:
    matched = db.update(
        consumers,
        {"id": consumer.id, "generation": consumer.generation},
        generation=consumer.generation + 1,
        project_id=claim.project_id,
        user_id=claim.user_id,
        type=consumer.type if claim.type is UNSET else claim.type,
    )
    if not matched:
        raise Conflict(RACED, kind="placement.concurrent_update")


def release(db: Db, consumer_id: str) -> bool:
    """Let go of all that a consumer holds; whether it held anything."""
    held = db.run(FORGET_ALLOCATIONS, ids=[consumer_id])
    db.run(FORGET_CONSUMERS, ids=[consumer_id])
    return held > 0


def delete(db: Db, consumer_id: str) -> None:
    """Let go of all that a consumer holds; NotFound if that is nothing."""
    if not release(db, consumer_id):
        raise NotFound("No allocations for consumer '{id}'", id=consumer_id)
