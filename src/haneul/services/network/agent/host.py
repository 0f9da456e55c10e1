"""A host's networks: its heartbeat, what it makes, and guests' metadata."""

import threading
import time
from typing import Any

from haneul.kernel import log
from haneul.kernel.bus import CONTROL, Bus, BusError
from haneul.kernel.reconcile.runner import Identity, Runner
from haneul.kernel.reconcile.values import Nothing
from haneul.services.network.agent.plans import RECONCILERS
from haneul.services.network.drivers.base import MetadataAsk, MetadataReply, NetworkDriver
from haneul.services.network.wire import NetworkReport

BEAT_S = 10.0
RETRY_S = 0.5
METADATA_S = 10.0
AWAY = MetadataReply(503, b"The cloud's control is away; try again.")


class NetworkHost:
    """Everything that network does on one host."""

    def __init__(self, driver: NetworkDriver, bus: Bus, identity: Identity) -> None:
        self._driver, self._bus, self._host = driver, bus, identity.host
        self.runners: list[Runner[Any]] = [Runner(shape(driver), bus, identity) for shape in RECONCILERS]
        self._started_at = time.time()
        self._stopping = threading.Event()
        self._heard = threading.Event()
        self._beat = threading.Thread(target=self._report, name="network-heartbeat", daemon=True)

    def start(self) -> None:
        """Adopt what is there, then begin."""
        self._driver.on_metadata(self._metadata)
        self._driver.recover()
        self._beat.start()
        for runner in self.runners:
            runner.start()

    def wait_until_heard(self, deadline_s: float) -> bool:
        """Wait until control knows of this host, so that networks can be placed on it; whether it does."""
        return self._heard.wait(deadline_s)

    def stop(self) -> None:
        """End the work; packets flow on."""
        self._stopping.set()
        for runner in self.runners:
            runner.stop()
        self._driver.close()

    def _metadata(self, ask: MetadataAsk) -> MetadataReply:
        try:
            return self._bus.call(CONTROL, "metadata.answer", ask, returns=MetadataReply, deadline_s=METADATA_S)
        except BusError as refused:
            log.event("metadata was not answered", "warning", reason=str(refused))
            return AWAY

    def _report(self) -> None:
        while True:
            wait_s = BEAT_S
            try:
                report = NetworkReport(self._host, self._driver.host_network(), self._started_at)
                self._bus.call(CONTROL, "network.host", report, returns=Nothing, deadline_s=BEAT_S)
                self._heard.set()
            except BusError as refused:
                log.event("heartbeat was not heard", "warning", reason=str(refused))
                wait_s = RETRY_S
            except Exception:
                log.failure("heartbeat failed")
            if self._stopping.wait(wait_s):
                return
