"""What travels between processes, whichever implementation carries it, as msgpack arrays.

A field is only ever added at the end and with a default, so that a process one version older can still be read.
"""

import msgspec
from msgspec import Struct

from haneul.kernel.bus.base import PROTOCOL_VERSION, BusError, Wake

OLDEST_VERSION = PROTOCOL_VERSION - 1
MAX_FRAME_BYTES = 16 * 1024 * 1024
# Leaves room for a frame's other fields beside the values.
MAX_BODY_BYTES = MAX_FRAME_BYTES - 64 * 1024

ABSENT = "absent"
CLOSED = "closed"
INTERNAL = "internal"
LOST = "lost"
MALFORMED = "malformed"
REPLACED = "replaced"
TIMEOUT = "timeout"
TOO_LARGE = "too_large"
UNKNOWN_METHOD = "unknown_method"
VERSION = "version"


class Hello(Struct, frozen=True, array_like=True, tag="hello"):
    """A peer's first frame. `started_ns` decides between two processes that claim one name."""

    version: int
    name: str
    started_ns: int = 0
    topics: tuple[str, ...] = ()


class Welcome(Struct, frozen=True, array_like=True, tag="welcome"):
    """The hub's answer to a Hello that it accepts."""

    version: int
    name: str


class Goodbye(Struct, frozen=True, array_like=True, tag="goodbye"):
    """The hub ends this connection and says why."""

    kind: str
    sentence: str


class Call(Struct, frozen=True, array_like=True, tag="call"):
    """A question; `sender` is the address that its answer goes to."""

    id: int
    to: str
    sender: str
    method: str
    remaining_s: float
    body: bytes


class Answer(Struct, frozen=True, array_like=True, tag="answer"):
    """What a call returned."""

    id: int
    to: str
    body: bytes


class Refusal(Struct, frozen=True, array_like=True, tag="refusal"):
    """Why a call has no answer."""

    id: int
    to: str
    kind: str
    sentence: str


class WakeUp(Struct, frozen=True, array_like=True, tag="wake"):
    """A wake on its way to a peer."""

    to: str
    wake: Wake


class Event(Struct, frozen=True, array_like=True, tag="event"):
    """An event as JSON bytes."""

    topic: str
    body: bytes


class Subscribe(Struct, frozen=True, array_like=True, tag="subscribe"):
    """The sender wants these topics too."""

    topics: tuple[str, ...]


class Roster(Struct, frozen=True, array_like=True, tag="roster"):
    """The names that the hub knows to be there now."""

    names: tuple[str, ...]


class Presence(Struct, frozen=True, array_like=True, tag="presence"):
    """A process says that it is there, or leaves; for buses that have no hub to keep a roster."""

    name: str
    started_ns: int
    inbox: str
    gone: bool = False


Message = Hello | Welcome | Goodbye | Call | Answer | Refusal | WakeUp | Event | Subscribe | Roster | Presence
Outcome = Answer | Refusal

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


def encode(message: Message) -> bytes:
    """A message as msgpack bytes."""
    return _encoder.encode(message)


def encode_into(message: Message, buffer: bytearray, offset: int) -> None:
    """Write a message's msgpack bytes into a buffer from an offset on, and cut the buffer off after them."""
    _encoder.encode_into(message, buffer, offset)


def decode(payload: bytes) -> Message:
    """The message in these bytes; msgspec.MsgspecError if there is none."""
    return _decoder.decode(payload)


def refuse_version(version: int) -> None:
    """BusError unless this process can speak that version of the protocol."""
    if not OLDEST_VERSION <= version <= PROTOCOL_VERSION:
        raise BusError(
            VERSION,
            f"Bus protocol version {version} is not spoken here, only {OLDEST_VERSION} to {PROTOCOL_VERSION}; "
            "upgrade control first, then the hosts.",
        )
