from collections.abc import Callable, Iterable
from pathlib import Path

from sqlalchemy import bindparam, delete, select

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of, unique
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.services.placement.resource_providers import logic as resource_providers
from haneul.services.placement.resource_providers.models import Provider
from haneul.services.placement.traits.models import ProviderTrait, Trait, provider_traits, traits

STANDARD = frozenset((Path(__file__).parent / "standard.txt").read_text().split())
BY_NAME = by(Trait, traits, "name")
BY_NAME_HELD = Query(Trait, BY_NAME.statement.with_for_update())
CUSTOM = Query(Trait, columns_of(Trait, traits))
# Shared locks, so that nobody deletes a trait while a provider is being given it.
OF_NAMES = select(traits.c.name).where(traits.c.name.in_(bindparam("names", expanding=True)))
OF_NAMES_HELD = OF_NAMES.with_for_update(read=True)
OF_PROVIDER = select(provider_traits.c.trait).where(provider_traits.c.provider_id == bindparam("provider_id"))
ASSOCIATED = select(provider_traits.c.trait).distinct()
IN_USE = select(provider_traits.c.provider_id).where(provider_traits.c.trait == bindparam("name")).limit(1)
TAKE_AWAY = delete(provider_traits).where(
    provider_traits.c.provider_id == bindparam("provider_id"),
    provider_traits.c.trait.in_(bindparam("names", expanding=True)),
)


def in_order(names: Iterable[str]) -> list[str]:
    """Standard traits first."""
    return sorted(names, key=lambda name: (name not in STANDARD, name))


def unknown(db: Db, names: Iterable[str], *, hold: bool = False) -> list[str]:
    """Those of the names that are no traits, sorted; `hold` keeps the others until the transaction ends."""
    custom = set(names) - STANDARD
    if not custom:
        return []
    found = db.tuples(OF_NAMES_HELD if hold else OF_NAMES, names=sorted(custom))
    return sorted(custom - {row[0] for row in found})


def list_(db: Db, wanted: Callable[[str], bool], *, associated: bool | None) -> list[str]:
    """The names of all traits that are wanted, in order; `associated`: only those that providers have, or have not."""
    names = {name for name in STANDARD if wanted(name)} | {one.name for one in db.all(CUSTOM) if wanted(one.name)}
    if associated is not None:
        held = {row[0] for row in db.tuples(ASSOCIATED)}
        names = names & held if associated else names - held
    return in_order(names)


def get(db: Db, name: str) -> Trait:
    """The trait; a standard one has always been there, which is told as now. NotFound."""
    if name in STANDARD:
        return Trait(name, now())
    found = db.one(BY_NAME, name=name)
    if found is None:
        raise NotFound("No such trait(s): {name}.", name=name)
    return found


def ensure(db: Db, name: str) -> tuple[Trait, bool]:
    """The trait, and whether it had to be made."""
    found = db.one(BY_NAME, name=name)
    if found is not None:
        return found, False
    with unique("The Trait {name} already exists", name=name):
        return db.insert(traits, Trait(name, now())), True


def delete_(db: Db, name: str) -> None:
    """Delete a trait of one's own that no provider has."""
    if name in STANDARD:
        raise BadRequest("Cannot delete standard trait {name}.", name=name)
    if db.one(BY_NAME_HELD, name=name) is None:
        raise NotFound("No such trait(s): {name}.", name=name)
    if db.value(IN_USE, name=name) is not None:
        raise Conflict("The trait {name} is in use by a resource provider.", name=name)
    db.delete(traits, name=name)


def of_provider(db: Db, provider_id: str) -> list[str]:
    """The names of a provider's traits, in order."""
    return in_order(row[0] for row in db.tuples(OF_PROVIDER, provider_id=provider_id))


def replace(db: Db, provider: Provider, names: Iterable[str]) -> Provider:
    """Make a provider's traits these; its generation counts up if they weren't. BadRequest for unknown names."""
    wanted = set(names)
    if missing := unknown(db, wanted, hold=True):
        raise BadRequest("No such trait {names}", names=", ".join(missing))
    has = set(of_provider(db, provider.id))
    if has == wanted:
        return provider
    provider = resource_providers.hold(db, provider)
    if has - wanted:
        db.run(TAKE_AWAY, provider_id=provider.id, names=sorted(has - wanted))
    db.insert_all(provider_traits, [ProviderTrait(provider.id, name) for name in sorted(wanted - has)])
    return provider
