"""The identity epoch: a number that grows whenever what some token may do has changed.

Each process keeps what it has validated only as long as the epoch stands, and looks at it at least every 250 ms:
a revocation, a disabled user or a changed role counts everywhere within a second, and nobody is let in while the
epoch can't be read.
"""

import time

from sqlalchemy import BigInteger, Column, Integer, bindparam, select, update

from haneul.kernel.db import Db, Row, Table

RECHECK_S = 0.25


class Epoch(Row):
    """One row, `id` 1."""

    id: int
    number: int


epochs = Table(
    "identity_epoch", Column("id", Integer, primary_key=True, autoincrement=False), Column("number", BigInteger)
)
READ = select(epochs.c.number).where(epochs.c.id == bindparam("id"))
BUMP = update(epochs).where(epochs.c.id == bindparam("row")).values(number=epochs.c.number + 1)

_bumps = 0


def bump(db: Db) -> None:
    """What tokens may do has changed: this process sees it at its next request, others within a second.

    The row is also a lock: who bumps before he reads overlaps with no other change of identity.
    """
    if not db.run(BUMP, row=1):
        db.insert(epochs, Epoch(1, 1))
    db.after_commit(_count_bump)


def _count_bump() -> None:
    global _bumps
    _bumps += 1


class EpochWatch:
    """This process's view of the epoch."""

    def __init__(self) -> None:
        # Epoch, when it was looked at, and this process's own bumps by then: together, since threads share them.
        self._seen = (-1, 0.0, -1)

    def stands(self, number: int) -> bool:
        """Whether this is still the epoch, by a look that is recent enough; False sends to `look`."""
        seen, looked_at, bumps = self._seen
        return number == seen and bumps == _bumps and time.monotonic() - looked_at <= RECHECK_S

    def look(self, db: Db) -> int:
        """Read the epoch as this transaction sees it."""
        moment, bumps = time.monotonic(), _bumps
        number: int = db.value(READ, id=1) or 0
        # A transaction that began long ago must not bring back what a later one has seen pass.
        if number >= self._seen[0]:
            self._seen = (number, moment, bumps)
        return number
