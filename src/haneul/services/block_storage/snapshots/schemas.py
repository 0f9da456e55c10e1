from typing import Annotated, Any

import msgspec

from haneul.kernel.clock import iso_bare
from haneul.kernel.errors import BadRequest
from haneul.kernel.schema import UNSET, Meta, Since, StrictBody, Text255, UnsetType, Uuid, View
from haneul.services.block_storage.volumes.models import Snapshot
from haneul.services.block_storage.volumes.schemas import Metadata


class SnapshotCreate(StrictBody):
    """`force`: though the volume is in use; from 3.66 on that needs no word."""

    volume_id: Uuid | None
    name: Text255 | None = None
    display_name: Text255 | None = None
    description: Text255 | None = None
    force: bool | str | None = None
    metadata: Metadata | None = None


class SnapshotUpdate(StrictBody):
    """At least one of them has to be given."""

    name: Text255 | None | UnsetType = UNSET
    display_name: Text255 | None | UnsetType = UNSET
    description: Text255 | None | UnsetType = UNSET
    display_description: Text255 | None | UnsetType = UNSET

    def changes(self) -> dict[str, str | None]:
        """What is to become of the columns; BadRequest if nothing."""
        given = (
            ("name", self.display_name),
            ("description", self.display_description),
            ("name", self.name),
            ("description", self.description),
        )
        found = {column: trimmed(value) for column, value in given if value is not UNSET}
        if not found:
            raise BadRequest("Invalid input for field/attribute snapshot: nothing is to be changed.")
        return found


class SnapshotStatus(StrictBody):
    status: Text255


class SnapshotProgress(StrictBody):
    """`progress` as a number of percents, `42%` or `42`."""

    status: Text255
    progress: Annotated[str, Meta(pattern=r"^([0-9]{1,2}|100)%?\Z")] | None = None


class ShortSnapshotView(View):
    id: str
    created_at: str
    updated_at: str
    name: str | None
    description: str | None
    volume_id: str
    status: str
    size: int
    metadata: dict[str, str]


class SnapshotView(ShortSnapshotView, frozen=True, kw_only=True):
    group_snapshot_id: Annotated[str | None, Since("3.14")] = None
    user_id: Annotated[str | UnsetType, Since("3.41")] = UNSET
    consumes_quota: Annotated[bool, Since("3.65")] = True
    progress: str | UnsetType = msgspec.field(default=UNSET, name="os-extended-snapshot-attributes:progress")
    project_id: str | UnsetType = msgspec.field(default=UNSET, name="os-extended-snapshot-attributes:project_id")


def trimmed(text: str | None | UnsetType) -> str | None:
    """A name or a description as it is kept."""
    return text.strip() if isinstance(text, str) else None


def short_view(snapshot: Snapshot) -> ShortSnapshotView:
    return ShortSnapshotView(**_plain(snapshot))


def view(snapshot: Snapshot, *, is_extended: bool) -> SnapshotView:
    """The snapshot's body, with its project and progress for whoever may see them."""
    return SnapshotView(
        **_plain(snapshot),
        user_id=snapshot.user_id,
        progress=snapshot.progress if is_extended else UNSET,
        project_id=snapshot.project_id if is_extended else UNSET,
    )


def _plain(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": snapshot.id,
        "created_at": iso_bare(snapshot.created_at),
        "updated_at": iso_bare(snapshot.updated_at),
        "name": snapshot.name,
        "description": snapshot.description,
        "volume_id": snapshot.volume_id,
        "status": snapshot.status,
        "size": snapshot.size_gb,
        "metadata": snapshot.metadata,
    }
