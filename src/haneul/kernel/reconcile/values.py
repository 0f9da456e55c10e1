"""What control and an agent tell each other about one kind of thing on one host."""

import msgspec


class Tombstone(msgspec.Struct, frozen=True):
    """A thing that must go. `generation` is newer than any plan in which the thing was wanted: an old database can't
    have it, so nothing is deleted because a row is merely missing."""

    id: str
    generation: int
    request_id: str = ""


class PlanAsk(msgspec.Struct, frozen=True):
    """Ask for a host's plan of a kind: all of it, or only of these ids; what comes after the first `have` entries."""

    host: str
    kind: str
    ids: tuple[str, ...] = ()
    have: int = 0


class PlanReply(msgspec.Struct, frozen=True):
    """What should be. `revision` grows with every change of this host's plans; `entries` are the kind's own structs.

    With `more`, this is a part: what follows may be asked for as long as the revision stays.
    """

    cloud_id: str
    revision: int
    entries: list[msgspec.Raw]
    tombstones: list[Tombstone]
    more: bool = False


class Observation(msgspec.Struct, frozen=True):
    """What is. `generation` is the newest that the host has made true; `error` a sentence when it could not."""

    id: str
    generation: int
    state: str
    error: str = ""
    done: tuple[str, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """The outcome of a pass. `gone` are the things whose tombstones were honoured; `stopped` says why a pass refused
    its plan. `gone_at` are the generations of those tombstones: a newer one of the same thing stands until it is
    honoured too.
    """

    host: str
    kind: str
    observations: list[Observation] = []
    gone: list[str] = []
    unexpected: list[str] = []
    stopped: str = ""
    is_full: bool = False
    gone_at: dict[str, int] = {}


class Nothing(msgspec.Struct, frozen=True):
    """An answer without content."""
