"""The list of projects, by columns, by parts of names and by tags."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from sqlalchemy import ColumnElement, Select, bindparam, func, select

from haneul.kernel.db import Db
from haneul.kernel.db.listing import Clause, Page
from haneul.kernel.schema import UNSET, UnsetType
from haneul.services.identity.filters import booleans
from haneul.services.identity.inexact import inexact
from haneul.services.identity.projects import logic
from haneul.services.identity.projects.models import Project, project_tags, projects
from haneul.services.identity.projects.schemas import ProjectQuery

BY_PART = {name: projects.c[name] for name in ("name", "domain_id", "parent_id")}
DOMAINS_BY_PART = {"name": projects.c.name}
OWN_FILTERS = ("domain_id", "parent_id", "name", "enabled", "is_domain")


def list_(
    db: Db, page: Page, query: ProjectQuery, parameters: Mapping[str, Sequence[str]], *, within: str | None
) -> list[Project]:
    """One page; `within` is the domain that bounds what the caller sees. `parameters` are all of the query."""
    found = booleans(query, "enabled", "is_domain")
    filters = {name: found[name] for name in OWN_FILTERS if name in found}
    filters.setdefault("is_domain", False)
    if within is not None and filters.setdefault("domain_id", within) != within:
        return []
    return logic.list_(db, page, filters, [*_by_tags(query), *inexact(db, parameters, BY_PART)])


def _by_tags(query: ProjectQuery) -> list[Clause]:
    asked: tuple[tuple[str, str | UnsetType, Callable[[str], Select[tuple[str]]]], ...] = (
        ("tags", query.tags, _with_all),
        ("tags_any", query.tags_any, _with_any),
        ("not_tags", query.not_tags, _with_all),
        ("not_tags_any", query.not_tags_any, _with_any),
    )
    found = []
    for name, text, tagged in asked:
        if text is not UNSET:
            names = sorted(set(text.split(",")))
            values = {f"{name}_names": names, **({f"{name}_count": len(names)} if tagged is _with_all else {})}
            found.append(Clause(name, partial(_condition, name, tagged), values))
    return found


def _condition(name: str, tagged: Callable[[str], Select[tuple[str]]]) -> ColumnElement[bool]:
    those = tagged(name)
    return projects.c.id.not_in(those) if name.startswith("not_") else projects.c.id.in_(those)


def _with_any(name: str) -> Select[tuple[str]]:
    """The projects that have one of the tags."""
    tag = project_tags.c
    return select(tag.project_id).where(tag.name.in_(bindparam(f"{name}_names", expanding=True)))


def _with_all(name: str) -> Select[tuple[str]]:
    """The projects that have every one of the tags."""
    return _with_any(name).group_by(project_tags.c.project_id).having(func.count() == bindparam(f"{name}_count"))
