"""What compute's agent and control tell each other over the bus."""

import msgspec

from haneul.services.compute.drivers.base import HostFacts

GUESTS = "guest"
"""The kind of plan that a host's guests make."""


class HostReport(msgspec.Struct, frozen=True):
    """An agent's heartbeat: method `compute.host`, every ten seconds."""

    host: str
    facts: HostFacts


class ImagePart(msgspec.Struct, frozen=True):
    """Ask for a part of an image's bytes: method `image.part`; the answer is bytes, empty at the end."""

    image_id: str
    offset: int
    length: int


class ConsoleAsk(msgspec.Struct, frozen=True):
    """Ask a host for a guest's console: method `compute.console`; `lines` None means all that is kept."""

    guest_id: str
    lines: int | None
