import uuid
from collections.abc import Collection

from sqlalchemy import bindparam, select, update

from haneul.kernel.clock import now
from haneul.kernel.db import Db, unique
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.kernel.ids import new_uuid
from haneul.kernel.schema import UNSET
from haneul.services.placement.aggregates.models import provider_aggregates
from haneul.services.placement.allocations.models import allocations
from haneul.services.placement.inventories.models import inventories
from haneul.services.placement.resource_providers.models import Provider, providers
from haneul.services.placement.resource_providers.queries import BY_ID, BY_NAME, CHILD, TREES_HELD
from haneul.services.placement.resource_providers.schemas import (
    ProviderCreate,
    ProviderCreateInTree,
    ProviderUpdate,
    ProviderUpdateInTree,
)
from haneul.services.placement.traits.models import provider_traits

CHANGED = "Another thread concurrently updated the resource provider data. Please retry your update"
STALE = "Resource provider's generation already changed. Please update the generation and try again."
DUPLICATE = "Conflicting resource provider {duplicate} already exists."
COUNT_UP = (
    update(providers)
    .where(providers.c.id == bindparam("provider_id"))
    .values(generation=providers.c.generation + 1, updated_at=bindparam("moment"))
)
MOVE = (
    update(providers)
    .where(providers.c.id.in_(bindparam("ids", expanding=True)))
    .values(root_id=bindparam("new_root_id"), updated_at=bindparam("moment"))
)
HAS_ALLOCATION = select(allocations.c.provider_id).where(allocations.c.provider_id == bindparam("id")).limit(1)


def get(db: Db, provider_id: str) -> Provider:
    """The provider; NotFound."""
    provider = db.one(BY_ID, id=provider_id)
    if provider is None:
        raise NotFound("No resource provider with uuid {id} found", id=provider_id)
    return provider


def hold(db: Db, provider: Provider, refusal: str = CHANGED) -> Provider:
    """Count the generation up from the one known; Conflict if somebody else did so meanwhile."""
    where = {"id": provider.id, "generation": provider.generation}
    if not db.update(providers, where, generation=provider.generation + 1, updated_at=now()):
        raise Conflict(refusal, kind="placement.concurrent_update")
    return get(db, provider.id)


def hold_all(db: Db, provider_ids: Collection[str]) -> None:
    """Count generations up whatever they are; until the end of the transaction nobody else can.

    What is read of these providers afterwards is what stands, on every database: the row is locked first. In the order
    of ids, so that two transactions that want the same providers wait for each other and don't block each other.
    """
    moment = now()
    for provider_id in sorted(provider_ids):
        db.run(COUNT_UP, provider_id=provider_id, moment=moment)


def create(db: Db, wanted: ProviderCreate) -> Provider:
    """Insert a provider, under its parent if it names one; Conflict if its id or name is taken."""
    provider_id = str(uuid.UUID(wanted.uuid)) if wanted.uuid else new_uuid()
    parent_id = wanted.parent_provider_uuid if isinstance(wanted, ProviderCreateInTree) else None
    if not wanted.name:
        raise _not_created(wanted.name, provider_id, "name is required")
    if parent_id == provider_id:
        reason = "parent provider UUID cannot be same as UUID. Please set parent provider UUID to None if there is no "
        raise _not_created(wanted.name, provider_id, reason + "parent.")
    parent = db.one(BY_ID, id=parent_id) if parent_id is not None else None
    if parent_id is not None and parent is None:
        raise _not_created(wanted.name, provider_id, "parent provider UUID does not exist.")
    _refuse_duplicate(db, provider_id, wanted.name)
    moment = now()
    root_id = parent.root_id if parent else provider_id
    provider = Provider(provider_id, wanted.name, 0, parent_id, root_id, moment, moment)
    with unique(DUPLICATE, duplicate=f"name: {wanted.name}"):
        return db.insert(providers, provider)


def _not_created(name: str, provider_id: str, reason: str) -> BadRequest:
    return BadRequest(
        'Unable to create resource provider "{name}", {id}: Object action create failed because: {reason}',
        name=name,
        id=provider_id,
        reason=reason,
    )


def _refuse_duplicate(db: Db, provider_id: str, name: str) -> None:
    taken = [f"uuid: {provider_id}"] if db.one(BY_ID, id=provider_id) else []
    taken += [f"name: {name}"] if db.one(BY_NAME, name=name) else []
    if taken:
        raise Conflict(DUPLICATE, duplicate=", ".join(taken), kind="placement.duplicate_name")


def update_(db: Db, provider: Provider, wanted: ProviderUpdate, *, may_move: bool) -> Provider:
    """Rename a provider and, if the body names a parent, hang it there; only `may_move` lets it leave an old one."""
    parent_id = wanted.parent_provider_uuid if isinstance(wanted, ProviderUpdateInTree) else UNSET
    if parent_id is not UNSET:
        _hang(db, provider, parent_id, may_move=may_move)
    other = db.one(BY_NAME, name=wanted.name)
    if other is not None and other.id != provider.id:
        raise Conflict(
            "Conflicting resource provider {name} already exists.", name=wanted.name, kind="placement.duplicate_name"
        )
    with unique("Conflicting resource provider {name} already exists.", name=wanted.name):
        db.update(providers, {"id": provider.id}, name=wanted.name, updated_at=now())
    return get(db, provider.id)


def _hang(db: Db, provider: Provider, parent_id: str | None, *, may_move: bool) -> None:
    parent = db.one(BY_ID, id=parent_id) if parent_id is not None else None
    if parent_id is not None and parent is None:
        raise _not_saved(provider, "create", "parent provider UUID does not exist.")
    if provider.parent_id not in (None, parent_id) and not may_move:
        what = "un-parenting" if parent_id is None else "re-parenting"
        raise _not_saved(provider, "update", f"{what} a provider is not currently allowed.")
    if parent is None and provider.parent_id is None:
        return
    tree = db.all(TREES_HELD, ids=sorted({provider.root_id, parent.root_id if parent else provider.root_id}))
    below = _subtree(provider.id, tree)
    if parent_id in below:
        raise _not_saved(provider, "update", "creating loop in the provider tree is not allowed.")
    db.update(providers, {"id": provider.id}, parent_id=parent_id)
    db.run(MOVE, ids=sorted(below), new_root_id=parent.root_id if parent else provider.id, moment=now())


def _not_saved(provider: Provider, action: str, reason: str) -> BadRequest:
    return BadRequest(
        "Unable to save resource provider {id}: Object action {action} failed because: {reason}",
        id=provider.id,
        action=action,
        reason=reason,
    )


def _subtree(root_id: str, tree: list[Provider]) -> set[str]:
    children: dict[str, list[str]] = {}
    for one in tree:
        if one.parent_id is not None:
            children.setdefault(one.parent_id, []).append(one.id)
    below, ahead = set(), [root_id]
    while ahead:
        one_id = ahead.pop()
        below.add(one_id)
        ahead += children.get(one_id, [])
    return below


def delete(db: Db, provider: Provider) -> None:
    """Delete a provider, with what it has, if nothing stands below it and nobody holds anything of it."""
    if db.one(CHILD, parent_id=provider.id) is not None:
        raise Conflict(
            "Unable to delete parent resource provider {id}: It has child resource providers.",
            id=provider.id,
            kind="placement.resource_provider.cannot_delete_parent",
        )
    refusal = "Unable to delete resource provider {id}: Resource provider has allocations."
    hold_all(db, [provider.id])
    if db.value(HAS_ALLOCATION, id=provider.id) is not None:
        raise Conflict(refusal, id=provider.id, kind="placement.resource_provider.inuse")
    for table in (inventories, provider_aggregates, provider_traits):
        db.delete(table, provider_id=provider.id)
    with unique(refusal, id=provider.id):
        db.delete(providers, id=provider.id)
