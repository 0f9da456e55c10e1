from datetime import datetime

from sqlalchemy import Boolean, Column, ForeignKey, Index, String

from haneul.kernel.db import Json, Row, Table, Time


class VolumeType(Row):
    """A kind of volume. `specs` say which back ends may have its volumes, and how they treat them."""

    id: str
    name: str
    description: str | None
    is_public: bool
    qos_specs_id: str | None
    specs: dict[str, str | None]
    created_at: datetime
    updated_at: datetime

    @property
    def is_multiattach(self) -> bool:
        """Whether its volumes may be attached to several servers at a time."""
        return self.specs.get("multiattach") == "<is> True"


class TypeAccess(Row):
    """A project that may use a type that isn't public."""

    type_id: str
    project_id: str


class TypeSpec(Row):
    """One of a type's specs, to be searched; the type repeats all of its own."""

    type_id: str
    name: str
    value: str


volume_types = Table(
    "block_storage_types",
    Column("id", String(36), primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("description", String(255)),
    Column("is_public", Boolean, nullable=False),
    Column("qos_specs_id", String(36)),
    Column("specs", Json, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Index("ix_block_storage_types_created_at", "created_at", "id"),
    Index("ix_block_storage_types_qos_specs_id", "qos_specs_id"),
)

type_access = Table(
    "block_storage_type_access",
    Column("type_id", String(36), ForeignKey("block_storage_types.id", ondelete="CASCADE"), primary_key=True),
    Column("project_id", String(255), primary_key=True),
)

type_specs = Table(
    "block_storage_type_specs",
    Column("type_id", String(36), ForeignKey("block_storage_types.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("value", String(255), nullable=False),
)
