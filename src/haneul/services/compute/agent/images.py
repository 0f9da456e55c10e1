"""Image bytes for this host, a part at a time over the bus: never through a shared folder."""

from collections.abc import Iterator

from haneul.kernel.bus import CONTROL, Bus
from haneul.services.compute.drivers.base import ImageFacts
from haneul.services.compute.wire import ImageAsk, ImagePart

PART_BYTES = 4 << 20
DEADLINE_S = 60.0


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
