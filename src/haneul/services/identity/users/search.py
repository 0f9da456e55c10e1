"""What lists of users may be asked for: names exactly or in part, and when passwords expire."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BindParameter, ColumnElement, bindparam, select

from haneul.kernel.clock import from_iso
from haneul.kernel.db import Db, Time
from haneul.kernel.db.listing import COMPARISONS, Clause, Listing, Page
from haneul.kernel.errors import BadRequest
from haneul.services.identity.expiry import MALFORMED
from haneul.services.identity.filters import booleans
from haneul.services.identity.groups.models import memberships
from haneul.services.identity.inexact import inexact
from haneul.services.identity.users.models import User, users
from haneul.services.identity.users.schemas import UserFilters

# Who logs in by another's word: there are none such.
FEDERATED = frozenset({"idp_id", "protocol_id", "unique_id"})


class Expiry(msgspec.Struct, frozen=True):
    """Passwords that expire before, at or after a moment; those that never expire do neither."""

    operator: str
    moment: datetime

    def fits(self, user: User) -> bool:
        expires_at = user.password_expires_at
        return expires_at is not None and bool(COMPARISONS[self.operator](expires_at, self.moment))


def expiries(asked: Sequence[str] | msgspec.UnsetType) -> list[Expiry]:
    """`lt:2026-01-31T09:30:00Z` and the like, each bounding the others; BadRequest."""
    return [] if isinstance(asked, msgspec.UnsetType) else [_expiry(one) for one in asked]


def _expiry(text: str) -> Expiry:
    operator, given = text.split(":", 1) if ":" in text[2:4] else ("eq", text)
    try:
        moment = from_iso(given)
    except ValueError:
        raise BadRequest("Timestamp not in expected format. " + MALFORMED) from None
    if operator not in COMPARISONS:
        raise BadRequest(
            "The given operator {operator} is not valid. It must be one of the following: 'eq', 'neq', 'lt', 'lte', "
            "'gt', or 'gte'.",
            operator=operator,
        )
    return Expiry(operator, moment)


LISTING = Listing(
    User,
    users,
    filters={name: users.c[name] for name in ("domain_id", "name", "enabled")},
    sorts={"name": users.c.name, "id": users.c.id},
    default_sort=(("name", "asc"),),
    bounds=("domain_id",),
)


class Asked(msgspec.Struct, frozen=True):
    """A list's query, and the parameters among which are parts of names; `within` is the domain that bounds what the
    caller sees, `group_id` the group whose members are meant."""

    filters: UserFilters
    parameters: Mapping[str, Sequence[str]]
    within: str | None
    group_id: str | None = None


def list_(db: Db, page: Page, asked: Asked) -> list[User]:
    """One page of users."""
    clauses = inexact(db, asked.parameters, {"name": users.c.name, "domain_id": users.c.domain_id})
    clauses += [_clause(place, expiry) for place, expiry in enumerate(expiries(asked.filters.password_expires_at))]
    if asked.group_id is not None:
        clauses.append(_in_group(asked.group_id))
    filters = booleans(asked.filters, "enabled")
    filters.pop("password_expires_at", None)
    if asked.within is not None and filters.setdefault("domain_id", asked.within) != asked.within:
        return []
    return [] if filters.keys() & FEDERATED else LISTING.page(db, page, filters, clauses)


def _in_group(group_id: str) -> Clause:
    members = select(memberships.c.user_id).where(memberships.c.group_id == bindparam("in_group"))
    return Clause("in_group", lambda: users.c.id.in_(members), {"in_group": group_id}, is_bound=True)


def _clause(place: int, expiry: Expiry) -> Clause:
    name = f"expiry_{place}"

    def build() -> ColumnElement[bool]:
        parameter: BindParameter[Any] = bindparam(name, type_=Time)
        found: ColumnElement[bool] = COMPARISONS[expiry.operator](users.c.password_expires_at, parameter)
        return found

    return Clause(f"{name}:{expiry.operator}", build, {name: expiry.moment})
