"""A list's filters by tags. Source: Compute API reference, "Filtering by tags"."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, bindparam, func, not_, or_, type_coerce

from haneul.kernel.db.listing import Clause
from haneul.kernel.http import Call
from haneul.kernel.schema import UNSET
from haneul.services.compute.servers.models import servers
from haneul.services.compute.servers.schemas import ServerFilters

Joined = Callable[..., ColumnElement[bool]]
SINCE = "2.26"
_kept = type_coerce(servers.c.tags, Text)


def clauses_of(call: Call, query: ServerFilters) -> Sequence[Clause]:
    """The conditions that the query's tags make: all of them, one of them, not all of them, none of them."""
    if not call.at_least(SINCE):
        return ()
    asked: tuple[tuple[str, Any, Joined], ...] = (
        ("all", query.tags, and_),
        ("any", query.tags_any, or_),
        ("not_all", query.not_tags, lambda *has: not_(and_(*has))),
        ("not_any", query.not_tags_any, lambda *has: not_(or_(*has))),
    )
    return [_clause(name, given.split(","), joined) for name, given, joined in asked if given is not UNSET]


def _clause(name: str, tags: Sequence[str], joined: Joined) -> Clause:
    values = {f"tags_{name}_{number}": f",{tag}," for number, tag in enumerate(tags)}
    return Clause(f"tags_{name}_{len(tags)}", lambda: joined(*map(_has, values)), values)


def _has(parameter: str) -> ColumnElement[bool]:
    """Taking the tag out changes the text: of what finds a text in another, this alone minds case on every database."""
    taken_out: ColumnElement[str] = func.replace(_kept, bindparam(parameter, type_=Text()), "")
    return taken_out != _kept
