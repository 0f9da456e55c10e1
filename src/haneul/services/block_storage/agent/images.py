"""Image bytes for this host's volumes, a part at a time over the bus."""

from collections.abc import Iterator

import msgspec

from haneul.kernel.bus import CONTROL, Bus
from haneul.services.block_storage.drivers.base import ImageFacts

PART_BYTES = 4 << 20
DEADLINE_S = 60.0


class ImageAsk(msgspec.Struct, frozen=True):
    """Method `image.facts`; the answer is ImageFacts."""

    image_id: str


class ImagePart(msgspec.Struct, frozen=True):
    """Method `image.part`; the answer is bytes, empty at the end."""

    image_id: str
    offset: int
    length: int


class BusImages:
    """An ImageSource that asks control."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def facts(self, image_id: str) -> ImageFacts:
        return self._bus.call(CONTROL, "image.facts", ImageAsk(image_id), returns=ImageFacts, deadline_s=DEADLINE_S)

    def chunks(self, image_id: str) -> Iterator[bytes]:
        offset = 0
        while True:
            ask = ImagePart(image_id, offset, PART_BYTES)
            part = self._bus.call(CONTROL, "image.part", ask, returns=bytes, deadline_s=DEADLINE_S)
            if not part:
                return
            yield part
            offset += len(part)
