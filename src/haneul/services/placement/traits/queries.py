from collections.abc import Collection

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Query
from haneul.services.placement.query_words import Wanted
from haneul.services.placement.resource_providers.models import providers
from haneul.services.placement.traits.models import ProviderTrait, provider_traits

_PAIRS = select(provider_traits.c.provider_id, provider_traits.c.trait)
HAVING_ANY = Query(ProviderTrait, _PAIRS.where(provider_traits.c.trait.in_(bindparam("names", expanding=True))))
OF_TREES = Query(
    ProviderTrait,
    _PAIRS.join(providers, providers.c.id == provider_traits.c.provider_id).where(
        providers.c.root_id.in_(bindparam("ids", expanding=True))
    ),
)


def holders(db: Db, names: Collection[str]) -> dict[str, set[str]]:
    """Of these traits, those that each provider has; providers that have none are left out."""
    found: dict[str, set[str]] = {}
    for row in db.all(HAVING_ANY, names=list(names)) if names else ():
        found.setdefault(row.provider_id, set()).add(row.trait)
    return found


def providers_meeting(wanted: Wanted, held: dict[str, set[str]]) -> set[str]:
    """The providers that have what is required; without requirements, nobody is told apart."""
    return {provider for provider, names in held.items() if all(not one.isdisjoint(names) for one in wanted.required)}
