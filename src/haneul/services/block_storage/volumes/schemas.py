from typing import Annotated, Any

import msgspec

from haneul.kernel.clock import iso_bare
from haneul.kernel.schema import UNSET, Meta, OpenBody, Since, StrictBody, Text255, UnsetType, View
from haneul.services.block_storage.volumes.models import Volume

Metadata = dict[Annotated[str, Meta(pattern=r"^[a-zA-Z0-9\-_:. /]{1,255}\Z")], Text255]


class VolumeCreate(OpenBody):
    """`size` in GiB, as a number or its digits; `source_volid`, `snapshot_id` and `imageRef` exclude each other."""

    name: Text255 | None = None
    description: Text255 | None = None
    display_name: Text255 | None = None
    display_description: Text255 | None = None
    size: int | str | None = None
    volume_type: Text255 | None = None
    availability_zone: Text255 | None = None
    metadata: Metadata | None = None
    snapshot_id: Text255 | None = None
    source_volid: Text255 | None = None
    imageRef: Text255 | None = None
    image_id: Text255 | None = None
    multiattach: bool | str | None = None
    consistencygroup_id: Text255 | None = None
    group_id: Annotated[Text255 | None | UnsetType, Since("3.13")] = UNSET
    backup_id: Annotated[Text255 | None | UnsetType, Since("3.47")] = UNSET


class VolumeCreateBody(StrictBody):
    volume: VolumeCreate
    hints: dict[str, Any] | None = msgspec.field(default=None, name="OS-SCH-HNT:scheduler_hints")


class VolumeUpdate(OpenBody):
    name: Text255 | None | UnsetType = UNSET
    description: Text255 | None | UnsetType = UNSET
    display_name: Text255 | None | UnsetType = UNSET
    display_description: Text255 | None | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET

    def changes(self) -> dict[str, str | None]:
        """What is to become of the columns."""
        given = (
            ("name", self.display_name),
            ("description", self.display_description),
            ("name", self.name),
            ("description", self.description),
        )
        return {column: text.strip() if text else text for column, text in given if text is not UNSET}


class ShortView(View):
    id: str
    name: str | None
    links: list[dict[str, str]]


class VolumeView(View):
    """A volume as its detail view has it; fields of administrators are unset for others."""

    id: str
    status: str
    size: int
    availability_zone: str | None
    created_at: str
    updated_at: str
    name: str | None
    description: str | None
    volume_type: str | None
    snapshot_id: str | None
    source_volid: str | None
    metadata: dict[str, str]
    links: list[dict[str, str]]
    user_id: str
    bootable: str
    volume_type_id: Annotated[str, Since("3.63")]
    encrypted: bool = False
    replication_status: str | None = None
    consistencygroup_id: str | None = None
    multiattach: bool = False
    attachments: list[dict[str, Any]] = []
    migration_status: str | None | UnsetType = UNSET
    group_id: Annotated[str | None, Since("3.13")] = None
    provider_id: Annotated[str | None | UnsetType, Since("3.21")] = UNSET
    shared_targets: Annotated[bool | None, Since("3.48")] = False
    service_uuid: Annotated[str | None, Since("3.48")] = None
    cluster_name: Annotated[str | None | UnsetType, Since("3.61")] = UNSET
    consumes_quota: Annotated[bool, Since("3.65")] = True
    image: dict[str, str] | UnsetType = msgspec.field(default=UNSET, name="volume_image_metadata")
    project_id: str | UnsetType = msgspec.field(default=UNSET, name="os-vol-tenant-attr:tenant_id")
    host: str | None | UnsetType = msgspec.field(default=UNSET, name="os-vol-host-attr:host")
    migration: str | None | UnsetType = msgspec.field(default=UNSET, name="os-vol-mig-status-attr:migstat")
    name_id: str | None | UnsetType = msgspec.field(default=UNSET, name="os-vol-mig-status-attr:name_id")


class MadeView(View):
    volume: VolumeView


class Beheld(msgspec.Struct, frozen=True):
    """What the caller sees of a volume beside what all see."""

    links: list[dict[str, str]]
    type_name: str | None
    sees_project: bool
    sees_host: bool
    sees_migration: bool
    sees_image: bool
    is_admin: bool


def view(volume: Volume, seen: Beheld) -> VolumeView:
    """The volume's body."""
    return VolumeView(
        id=volume.id,
        status=volume.status,
        size=volume.size_gb,
        availability_zone=volume.zone or None,
        created_at=iso_bare(volume.created_at),
        updated_at=iso_bare(volume.updated_at),
        name=volume.name,
        description=volume.description,
        volume_type=seen.type_name,
        snapshot_id=volume.source_id if volume.source_kind == "snapshot" else None,
        source_volid=volume.source_id if volume.source_kind == "volume" else None,
        metadata=_metadata(volume),
        links=seen.links,
        user_id=volume.user_id,
        bootable=str(volume.is_bootable).lower(),
        multiattach=volume.is_multiattach,
        group_id=volume.group_id,
        volume_type_id=volume.type_id,
        image=(volume.image_metadata or UNSET) if seen.sees_image else UNSET,
        migration_status=volume.migration_status if seen.is_admin else UNSET,
        provider_id=None if seen.is_admin else UNSET,
        cluster_name=None if seen.is_admin else UNSET,
        project_id=volume.project_id if seen.sees_project else UNSET,
        host=(volume.host or None) if seen.sees_host else UNSET,
        migration=volume.migration_status if seen.sees_migration else UNSET,
        name_id=None if seen.sees_migration else UNSET,
    )


def _metadata(volume: Volume) -> dict[str, str]:
    """The user's, and whether the volume is read-only if anybody has said."""
    said = {} if volume.is_read_only is None else {"readonly": str(volume.is_read_only)}
    return {**volume.metadata, **said}


class SummaryView(View):
    """`metadata` has every value of every name."""

    total_count: int
    total_size: int
    metadata: Annotated[dict[str, list[str]] | UnsetType, Since("3.36")] = UNSET
