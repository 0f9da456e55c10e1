from datetime import datetime

from sqlalchemy import Boolean, Column, ForeignKey, Index, String

from haneul.kernel.db import Row, Table, Time


class ResourceType(Row):
    """A kind of thing that metadata is for, such as `OS::Nova::Flavor`; protected if the standard catalog named it."""

    id: str
    name: str
    protected: bool
    created_at: datetime
    updated_at: datetime


class AssociationRow(Row):
    """A namespace's definitions are for a resource type; `prefix` stands before their names there."""

    namespace_id: str
    resource_type_id: str
    prefix: str | None
    properties_target: str | None
    created_at: datetime
    updated_at: datetime


class Association(Row):
    """An association with its resource type's name."""

    namespace_id: str
    name: str
    prefix: str | None
    properties_target: str | None
    created_at: datetime
    updated_at: datetime


resource_types = Table(
    "image_metadef_resource_types",
    Column("id", String(36), primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("protected", Boolean, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
)

associations = Table(
    "image_metadef_associations",
    Column("namespace_id", String(36), ForeignKey("image_metadef_namespaces.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "resource_type_id",
        String(36),
        ForeignKey("image_metadef_resource_types.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("prefix", String(80)),
    Column("properties_target", String(80)),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Index("ix_image_metadef_associations_resource_type_id", "resource_type_id", "namespace_id"),
)
