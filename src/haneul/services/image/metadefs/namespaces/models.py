from datetime import datetime

from sqlalchemy import Boolean, Column, Index, String

from haneul.kernel.db import Row, Table, Text, Time


class Namespace(Row):
    """A set of definitions of metadata under one name; `project_id` is its owner."""

    id: str
    namespace: str
    display_name: str | None
    description: str | None
    visibility: str
    protected: bool
    project_id: str
    created_at: datetime
    updated_at: datetime


namespaces = Table(
    "image_metadef_namespaces",
    Column("id", String(36), primary_key=True),
    Column("namespace", String(80), nullable=False, unique=True),
    Column("display_name", String(80)),
    Column("description", Text),
    Column("visibility", String(20), nullable=False),
    Column("protected", Boolean, nullable=False),
    Column("project_id", String(255), nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Index("ix_image_metadef_namespaces_created_at", "created_at", "namespace"),
    Index("ix_image_metadef_namespaces_updated_at", "updated_at", "created_at", "namespace"),
    Index("ix_image_metadef_namespaces_display_name", "display_name", "created_at", "namespace"),
    Index("ix_image_metadef_namespaces_visibility", "visibility", "created_at", "namespace"),
    Index("ix_image_metadef_namespaces_protected", "protected", "created_at", "namespace"),
    Index("ix_image_metadef_namespaces_project_id", "project_id", "created_at", "namespace"),
)
