"""What compute's agent and control tell each other over the bus."""

import msgspec

from haneul.services.compute.drivers.base import GuestState, HostFacts

GUESTS = "guest"
"""The kind of plan that a host's guests make."""

IMAGES = "image"
"""The kind of plan that images make which a host fetches before a guest needs them."""


class ImageWanted(msgspec.Struct, frozen=True):
    """An image that a host shall have."""

    id: str


class HostReport(msgspec.Struct, frozen=True):
    """An agent's heartbeat: method `compute.host`, every ten seconds."""

    host: str
    facts: HostFacts


class SnapshotAsk(msgspec.Struct, frozen=True):
    """Ask for a part of a copy of a guest's disk: method `compute.snapshot`; the answer is bytes, empty at the end."""

    guest_id: str
    snapshot_id: str
    offset: int
    length: int


class ImageAsk(msgspec.Struct, frozen=True):
    """Ask what there is to know of an image before its bytes: method `image.facts`; the answer is ImageFacts."""

    image_id: str


class ImagePart(msgspec.Struct, frozen=True):
    """Ask for a part of an image's bytes: method `image.part`; the answer is bytes, empty at the end."""

    image_id: str
    offset: int
    length: int


class ConsoleAsk(msgspec.Struct, frozen=True):
    """Ask a host for a guest's console: method `compute.console`; `lines` None means all that is kept."""

    guest_id: str
    lines: int | None


class GuestsAsk(msgspec.Struct, frozen=True):
    """Ask a host which guests of this cloud it has: method `compute.guests`, for audits."""


class Guests(msgspec.Struct, frozen=True):
    """A host's guests, those without a row among them."""

    guests: tuple[GuestState, ...]


# What a host's refusals about screens are called.
REFUSED, ENDED = "refused", "ended"


class ScreenAsk(msgspec.Struct, frozen=True):
    """Ask a host to connect to a guest's screen: method `compute.screen-open`; the answer is the stream's id."""

    guest_id: str


class ScreenRead(msgspec.Struct, frozen=True):
    """Ask for what the guest says next, and wait for it so long: method `compute.screen-read`."""

    stream: str
    wait_s: float


class ScreenPart(msgspec.Struct, frozen=True):
    """What the guest said: nothing if the wait was over first, nothing more to come if it is the last."""

    content: bytes
    is_last: bool = False


class ScreenWrite(msgspec.Struct, frozen=True):
    """Tell the guest something: method `compute.screen-write`, answered once the guest has taken most of it."""

    stream: str
    content: bytes


class ScreenEnd(msgspec.Struct, frozen=True):
    """Hang up: method `compute.screen-end`."""

    stream: str
