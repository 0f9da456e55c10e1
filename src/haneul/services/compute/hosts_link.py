"""Asking a compute host something at once, with a deadline."""

from concurrent.futures import Future
from typing import TypeVar

from haneul.kernel.bus import Bus, BusError
from haneul.kernel.errors import Conflict, Unavailable
from haneul.services.compute.drivers.base import GuestState
from haneul.services.compute.wire import ConsoleAsk, Guests, GuestsAsk, SnapshotAsk

T = TypeVar("T")
DEADLINE_S = 10.0
PART_DEADLINE_S = 60.0


class HostLink:
    """Control's calls to hosts; `connect` gives it the bus once there is one."""

    def __init__(self) -> None:
        self._bus: Bus | None = None

    def connect(self, bus: Bus) -> None:
        self._bus = bus

    def console_tail(self, host: str, guest_id: str, lines: int | None) -> str:
        """The last lines of a guest's console; Conflict when its host does not answer."""
        try:
            return self._connected().call(
                host, "compute.console", ConsoleAsk(guest_id, lines), returns=str, deadline_s=DEADLINE_S
            )
        except BusError as refused:
            raise Conflict("The host of instance {id} does not answer; try again.", id=guest_id) from refused

    def ask(self, host: str, method: str, values: object, *, returns: type[T], deadline_s: float) -> Future[T]:
        """Ask a host, the answer coming to a future; BusError, at once or in the future, when it does not answer."""
        return self._connected().ask(host, method, values, returns=returns, deadline_s=deadline_s)

    def guests_on(self, host: str) -> tuple[GuestState, ...]:
        """The guests of this cloud that a host has, for audits; BusError when it does not answer."""
        ask = GuestsAsk()
        return self._connected().call(host, "compute.guests", ask, returns=Guests, deadline_s=DEADLINE_S).guests

    def snapshot_part(self, host: str, place: tuple[str, str], offset: int, length: int) -> bytes:
        """A part of a guest's snapshot, by the guest's id and its own; Unavailable when the host can't give it."""
        ask = SnapshotAsk(*place, offset, length)
        try:
            return self._connected().call(host, "compute.snapshot", ask, returns=bytes, deadline_s=PART_DEADLINE_S)
        except BusError as refused:
            raise Unavailable("The host of instance {id} does not give its snapshot.", id=place[0]) from refused

    def _connected(self) -> Bus:
        if self._bus is None:
            raise BusError("absent", "Control is not connected to its hosts.")
        return self._bus
