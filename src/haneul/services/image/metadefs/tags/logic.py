from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import bindparam

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of, unique
from haneul.kernel.db.among import among
from haneul.kernel.db.listing import Listing, Page
from haneul.kernel.errors import Conflict, Forbidden, NotFound
from haneul.services.image.metadefs.limits import count_of, refuse_full, refuse_many
from haneul.services.image.metadefs.namespaces.models import Namespace
from haneul.services.image.metadefs.tags.models import Tag, tags

ONE = by(Tag, tags, "namespace_id", "folded")
OF_NAMESPACES = Query(
    Tag,
    columns_of(Tag, tags)
    .where(among(tags.c.namespace_id, "namespace_ids"))
    .order_by(tags.c.namespace_id, tags.c.created_at.desc(), tags.c.folded.desc()),
)
AMONG = Query(
    Tag,
    columns_of(Tag, tags).where(tags.c.namespace_id == bindparam("namespace_id"), among(tags.c.folded, "folded")),
)
COUNT = count_of(tags)
LISTING = Listing(
    Tag,
    tags,
    filters={"namespace_id": tags.c.namespace_id},
    sorts={"name": tags.c.name, "created_at": tags.c.created_at, "updated_at": tags.c.updated_at},
    default_sort=(("created_at", "desc"),),
    key="folded",
    bounds=("namespace_id",),
)
EXISTS = (
    "A metadata tag with name={name} already exists in namespace={namespace}. (Please note that metadata tag names are "
    "case insensitive)."
)


def list_(db: Db, namespace: Namespace, page: Page, marker: str | None) -> list[Tag]:
    """A page of tags behind the one of the marker's name; NotFound if there is none."""
    behind = None if marker is None else get(db, namespace, marker).folded
    return LISTING.page(db, Page(page.limit, behind, page.sort), {"namespace_id": namespace.id})


def get(db: Db, namespace: Namespace, name: str) -> Tag:
    """One tag; NotFound."""
    found = db.one(ONE, namespace_id=namespace.id, folded=name.casefold())
    if found is None:
        raise NotFound("Could not find metadata tag {name}", name=name)
    return found


def rows_of(namespace_id: str, names: Sequence[str]) -> list[Tag]:
    """The rows of new tags, a microsecond apart: lists go by age, and what is given last counts as the youngest."""
    moments = [now() + timedelta(microseconds=number) for number in range(len(names))]
    return [Tag(namespace_id, name.casefold(), name, at, at) for name, at in zip(names, moments, strict=True)]


def create(db: Db, namespace: Namespace, name: str) -> Tag:
    """Insert a tag; Conflict if the namespace has it, be it in other letters."""
    refuse_full(db, COUNT, namespace.id, "tags")
    with unique(EXISTS, name=name, namespace=namespace.namespace):
        return db.insert(tags, rows_of(namespace.id, [name])[0])


def create_many(db: Db, namespace: Namespace, names: Sequence[str], *, append: bool) -> None:
    """Insert tags beside those that are there or, if there are any names, in their place; Conflict for one twice."""
    refuse_twice(namespace.namespace, names)
    if names and not append:
        delete_all(db, namespace)
    there = int(db.value(COUNT, namespace_id=namespace.id))
    refuse_many(there + len(names), "tags")
    rows = rows_of(namespace.id, names)
    if there and (known := db.all(AMONG, namespace_id=namespace.id, folded=[row.folded for row in rows])):
        raise Conflict(EXISTS, name=known[0].name, namespace=namespace.namespace)
    with unique(EXISTS, name=", ".join(names[:1]), namespace=namespace.namespace):
        db.insert_all(tags, rows)


def refuse_twice(namespace_name: str, names: Sequence[str]) -> None:
    """Conflict for a tag that is named twice."""
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise Conflict(EXISTS, name=name, namespace=namespace_name)
        seen.add(name.casefold())


def update(db: Db, namespace: Namespace, name: str, new_name: str) -> Tag:
    """Give a tag another name; Conflict if the namespace has that."""
    old = get(db, namespace, name)
    with unique(EXISTS, name=new_name, namespace=namespace.namespace):
        where = {"namespace_id": namespace.id, "folded": old.folded}
        db.update(tags, where, folded=new_name.casefold(), name=new_name, updated_at=now())
    return get(db, namespace, new_name)


def delete(db: Db, namespace: Namespace, name: str) -> None:
    """Delete a tag; Forbidden in a protected namespace."""
    found = get(db, namespace, name)
    if namespace.protected:
        raise Forbidden("Metadata definition tag {name} is protected and cannot be deleted.", name=found.name)
    db.delete(tags, namespace_id=namespace.id, folded=found.folded)


def delete_all(db: Db, namespace: Namespace) -> None:
    db.delete(tags, namespace_id=namespace.id)
