"""A volume host: its heartbeat and its volumes."""

import threading
from collections.abc import Mapping

from haneul.kernel import log
from haneul.kernel.bus import CONTROL, Bus, BusError
from haneul.kernel.reconcile.runner import Identity, Runner
from haneul.services.block_storage import loggers
from haneul.services.block_storage.agent.volumes import VolumeReconciler
from haneul.services.block_storage.drivers.base import Refused, VolumeDriver, VolumePlan
from haneul.services.block_storage.wire import BackendReport, VolumeHostOrders, VolumeHostReport

BEAT_S = 10.0
RETRY_S = 0.5


class VolumeHost:
    """Everything that block storage does on one host. `kinds` are the drivers' names by the back ends'."""

    def __init__(self, drivers: Mapping[str, VolumeDriver], kinds: Mapping[str, str], bus: Bus, me: Identity) -> None:
        self._drivers, self._kinds, self._bus, self._host = drivers, kinds, bus, me.host
        self.volumes: Runner[VolumePlan] = Runner(VolumeReconciler(drivers), bus, me)
        self._stopping, self._heard = threading.Event(), threading.Event()
        self._beat = threading.Thread(target=self._report, name="volume-heartbeat", daemon=True)

    def start(self) -> None:
        """Clear what half-made work left, then begin."""
        for driver in self._drivers.values():
            driver.recover()
        self._beat.start()
        self.volumes.start()

    def wait_until_heard(self, deadline_s: float) -> bool:
        """Wait until control knows of this host's back ends; whether it does."""
        return self._heard.wait(deadline_s)

    def stop(self) -> None:
        """End the work; volumes stay as they are."""
        self._stopping.set()
        self.volumes.stop()

    def _report(self) -> None:
        wait_s = 0.0
        while not self._stopping.wait(wait_s):
            wait_s = BEAT_S
            try:
                told = VolumeHostReport(self._host, tuple(map(self._of, self._drivers)), loggers.levels())
                orders = self._bus.call(
                    CONTROL, "block_storage.host", told, returns=VolumeHostOrders, deadline_s=BEAT_S
                )
                loggers.set_levels(orders.log_levels)
                self._heard.set()
            except BusError as refused:
                log.event("volume heartbeat was not heard", "warning", reason=str(refused))
                wait_s = RETRY_S
            except Exception:
                log.failure("volume heartbeat failed")

    def _of(self, name: str) -> BackendReport:
        try:
            return BackendReport(name, self._kinds[name], tuple(self._drivers[name].pools()))
        except Refused as refused:
            return BackendReport(name, self._kinds[name], error=str(refused))
