from typing import Annotated

from haneul.kernel.schema import Count, Meta, StrictBody, Text255, View
from haneul.services.compute.servers.schemas import Metadata

ImageName = Annotated[str, Meta(min_length=1, max_length=255)]


class CreateImage(StrictBody):
    """`metadata` becomes properties of the image."""

    name: ImageName
    metadata: Metadata = {}


class CreateBackup(StrictBody):
    """`rotation` is how many backups of this type are kept of the server; it may come as a string of digits."""

    name: ImageName
    backup_type: Text255
    rotation: Count | Annotated[str, Meta(pattern=r"^[0-9]{1,9}\Z")]
    metadata: Metadata = {}


class MadeImageView(View):
    image_id: str
