from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import bindparam, select

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of, unique
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.services.placement.allocations.models import allocations
from haneul.services.placement.inventories.models import inventories
from haneul.services.placement.resource_classes.models import ResourceClass, resource_classes

STANDARD = tuple((Path(__file__).parent / "standard.txt").read_text().split())
_STANDARD = frozenset(STANDARD)
BY_NAME = by(ResourceClass, resource_classes, "name")
BY_NAME_HELD = Query(ResourceClass, BY_NAME.statement.with_for_update())
CUSTOM = Query(
    ResourceClass,
    columns_of(ResourceClass, resource_classes).order_by(resource_classes.c.created_at, resource_classes.c.name),
)
# Shared locks, so that nobody deletes a class while an inventory of it is being written.
OF_NAMES = select(resource_classes.c.name).where(resource_classes.c.name.in_(bindparam("names", expanding=True)))
OF_NAMES_HELD = OF_NAMES.with_for_update(read=True)
IN_USE = select(inventories.c.provider_id).where(inventories.c.resource_class == bindparam("name")).limit(1)


def unknown(db: Db, names: Iterable[str], *, hold: bool = False) -> list[str]:
    """Those of the names that are no resource classes, sorted; `hold` keeps the others until the transaction ends."""
    custom = set(names) - _STANDARD
    if not custom:
        return []
    found = db.tuples(OF_NAMES_HELD if hold else OF_NAMES, names=sorted(custom))
    return sorted(custom - {row[0] for row in found})


def in_order(names: Iterable[str]) -> list[str]:
    """Standard classes first, in the order of their standard."""
    return sorted(names, key=lambda name: (STANDARD.index(name) if name in _STANDARD else len(STANDARD), name))


def list_custom(db: Db) -> list[ResourceClass]:
    return db.all(CUSTOM)


def get(db: Db, name: str) -> ResourceClass:
    """The class; a standard one has always been there, which is told as now. NotFound."""
    if name in _STANDARD:
        return ResourceClass(name, now())
    found = db.one(BY_NAME, name=name)
    if found is None:
        raise NotFound("No such resource class {name}.", name=name)
    return found


def create(db: Db, name: str) -> ResourceClass:
    """Insert a class of one's own; Conflict if there is one of that name."""
    with unique("Conflicting resource class already exists: {name}", name=name):
        return db.insert(resource_classes, ResourceClass(name, now()))


def ensure(db: Db, name: str) -> bool:
    """Make the class if it isn't there; whether it had to be made."""
    if not unknown(db, [name]):
        return False
    create(db, name)
    return True


def rename(db: Db, name: str, new_name: str) -> ResourceClass:
    """Give a class of one's own another name, in inventories and allocations too."""
    if name in _STANDARD:
        raise BadRequest("Cannot update standard resource class {name}", name=name)
    found = _held(db, name)
    if new_name != name and db.one(BY_NAME, name=new_name) is not None:
        raise Conflict("Resource class already exists: {name}", name=new_name)
    with unique("Resource class already exists: {name}", name=new_name):
        db.update(resource_classes, {"name": name}, name=new_name)
    for table in (inventories, allocations):
        db.update(table, {"resource_class": name}, resource_class=new_name)
    return ResourceClass(new_name, found.created_at)


def delete(db: Db, name: str) -> None:
    """Delete a class of one's own that no inventory has."""
    if name in _STANDARD:
        raise BadRequest("Error in delete resource class: Cannot delete standard resource class {name}.", name=name)
    _held(db, name)
    if db.value(IN_USE, name=name) is not None:
        raise Conflict(
            "Error in delete resource class: Cannot delete resource class {name}. Class is in use in inventory.",
            name=name,
        )
    db.delete(resource_classes, name=name)


def _held(db: Db, name: str) -> ResourceClass:
    found = db.one(BY_NAME_HELD, name=name)
    if found is None:
        raise NotFound("No such resource class {name}.", name=name)
    return found
