from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from haneul.kernel.db import Db, by
from haneul.kernel.errors import BadRequest, OverQuota
from haneul.kernel.quota import take
from haneul.services.block_storage.quota_sets.models import ClassLimit, Limit, class_limits
from haneul.services.block_storage.quota_sets.models import limits as limit_table
from haneul.services.block_storage.quota_sets.resources import (
    DEFAULTS,
    OF_TYPES,
    SNAPSHOTS_BY_TYPE,
    VOLUMES_BY_TYPE,
    Key,
    counted,
)
from haneul.services.block_storage.types.models import volume_types

DEFAULT_CLASS = "default"
LARGEST = 0x7FFFFFFF
UNLIMITED = -1
OWN = by(Limit, limit_table, "project_id")
OF_CLASS = by(ClassLimit, class_limits, "class_name")
TYPES = select(volume_types.c.id, volume_types.c.name).order_by(volume_types.c.name)
TOO_MUCH = (
    "Requested volume or snapshot exceeds allowed {names} quota. Requested {requested}G, quota is {limits}G and "
    "{used}G has been consumed."
)
TOO_MANY = "Maximum number of volumes allowed ({limits}) exceeded for quota '{names}'."
TOO_MANY_SNAPSHOTS = "Maximum number of snapshots allowed ({limits}) exceeded"

Limits = dict[Key, int]


def names(db: Db) -> dict[str, Key]:
    """What is limited, by the names that clients use: that of a type stands behind the resource's."""
    types = db.tuples(TYPES)
    of_types = {f"{one}_{name}": Key(one, type_id) for type_id, name in types for one in OF_TYPES}
    return {**{name: Key(name) for name in DEFAULTS}, **of_types}


def defaults(db: Db) -> Limits:
    """The limits of a project for which nobody has set others."""
    return {**{Key(name): most for name, most in DEFAULTS.items()}, **_set_for(db, DEFAULT_CLASS)}


def class_limits_of(db: Db, class_name: str) -> Limits:
    """The limits of a quota class; a class that nobody has touched has the defaults."""
    return defaults(db) | _set_for(db, class_name)


def limits(db: Db, project_id: str) -> Limits:
    """A project's limits; -1, as what is missing, is no limit."""
    return defaults(db) | _own(db, project_id)


def _set_for(db: Db, class_name: str) -> Limits:
    return {Key(one.resource, one.type_id): one.most for one in db.all(OF_CLASS, class_name=class_name)}


def _own(db: Db, project_id: str) -> Limits:
    return {Key(one.resource, one.type_id): one.most for one in db.all(OWN, project_id=project_id)}


def named(db: Db, found: Mapping[Key, Any], otherwise: Any = UNLIMITED) -> dict[str, Any]:
    """Limits or usage by the clients' names."""
    return {name: found.get(key, otherwise) for name, key in names(db).items()}


def usage(db: Db, project_id: str) -> Limits:
    """What a project has of what is limited; nothing is missing that is not 0."""
    found: Limits = {}
    for resource, key, amount in _amounts(db, project_id):
        for one in (Key(resource), Key(resource, key)):
            found[one] = found.get(one, 0) + amount
    return found


def _amounts(db: Db, project_id: str) -> Iterator[tuple[str, str, int]]:
    for resource, statement in (("volumes", VOLUMES_BY_TYPE), ("snapshots", SNAPSHOTS_BY_TYPE)):
        for type_id, count, size_gb in db.tuples(statement, owner_id=project_id):
            yield resource, type_id, int(count)
            yield "gigabytes", type_id, int(size_gb)


def take_volume(db: Db, project_id: str, size_gb: int, type_id: str) -> None:
    """Make sure that one more volume stays within the project's quotas, or OverQuota; insert it in this transaction."""
    found = limits(db, project_id)
    _refuse_large(found, size_gb)
    _take(db, project_id, found, {"gigabytes": size_gb, "volumes": 1}, type_id)


def take_growth(db: Db, project_id: str, from_gb: int, to_gb: int, type_id: str) -> None:
    """Make sure that a volume may grow to this size, or OverQuota; write the size in this transaction."""
    found = limits(db, project_id)
    _refuse_large(found, to_gb)
    _take(db, project_id, found, {"gigabytes": to_gb - from_gb}, type_id)


def take_snapshot(db: Db, project_id: str, size_gb: int, type_id: str) -> None:
    """Make sure that one more snapshot stays within the project's quotas, or OverQuota; insert it here."""
    _take(db, project_id, limits(db, project_id), {"gigabytes": size_gb, "snapshots": 1}, type_id)


def take_transfer(db: Db, project_id: str, type_id: str, sizes_gb: Sequence[int]) -> None:
    """Make sure that the project may get a volume, whose size comes first, and its snapshots from another one."""
    deltas = {"gigabytes": sum(sizes_gb), "volumes": 1, "snapshots": len(sizes_gb) - 1}
    _take(db, project_id, limits(db, project_id), deltas, type_id)


def take_type(db: Db, project_id: str, size_gb: int, type_id: str) -> None:
    """Make sure that a volume of the project may become one of this type, or OverQuota; write the type here."""
    found = {key: most for key, most in limits(db, project_id).items() if key.type_id == type_id}
    _take(db, project_id, found, {"gigabytes": size_gb, "volumes": 1}, type_id)


def _refuse_large(found: Limits, size_gb: int) -> None:
    most = found[Key("per_volume_gigabytes")]
    if UNLIMITED < most < size_gb:
        raise OverQuota(
            "Requested volume size {size}G is larger than maximum allowed limit {limit}G.", size=size_gb, limit=most
        )


TEMPLATES = {"gigabytes": TOO_MUCH, "volumes": TOO_MANY, "snapshots": TOO_MANY_SNAPSHOTS}


def _take(db: Db, project_id: str, found: Limits, deltas: Mapping[str, int], type_id: str) -> None:
    """Take each in turn, in Cinder's order, so that the refusal is about the one that Cinder names."""
    for resource in sorted(deltas):
        for key in (Key(resource), Key(resource, type_id)):
            most = found.get(key, UNLIMITED)
            if most != UNLIMITED:
                one = counted(key, _name_of(db, key))
                take(db, project_id, one, deltas[resource], most, TEMPLATES[resource])


def _name_of(db: Db, key: Key) -> str:
    return next((name for name, one in names(db).items() if one == key), key.resource) if key.type_id else key.resource


def set_limits(db: Db, project_id: str, wanted: Mapping[str, Any]) -> None:
    """Set a project's limits; BadRequest for what is not limited, is no number, or is below what is used."""
    understood = _understood(db, wanted, "Bad key(s) in quota set: {names}")
    own, in_use = _own(db, project_id), usage(db, project_id)
    for name, (key, most) in understood.items():
        _refuse_below(name, most, in_use.get(key, 0) if key in own else 0)
    for key, most in understood.values():
        where = {"project_id": project_id, "resource": key.resource, "type_id": key.type_id}
        if not db.update(limit_table, where, most=most):
            db.insert_missing(limit_table, Limit(project_id, key.resource, key.type_id, most))


def _refuse_below(name: str, most: int, used: int) -> None:
    if name != "per_volume_gigabytes" and UNLIMITED < most < used:
        raise BadRequest(
            "Quota {key} limit must be equal or greater than existing resources. Current usage is {usage} and the "
            "requested limit is {limit}.",
            key=name,
            usage=used,
            limit=most,
        )


def set_class_limits(db: Db, class_name: str, wanted: Mapping[str, Any]) -> None:
    """Set a quota class's limits; BadRequest for what is not limited or is no number."""
    for key, most in _understood(db, wanted, "Bad key(s) in quota class set: {names}").values():
        where = {"class_name": class_name, "resource": key.resource, "type_id": key.type_id}
        if not db.update(class_limits, where, most=most):
            db.insert_missing(class_limits, ClassLimit(class_name, key.resource, key.type_id, most))


def forget_limits(db: Db, project_id: str) -> None:
    """Give a project the default limits again."""
    db.delete(limit_table, project_id=project_id)


def forget_type(db: Db, type_id: str) -> None:
    """A volume type is no more, nor are limits for it."""
    db.delete(limit_table, type_id=type_id)
    db.delete(class_limits, type_id=type_id)


def _understood(db: Db, wanted: Mapping[str, Any], refusal: str) -> dict[str, tuple[Key, int]]:
    known = names(db)
    _refuse_unknown(wanted.keys() - known.keys(), refusal)
    return {name: (known[name], _number(name, given)) for name, given in wanted.items()}


def _refuse_unknown(unknown: Iterable[str], refusal: str) -> None:
    if found := sorted(unknown):
        raise BadRequest("Invalid input received: " + refusal, names=", ".join(found)[:255])


def _number(name: str, given: Any) -> int:
    text = str(given)
    digits = text.removeprefix("-")
    if isinstance(given, bool) or not (digits.isascii() and digits.isdigit()):
        raise BadRequest("{name} must be an integer.", name=name)
    number = int(text[:20])
    if number < UNLIMITED:
        raise BadRequest("{name} must be >= -1", name=name)
    if number > LARGEST:
        raise BadRequest("{name} must be <= {most}", name=name, most=LARGEST)
    return number
