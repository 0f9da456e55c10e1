"""The list of projects, by columns and by tags."""

from collections.abc import Sequence

from haneul.kernel.db import Db
from haneul.kernel.db.listing import Page, Where
from haneul.kernel.schema import UNSET
from haneul.services.identity.filters import booleans
from haneul.services.identity.projects import logic, tags
from haneul.services.identity.projects.models import Project
from haneul.services.identity.projects.schemas import ProjectQuery

TAG_WORDS = ("tags", "tags_any", "not_tags", "not_tags_any")


def list_(db: Db, page: Page, query: ProjectQuery, *, within: str | None) -> list[Project]:
    """One page; `within` is the domain that bounds what the caller sees."""
    filters = booleans(query, "enabled", "is_domain")
    filters.setdefault("is_domain", False)
    if within is not None and filters.setdefault("domain_id", within) != within:
        return []
    if any(name in filters for name in TAG_WORDS):
        filters["id"] = _by_tags(db, query)
        filters = {name: value for name, value in filters.items() if name not in TAG_WORDS}
    return logic.list_(db, page, filters)


def _by_tags(db: Db, query: ProjectQuery) -> Where:
    wanted: set[str] | None = None
    unwanted: set[str] = set()
    if query.tags is not UNSET:
        wanted = tags.with_all(db, _words(query.tags))
    if query.tags_any is not UNSET:
        found = tags.with_any(db, _words(query.tags_any))
        wanted = found if wanted is None else wanted & found
    if query.not_tags is not UNSET:
        unwanted |= tags.with_all(db, _words(query.not_tags))
    if query.not_tags_any is not UNSET:
        unwanted |= tags.with_any(db, _words(query.not_tags_any))
    return Where("nin", sorted(unwanted)) if wanted is None else Where("in", sorted(wanted - unwanted))


def _words(text: str) -> Sequence[str]:
    return text.split(",")
