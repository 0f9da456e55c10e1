from typing import Any, Literal

import msgspec

from haneul.kernel.schema import UNSET, UnsetType, View

# An image that is imported is what Nova knew as one that is saved.
STATUSES = {
    "active": "ACTIVE",
    "queued": "SAVING",
    "saving": "SAVING",
    "uploading": "SAVING",
    "importing": "SAVING",
    "deleted": "DELETED",
    "pending_delete": "DELETED",
    "killed": "ERROR",
}
Links = list[dict[str, str]]


class ImageSummary(View):
    id: str
    name: str | None
    links: Links


class ImageView(View):
    """An image as Nova showed it: `progress` in percent, `minDisk` in GiB, `minRam` in MiB, the size in bytes."""

    id: str
    name: str | None
    status: str
    progress: int
    created: str
    updated: str
    minDisk: int
    minRam: int
    metadata: dict[str, str]
    links: Links
    size: int = msgspec.field(name="OS-EXT-IMG-SIZE:size")
    server: dict[str, Any] | UnsetType = UNSET
    disk_config: Literal["AUTO", "MANUAL"] | UnsetType = msgspec.field(default=UNSET, name="OS-DCF:diskConfig")
