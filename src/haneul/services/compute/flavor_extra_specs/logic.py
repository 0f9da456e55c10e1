from collections.abc import Mapping

from haneul.kernel.db import Db, by, unique
from haneul.kernel.errors import BadRequest, NotFound
from haneul.services.compute.flavor_extra_specs.known import refuse_unfit
from haneul.services.compute.flavors.models import ExtraSpec, Flavor, extra_specs

BY_KEY = by(ExtraSpec, extra_specs, "flavor_id", "key")


def get(db: Db, flavor: Flavor, key: str) -> ExtraSpec:
    """One of a flavor's extra specs; NotFound."""
    spec = db.one(BY_KEY, flavor_id=flavor.id, key=key)
    if spec is None:
        raise NotFound("Flavor {id} has no extra specs with key {key}.", id=flavor.id, key=key)
    return spec


def set_(db: Db, flavor: Flavor, specs: Mapping[str, str | int | float], *, is_checked: bool) -> None:
    """Set these specs and leave others; Conflict when somebody else sets the same now.

    `is_checked` refuses what Nova's reference does not know.
    """
    for key, value in specs.items():
        text = str(value)
        if len(text) > 255:
            raise BadRequest("extra_specs value has {length} characters, more than 255.", length=len(text))
        if is_checked:
            refuse_unfit(key, text)
        if not db.update(extra_specs, {"flavor_id": flavor.id, "key": key}, value=text):
            with unique("Flavor {id} extra spec cannot be updated or created after 1 retries.", id=flavor.id):
                db.insert(extra_specs, ExtraSpec(flavor.id, key, text))


def delete(db: Db, flavor: Flavor, key: str) -> None:
    """Take a spec away; NotFound."""
    db.delete(extra_specs, flavor_id=flavor.id, key=get(db, flavor, key).key)
