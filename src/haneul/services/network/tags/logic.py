from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Table, bindparam, func, select

from haneul.kernel.db import Db, Query, by, columns_of
from haneul.kernel.db.listing import Clause
from haneul.services.network.tags.models import Tag, tags

OF_ONE = by(Tag, tags, "resource_type", "resource_id")
OF_MANY = Query(
    Tag,
    columns_of(Tag, tags).where(
        tags.c.resource_type == bindparam("resource_type"), tags.c.resource_id.in_(bindparam("ids", expanding=True))
    ),
)
MANY = 500
ALL_OF_TYPE = by(Tag, tags, "resource_type")


def of_one(db: Db, resource_type: str, resource_id: str) -> list[str]:
    """A resource's tags, sorted."""
    return sorted(found.tag for found in db.all(OF_ONE, resource_type=resource_type, resource_id=resource_id))


def of_many(db: Db, resource_type: str, ids: Sequence[str]) -> Mapping[str, list[str]]:
    """The tags of many resources by id; those without have an empty list."""
    found: dict[str, list[str]] = defaultdict(list)
    for start in range(0, len(ids), MANY):
        for tag in db.all(OF_MANY, resource_type=resource_type, ids=ids[start : start + MANY]):
            found[tag.resource_id].append(tag.tag)
    for words in found.values():
        words.sort()
    return found


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
