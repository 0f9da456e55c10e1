from sqlalchemy import Column, ForeignKey, Index, String

from haneul.kernel.db import Row, Table


class ProjectEndpoint(Row):
    """One of the endpoints that a project's catalog is made of."""

    project_id: str
    endpoint_id: str


class ProjectEndpointGroup(Row):
    """One of the groups whose endpoints a project's catalog is made of."""

    project_id: str
    endpoint_group_id: str


project_endpoints = Table(
    "identity_project_endpoints",
    Column("project_id", String(64), ForeignKey("identity_projects.id", ondelete="CASCADE"), primary_key=True),
    Column("endpoint_id", String(64), ForeignKey("identity_endpoints.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_identity_project_endpoints_endpoint_id", "endpoint_id"),
)

project_endpoint_groups = Table(
    "identity_project_endpoint_groups",
    Column("project_id", String(64), ForeignKey("identity_projects.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "endpoint_group_id", String(64), ForeignKey("identity_endpoint_groups.id", ondelete="CASCADE"), primary_key=True
    ),
    Index("ix_identity_project_endpoint_groups_endpoint_group_id", "endpoint_group_id"),
)
