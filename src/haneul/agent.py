"""The agent's composition root: what makes this host equal the rows, put together."""

from haneul.kernel import stop_points
from haneul.kernel.bus import Bus, BusSettings, Wake, open_bus
from haneul.kernel.config import Settings
from haneul.kernel.reconcile.runner import Identity
from haneul.services.compute.agent.host import ComputeHost
from haneul.services.compute.agent.images import BusImages
from haneul.services.compute.drivers import DRIVERS
from haneul.services.compute.drivers.base import HypervisorDriver, ImageSource
from haneul.services.compute.drivers.settings import DriverSettings, QemuOptions
from haneul.settings import CloudSettings


class Agent:
    """An agent's parts, put together and not yet started."""

    def __init__(self, wanted: CloudSettings, settings: Settings, cloud_id: str) -> None:
        self.bus: Bus = open_bus(wanted.bus_url, wanted.host, settings=BusSettings(cloud_id=cloud_id))
        driver = hypervisor(wanted, settings, cloud_id, BusImages(self.bus))
        self.compute = ComputeHost(driver, self.bus, Identity(cloud_id, wanted.host, wanted.state / "agent"))

    def start(self) -> None:
        """Adopt what runs, join the bus, and begin."""
        self.compute.serve()
        self.bus.on_wake(self._woken)
        self.bus.on_control(self._look_at_all)
        self.bus.start()
        self.compute.start()

    def stop(self) -> None:
        """End the work; guests go on."""
        # The bus first: whoever waits for control's answer then waits no longer.
        self.bus.close()
        self.compute.stop()

    def _woken(self, wake: Wake) -> None:
        for runner in (self.compute.guests,):
            if runner.reconciler.kind == wake.kind:
                runner.wake(wake.ids)

    def _look_at_all(self) -> None:
        for runner in (self.compute.guests,):
            runner.wake()


def hypervisor(wanted: CloudSettings, settings: Settings, cloud_id: str, images: ImageSource) -> HypervisorDriver:
    """The driver of this host's guests."""
    folder = wanted.state / "agent"
    return DRIVERS["fake" if wanted.simulate else "qemu"](
        DriverSettings(
            cloud_id=cloud_id,
            state_dir=folder,
            run_dir=folder / "run",
            images=images,
            reached=lambda step: stop_points.reached(f"driver:{step}"),
            qemu=settings.section("qemu", QemuOptions),
        )
    )
