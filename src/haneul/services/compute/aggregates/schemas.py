from typing import Annotated, Any

from haneul.kernel.schema import UNSET, Meta, StrictBody, UnsetType, Uuid
from haneul.services.compute.words import HostName, Label

ZoneName = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^(?!\s)[^:\x00-\x1f\x7f-\x9f]+(?<!\s)\Z")]
Key = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9-_:. ]{1,255}\Z")]
Value = Annotated[str, Meta(max_length=255)]


class AggregateCreate(StrictBody):
    name: Label
    availability_zone: ZoneName | None = None


class AggregateUpdate(StrictBody):
    name: Label | UnsetType = UNSET
    availability_zone: ZoneName | None | UnsetType = UNSET


class HostChange(StrictBody):
    host: HostName


class MetadataChange(StrictBody):
    """A key with null for its value is taken away."""

    metadata: dict[Key, Value | None]


class CachedImage(StrictBody):
    id: Uuid


class ImagesToCache(StrictBody):
    cache: Annotated[list[CachedImage], Meta(min_length=1, max_length=1000)]


AggregateView = dict[str, Any]
