from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String

from haneul.kernel.db import Json, Row, Table, Text, Time

THERE, GONE = "there", "gone"
ASKED, USED, DROPPED = "asked", "used", "dropped"


class Volume(Row):
    """A volume. `host` is where it lies, as HOST@BACKEND#POOL, empty before it is placed.

    `generation` counts what is wanted of the host, `observed_generation` is what it has made true, `observed_error` why
    it could not. `metadata` is the user's, `image_metadata` what it has of the image that it is made of. `is_read_only`
    is None until somebody has said. `revert_id` tells the last revert, to `revert_snapshot_id`, from all others.
    """

    id: str
    project_id: str
    user_id: str
    name: str | None
    description: str | None
    size_gb: int
    status: str
    previous_status: str | None
    migration_status: str | None
    is_bootable: bool
    is_read_only: bool | None
    is_multiattach: bool
    type_id: str
    host: str
    zone: str
    source_kind: str
    source_id: str | None
    source_volume_id: str | None
    group_id: str | None
    metadata: dict[str, str]
    image_metadata: dict[str, str]
    revert_id: str | None
    revert_snapshot_id: str | None
    generation: int
    wanted: str
    wanted_by: str
    observed_generation: int
    observed_error: str
    created_at: datetime
    updated_at: datetime


class Snapshot(Row):
    """A volume as it was at one moment.

    `role`: `asked` until its turn has come, `used` while its host has to have it, `dropped` while its host has to
    delete it. One that was dropped never is used again: its host would make it of what the volume has become.
    """

    id: str
    volume_id: str
    project_id: str
    user_id: str
    name: str | None
    description: str | None
    size_gb: int
    status: str
    role: str
    progress: str
    metadata: dict[str, str]
    created_at: datetime
    updated_at: datetime


class MetadataRow(Row):
    """An item of metadata of a volume, its image or a snapshot, to be searched; the owner repeats all of its own."""

    owner_id: str
    name: str
    value: str


volumes = Table(
    "block_storage_volumes",
    Column("id", String(36), primary_key=True),
    Column("project_id", String(64), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("name", String(255)),
    Column("description", String(255)),
    Column("size_gb", Integer, nullable=False),
    Column("status", String(32), nullable=False),
    Column("previous_status", String(32)),
    Column("migration_status", String(32)),
    Column("is_bootable", Boolean, nullable=False),
    Column("is_read_only", Boolean),
    Column("is_multiattach", Boolean, nullable=False),
    Column("type_id", String(36), nullable=False),
    Column("host", String(255), nullable=False),
    Column("zone", String(255), nullable=False),
    Column("source_kind", String(16), nullable=False),
    Column("source_id", String(36)),
    Column("source_volume_id", String(36)),
    Column("group_id", String(36)),
    Column("metadata", Json, nullable=False),
    Column("image_metadata", Json, nullable=False),
    Column("revert_id", String(36)),
    Column("revert_snapshot_id", String(36)),
    Column("generation", BigInteger, nullable=False),
    Column("wanted", String(16), nullable=False),
    Column("wanted_by", String(64), nullable=False),
    Column("observed_generation", BigInteger, nullable=False),
    Column("observed_error", Text, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Index("ix_block_storage_volumes_created_at", "created_at", "id"),
    Index("ix_block_storage_volumes_project_id", "project_id", "created_at", "id"),
    Index("ix_block_storage_volumes_name", "project_id", "name", "id"),
    Index("ix_block_storage_volumes_host", "host"),
    Index("ix_block_storage_volumes_type_id", "type_id"),
    Index("ix_block_storage_volumes_group_id", "group_id"),
)

snapshots = Table(
    "block_storage_snapshots",
    Column("id", String(36), primary_key=True),
    Column("volume_id", String(36), nullable=False),
    Column("project_id", String(64), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("name", String(255)),
    Column("description", String(255)),
    Column("size_gb", Integer, nullable=False),
    Column("status", String(32), nullable=False),
    Column("role", String(16), nullable=False),
    Column("progress", String(16), nullable=False),
    Column("metadata", Json, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Index("ix_block_storage_snapshots_volume_id", "volume_id", "created_at", "id"),
    Index("ix_block_storage_snapshots_created_at", "created_at", "id"),
    Index("ix_block_storage_snapshots_project_id", "project_id", "created_at", "id"),
    Index("ix_block_storage_snapshots_name", "project_id", "name", "id"),
)

volume_metadata = Table(
    "block_storage_volume_metadata",
    Column("owner_id", String(36), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("value", String(255), nullable=False),
)

snapshot_metadata = Table(
    "block_storage_snapshot_metadata",
    Column("owner_id", String(36), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("value", String(255), nullable=False),
)

image_metadata = Table(
    "block_storage_image_metadata",
    Column("owner_id", String(36), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("value", Text, nullable=False),
)
