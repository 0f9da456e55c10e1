from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, String, UniqueConstraint

from haneul.kernel.db import Json, Row, Table, Text, Time

GLOBAL = "<<null>>"
"""The domain of roles that belong to none, so that their names are unique on every database."""


class Role(Row):
    """A role; of one domain only where `domain_id` names one."""

    id: str
    name: str
    domain_id: str
    description: str | None
    options: dict[str, Any]
    extra: dict[str, Any]
    created_at: datetime

    @property
    def owner_id(self) -> str:
        """The domain whose own it is; empty for a role of the whole cloud."""
        return "" if self.domain_id == GLOBAL else self.domain_id

    @property
    def target(self) -> dict[str, str | None]:
        """The role as rules see it: one of no domain has none."""
        return {"id": self.id, "name": self.name, "domain_id": self.owner_id or None}


roles = Table(
    "identity_roles",
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("domain_id", String(64), nullable=False),
    Column("description", Text),
    Column("options", Json, nullable=False),
    Column("extra", Json, nullable=False),
    Column("created_at", Time, nullable=False),
    UniqueConstraint("domain_id", "name"),
    Index("ix_identity_roles_listed", "domain_id", "name", "id"),
)


class ImpliedRole(Row):
    """Who has the prior role has the implied one too."""

    prior_role_id: str
    implied_role_id: str


implied_roles = Table(
    "identity_implied_roles",
    Column("prior_role_id", String(64), ForeignKey("identity_roles.id", ondelete="CASCADE"), primary_key=True),
    Column("implied_role_id", String(64), ForeignKey("identity_roles.id", ondelete="CASCADE"), primary_key=True),
)
