from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, UniqueConstraint

from haneul.kernel.db import Row, Table, Text


class Limit(Row):
    """How much of a registered resource one project or domain may have; -1 is no limit.

    `owner_id` is the project's or, where `is_domain`, the domain's. What is registered can't change while there is a
    limit for it, so service, region and resource stand here too.
    """

    id: str
    registered_limit_id: str
    owner_id: str
    is_domain: bool
    service_id: str
    region_id: str | None
    resource_name: str
    resource_limit: int
    description: str | None

    @property
    def project_id(self) -> str | None:
        return None if self.is_domain else self.owner_id

    @property
    def domain_id(self) -> str | None:
        return self.owner_id if self.is_domain else None


# With its project a limit goes too.
limits = Table(
    "identity_limits",
    Column("id", String(64), primary_key=True),
    Column(
        "registered_limit_id",
        String(64),
        ForeignKey("identity_registered_limits.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("owner_id", String(64), ForeignKey("identity_projects.id", ondelete="CASCADE"), nullable=False),
    Column("is_domain", Boolean, nullable=False),
    Column("service_id", String(64), nullable=False),
    Column("region_id", String(255)),
    Column("resource_name", String(255), nullable=False),
    Column("resource_limit", Integer, nullable=False),
    Column("description", Text),
    UniqueConstraint("owner_id", "registered_limit_id"),
    Index("ix_identity_limits_registered_limit_id", "registered_limit_id"),
    Index("ix_identity_limits_service_id", "service_id", "id"),
    Index("ix_identity_limits_resource_name", "resource_name", "id"),
)
