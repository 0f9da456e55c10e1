"""What a body on /volumes/{volume_id}/action may ask for."""

from typing import Annotated

from haneul.kernel.schema import Meta, Positive, StrictBody, Text255, Uuid, View

ImageMetadata = dict[
    Annotated[str, Meta(pattern=r"^[a-zA-Z0-9\-_:. /]{1,255}\Z")], Annotated[str, Meta(max_length=65_535)]
]


class Extend(StrictBody):
    """`new_size` in GiB, as a number or its digits."""

    new_size: Positive | Annotated[str, Meta(pattern=r"^[0-9]{1,10}\Z")]


class ResetStatus(StrictBody):
    """At least one of them has to be given."""

    status: Text255 | None = None
    attach_status: Text255 | None = None
    migration_status: Text255 | None = None


class SetBootable(StrictBody):
    bootable: bool | str


class SetReadOnly(StrictBody):
    readonly: bool | str


class SetImageMetadata(StrictBody):
    metadata: ImageMetadata


class UnsetImageMetadata(StrictBody):
    key: Annotated[str, Meta(min_length=1, max_length=255)]


class Revert(StrictBody):
    snapshot_id: Uuid | None = None


class ImageMetadataView(View):
    metadata: dict[str, str]
