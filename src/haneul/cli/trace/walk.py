"""A packet's way: where it is, what it bears now, and what was found so far."""

from collections.abc import Callable
from typing import Literal, NoReturn

from haneul.cli.trace.on_host import OnHost
from haneul.cli.trace.values import AUDIT, Dropped, Hop, Packet, Seen, Verdict
from haneul.host.run import RunFailed
from haneul.kernel.db import Db

MOST_HOPS = 60


class Walk:
    """Follows one packet through the rows and, where `here` is given, through what this host has of them."""

    def __init__(self, db: Db, here: OnHost | None, packet: Packet) -> None:
        self.db, self.here, self.packet = db, here, packet
        self.hops: list[Hop] = []

    def look(self, host: str, ask: Callable[[OnHost], Seen]) -> Seen | None:
        """What a host has of something; None where that is not this host, or nothing may be looked at."""
        if self.here is None or host != self.here.name:
            return None
        try:
            return ask(self.here)
        except RunFailed as failed:
            return Seen(text=f"something that can't be looked at: {failed}", is_wanted=False)

    def passes(self, at: str, text: str, seen: Seen | None = None, mend: str = AUDIT) -> None:
        """The rows let it through; Dropped if the host doesn't: `mend` has it make the thing anew."""
        if len(self.hops) >= MOST_HOPS:
            self.drops(at, "The packet goes round in circles.", "openstack router show the routers named above")
        if seen is None or seen.is_wanted:
            detail = f" The host has {seen.text}." if seen and seen.text else ""
            self.hops.append(Hop(verdict="ok", at=at, text=text + detail, looked_at=_looked_at(seen)))
            return
        told = f"The rows say: {text} The host has {seen.text}: {AUDIT}"
        verdict: Verdict = "note" if seen.lets_through else "DROP"
        looked_at = _looked_at(seen)
        self.hops.append(Hop(verdict=verdict, at=at, text=told, looked_at=looked_at, differs=True, fix=mend))
        if not seen.lets_through:
            raise Dropped

    def remarks(self, at: str, text: str, fix: str = "") -> None:
        """What does not stop the packet, and is worth knowing."""
        self.hops.append(Hop(verdict="note", at=at, text=text, fix=fix))

    def drops(self, at: str, text: str, fix: str, seen: Seen | None = None) -> NoReturn:
        """The rows don't let it through, whatever the host has."""
        differs = seen is not None and not seen.is_wanted
        if seen is not None and differs:
            text = f"{text} The rows say so, the host has {seen.text}: {AUDIT}"
        hop = Hop(verdict="DROP", at=at, text=text, looked_at=_looked_at(seen), differs=differs, fix=fix)
        self.hops.append(hop)
        raise Dropped


def _looked_at(seen: Seen | None) -> Literal["rows", "rows and host"]:
    return "rows" if seen is None else "rows and host"
