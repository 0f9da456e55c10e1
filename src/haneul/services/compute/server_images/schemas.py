from typing import Annotated

from haneul.kernel.schema import Meta, StrictBody, View
from haneul.services.compute.servers.schemas import Metadata


class CreateImage(StrictBody):
    """`metadata` becomes properties of the image."""

    name: Annotated[str, Meta(min_length=1, max_length=255)]
    metadata: Metadata = {}


class MadeImageView(View):
    image_id: str
