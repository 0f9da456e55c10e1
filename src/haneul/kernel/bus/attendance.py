"""Who is there, on a bus without a hub: every process says so again and again, and is forgotten when it stops."""

import time

from haneul.kernel.bus.messages import Presence

EVERY_S = 5.0
FORGOTTEN_AFTER_S = 3 * EVERY_S


class Attendance:
    """The processes heard of lately, ourselves left out; several may claim one name."""

    def __init__(self, own: Presence) -> None:
        self._own = own
        self._seen: dict[str, tuple[float, Presence]] = {}

    def note(self, presence: Presence) -> bool:
        """Remember a process, or forget one that leaves; True if it is there and was unknown."""
        if presence.inbox == self._own.inbox:
            return False
        if presence.gone:
            self._seen.pop(presence.inbox, None)
            return False
        unknown = presence.inbox not in self._seen
        self._seen[presence.inbox] = (time.monotonic(), presence)
        return unknown

    def forget_silent(self) -> set[str]:
        """Forget whoever has not been heard for three intervals, which who says goodbye is not; their names."""
        oldest = time.monotonic() - FORGOTTEN_AFTER_S
        silent = {inbox: presence.name for inbox, (heard_at, presence) in self._seen.items() if heard_at < oldest}
        self._seen = {inbox: seen for inbox, seen in self._seen.items() if inbox not in silent}
        return set(silent.values())

    def names(self) -> tuple[str, ...]:
        """The names of the others, sorted."""
        return tuple(sorted({presence.name for _, presence in self._seen.values()} - {self._own.name}))

    def replaced(self) -> bool:
        """Whether a process that started later than this one has taken its name."""
        return any(
            presence.name == self._own.name and presence.started_ns > self._own.started_ns
            for _, presence in self._seen.values()
        )
