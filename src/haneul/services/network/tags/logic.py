from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Table, bindparam, func, select

from haneul.kernel.db import Db, Query, by, columns_of
from haneul.kernel.db.among import among
from haneul.kernel.db.listing import Clause
from haneul.kernel.errors import BadRequest, NotFound
from haneul.services.network.tags.models import Tag, tags

OF_ONE = by(Tag, tags, "resource_type", "resource_id")
OF_MANY = Query(
    Tag,
    columns_of(Tag, tags).where(tags.c.resource_type == bindparam("resource_type"), among(tags.c.resource_id, "ids")),
)
MANY = 500
MOST_TAGS = 50
"""How many tags a resource may have (neutron: extensions/tagging)."""


def of_one(db: Db, resource_type: str, resource_id: str) -> list[str]:
    """A resource's tags, sorted."""
    return sorted(found.tag for found in db.all(OF_ONE, resource_type=resource_type, resource_id=resource_id))


def of_many(db: Db, resource_type: str, ids: Sequence[str]) -> Mapping[str, list[str]]:
    """The tags of many resources by id; those without have an empty list."""
    if len(ids) == 1:
        return {ids[0]: of_one(db, resource_type, ids[0])}
    found: dict[str, list[str]] = defaultdict(list)
    for start in range(0, len(ids), MANY):
        for tag in db.all(OF_MANY, resource_type=resource_type, ids=ids[start : start + MANY]):
            found[tag.resource_id].append(tag.tag)
    for words in found.values():
        words.sort()
    return found


def add(db: Db, resource_type: str, resource_id: str, words: Sequence[str]) -> bool:
    """Give a resource these tags too; whether it lacked any. BadRequest if it would have more than it may."""
    if not words:
        return False
    have = of_one(db, resource_type, resource_id)
    fresh = [word for word in dict.fromkeys(words) if word not in have]
    _refuse_many(resource_type, len(have) + len(fresh))
    for word in fresh:
        db.insert_missing(tags, Tag(resource_type, resource_id, word))
    return bool(fresh)


def replace(db: Db, resource_type: str, resource_id: str, words: Sequence[str]) -> bool:
    """Make these a resource's tags, and no others; whether that changed any."""
    have = of_one(db, resource_type, resource_id)
    for word in have:
        if word not in words:
            db.delete(tags, resource_type=resource_type, resource_id=resource_id, tag=word)
    return add(db, resource_type, resource_id, words) or not set(have) <= set(words)


def remove(db: Db, resource_type: str, resource_id: str, word: str) -> None:
    """Take one tag away; NotFound if the resource doesn't have it."""
    if not db.delete(tags, resource_type=resource_type, resource_id=resource_id, tag=word):
        raise missing(word)


def missing(word: str) -> NotFound:
    """The refusal of a tag that a resource doesn't have."""
    return NotFound("Tag {tag} could not be found.", kind="TagNotFound", tag=word)


def _refuse_many(resource_type: str, count: int) -> None:
    if count > MOST_TAGS:
        raise BadRequest(
            "Bad {type} request: The number of tags exceed the per-resource limit of {most}.",
            type=resource_type,
            most=MOST_TAGS,
        )


def forget(db: Db, resource_type: str, resource_id: str) -> None:
    """Delete a resource's tags, with the resource."""
    db.delete(tags, resource_type=resource_type, resource_id=resource_id)


def clauses(parameters: Mapping[str, Sequence[str]], resource_type: str, table: Table) -> list[Clause]:
    """The conditions of `tags`, `tags-any`, `not-tags` and `not-tags-any` in a list's query."""
    found = []
    for name in ("tags", "tags-any", "not-tags", "not-tags-any"):
        words = sorted({word for value in parameters.get(name, ()) for word in value.split(",") if word})
        if words:
            found.append(_clause(name, words, resource_type, table))
    return found


def _clause(name: str, words: list[str], resource_type: str, table: Table) -> Clause:
    parameter = name.replace("-", "_")
    is_any = name.endswith("any")

    def build() -> ColumnElement[bool]:
        named = tags.c.tag.in_(bindparam(parameter, expanding=True))
        having = select(tags.c.resource_id).where(tags.c.resource_type == resource_type, named)
        if not is_any:
            having = having.group_by(tags.c.resource_id).having(func.count() == bindparam(f"{parameter}_many"))
        return table.c.id.not_in(having) if name.startswith("not") else table.c.id.in_(having)

    values = {parameter: words} | ({} if is_any else {f"{parameter}_many": len(words)})
    return Clause(name, build, values)
