from collections.abc import Iterable

from sqlalchemy import bindparam, delete, select

from haneul.kernel.db import Db
from haneul.services.placement.aggregates.models import Membership, provider_aggregates
from haneul.services.placement.resource_providers import logic as resource_providers
from haneul.services.placement.resource_providers.models import Provider

OF_PROVIDER = (
    select(provider_aggregates.c.aggregate_id)
    .where(provider_aggregates.c.provider_id == bindparam("provider_id"))
    .order_by(provider_aggregates.c.aggregate_id)
)
LEAVE = delete(provider_aggregates).where(
    provider_aggregates.c.provider_id == bindparam("provider_id"),
    provider_aggregates.c.aggregate_id.in_(bindparam("ids", expanding=True)),
)


def of_provider(db: Db, provider_id: str) -> list[str]:
    """The ids of the aggregates that a provider is in, sorted."""
    return [row[0] for row in db.tuples(OF_PROVIDER, provider_id=provider_id)]


def replace(db: Db, provider: Provider, ids: Iterable[str], *, counted: bool) -> Provider:
    """Put a provider into just these aggregates; `counted`: its generation counts up, as since 1.19."""
    if counted:
        provider = resource_providers.hold(db, provider)
    wanted, has = set(ids), set(of_provider(db, provider.id))
    if has - wanted:
        db.run(LEAVE, provider_id=provider.id, ids=sorted(has - wanted))
    db.insert_all(provider_aggregates, [Membership(provider.id, one) for one in sorted(wanted - has)])
    return provider
