"""A compute host: its heartbeat, its guests, and what it answers at once."""

import os
import threading
import time

import msgspec

from haneul.kernel import log
from haneul.kernel.bus import CONTROL, Bus, BusError
from haneul.kernel.reconcile.runner import Identity, Runner
from haneul.kernel.reconcile.values import Nothing
from haneul.services.compute.agent.base_images import ImageReconciler
from haneul.services.compute.agent.guests import GuestReconciler
from haneul.services.compute.agent.screens import Screens
from haneul.services.compute.drivers.base import GuestPlan, HostFacts, HypervisorDriver
from haneul.services.compute.wire import ConsoleAsk, Guests, GuestsAsk, HostReport, ImageWanted, SnapshotAsk

BEAT_S = 10.0
RETRY_S = 0.5
MOST_PART_BYTES = 8 << 20


class ComputeHost:
    """Everything that compute does on one host."""

    def __init__(self, driver: HypervisorDriver, bus: Bus, identity: Identity) -> None:
        self._driver, self._bus, self._host = driver, bus, identity.host
        self.guests: Runner[GuestPlan] = Runner(GuestReconciler(driver), bus, identity)
        self.images: Runner[ImageWanted] = Runner(ImageReconciler(driver), bus, identity)
        self._screens = Screens(driver.open_screen)
        self._stopping = threading.Event()
        self._heard = threading.Event()
        self._beat = threading.Thread(target=self._report, name="heartbeat", daemon=True)

    def serve(self) -> None:
        """Register what this host answers; call before the bus starts."""
        self._bus.serve("compute.console", ConsoleAsk, lambda ask: self._driver.console_tail(ask.guest_id, ask.lines))
        self._bus.serve("compute.snapshot", SnapshotAsk, self._read_snapshot)
        self._bus.serve("compute.guests", GuestsAsk, lambda _: Guests(tuple(self._driver.list_guests(()))))
        self._screens.serve(self._bus)

    def _read_snapshot(self, ask: SnapshotAsk) -> bytes:
        length = min(max(ask.length, 0), MOST_PART_BYTES)
        return self._driver.read_snapshot(ask.guest_id, ask.snapshot_id, max(ask.offset, 0), length)

    def start(self) -> None:
        """Adopt what runs, then begin."""
        self._driver.on_down(lambda guest_id: self.guests.wake((guest_id,)))
        self._driver.recover()
        self._screens.start()
        self._beat.start()
        self.guests.start()
        self.images.start()

    def wait_until_heard(self, deadline_s: float) -> bool:
        """Wait until control knows of this host, so that servers can be placed on it; whether it does."""
        return self._heard.wait(deadline_s)

    def stop(self) -> None:
        """End the work; guests go on."""
        self._stopping.set()
        self._screens.stop()
        self.guests.stop()
        self.images.stop()
        self._driver.close()

    def _report(self) -> None:
        while True:
            wait_s = BEAT_S
            try:
                report = HostReport(self._host, _with_uptime(self._driver.host_facts()))
                self._bus.call(CONTROL, "compute.host", report, returns=Nothing, deadline_s=BEAT_S)
                self._heard.set()
            except BusError as refused:
                log.event("heartbeat was not heard", "warning", reason=str(refused))
                wait_s = RETRY_S
            except Exception:
                log.failure("heartbeat failed")
            if self._stopping.wait(wait_s):
                return


def _with_uptime(facts: HostFacts) -> HostFacts:
    booted_at = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    load = [round(value, 2) for value in os.getloadavg()]
    return msgspec.structs.replace(facts, booted_at=round(booted_at), load=load)
