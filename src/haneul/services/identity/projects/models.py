from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, UniqueConstraint

from haneul.kernel.db import Json, Row, Table, Text, Time

DEFAULT_DOMAIN = "default"
NO_DOMAIN = "<<root>>"
"""The domain of domains: a name for it keeps domain names unique on databases that hold NULLs for different."""


class Project(Row):
    """A project, or a domain where `is_domain`: Keystone keeps domains as projects, and clients can see it."""

    id: str
    domain_id: str
    parent_id: str | None
    name: str
    description: str
    enabled: bool
    is_domain: bool
    options: dict[str, Any]
    extra: dict[str, Any]
    created_at: datetime

    @property
    def owner_id(self) -> str:
        """The domain whose tree it stands in; a domain stands in its own."""
        return self.id if self.is_domain else self.domain_id


projects = Table(
    "identity_projects",
    Column("id", String(64), primary_key=True),
    Column("domain_id", String(64), nullable=False),
    Column("parent_id", String(64)),
    Column("name", String(64), nullable=False),
    Column("description", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("is_domain", Boolean, nullable=False),
    Column("options", Json, nullable=False),
    Column("extra", Json, nullable=False),
    Column("created_at", Time, nullable=False),
    UniqueConstraint("domain_id", "name"),
    Index("ix_identity_projects_parent_id", "parent_id"),
    Index("ix_identity_projects_name", "name", "id"),
    Index("ix_identity_projects_listed", "is_domain", "name", "id"),
)


class ProjectTag(Row):
    """One of a project's tags."""

    project_id: str
    name: str


project_tags = Table(
    "identity_project_tags",
    Column("project_id", String(64), ForeignKey("identity_projects.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(255), primary_key=True),
    Index("ix_identity_project_tags_name", "name", "project_id"),
)
