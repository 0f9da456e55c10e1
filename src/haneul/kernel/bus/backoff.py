"""How long to wait before the next attempt to connect."""

import random


class Backoff:
    """Waits that double up to a limit, each shortened at random so that many peers don't come back all at once."""

    def __init__(self, first_s: float, most_s: float) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._next_s = first_s

    @property
    def waiting(self) -> bool:
        """Whether an attempt has failed since the last success."""
        return self._next_s > self._first_s

    def next_s(self) -> float:
        """Seconds to wait now; the next wait is up to twice as long."""
        wait_s = self._next_s
        self._next_s = min(wait_s * 2, self._most_s)
        return wait_s * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """The attempt succeeded: begin anew with the shortest wait."""
        self._next_s = self._first_s
