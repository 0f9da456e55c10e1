"""The agent's composition root: what makes this host equal the rows, put together."""

from pathlib import Path
from typing import Any

import msgspec

from haneul.kernel import stop_points
from haneul.kernel.bus import Bus, BusSettings, Wake, open_bus
from haneul.kernel.config import Settings
from haneul.kernel.reconcile.runner import Identity, Runner
from haneul.services.block_storage.agent.host import VolumeHost
from haneul.services.block_storage.agent.images import BusImages as VolumeImages
from haneul.services.block_storage.config import BackendSettings, BlockStorageSettings
from haneul.services.block_storage.drivers import DRIVERS as VOLUME_DRIVERS
from haneul.services.block_storage.drivers.base import DriverSettings as VolumeDriverSettings
from haneul.services.compute.agent.host import ComputeHost
from haneul.services.compute.agent.images import BusImages
from haneul.services.compute.drivers import DRIVERS
from haneul.services.compute.drivers.base import HypervisorDriver, ImageSource
from haneul.services.compute.drivers.settings import DriverSettings, QemuOptions
from haneul.services.network.agent.host import NetworkHost
from haneul.services.network.config import NetworkSettings
from haneul.services.network.drivers import DRIVERS as NETWORK_DRIVERS
from haneul.services.network.drivers.base import NetworkDriver
from haneul.services.network.drivers.settings import DriverSettings as NetworkDriverSettings
from haneul.services.network.drivers.settings import ExternalLink
from haneul.settings import CloudSettings


class Agent:
    """An agent's parts, put together and not yet started."""

    def __init__(self, wanted: CloudSettings, settings: Settings, cloud_id: str, machine: Path | None = None) -> None:
        self.bus: Bus = open_bus(wanted.bus_url, wanted.host, settings=BusSettings(cloud_id=cloud_id))
        driver = hypervisor(wanted, settings, cloud_id, BusImages(self.bus))
        identity = Identity(cloud_id, wanted.host, wanted.state / "agent")
        self.network = NetworkHost(networks_of(wanted, settings, cloud_id, machine), self.bus, identity)
        self.compute = ComputeHost(driver, self.bus, identity)
        self.volumes = volumes_of(wanted, settings, VolumeImages(self.bus), identity, self.bus)

    def start(self) -> None:
        """Adopt what runs, join the bus, and begin."""
        self.compute.serve()
        self.bus.on_wake(self._woken)
        self.bus.on_control(self._look_at_all)
        self.bus.start()
        self.network.start()
        self.volumes.start()
        self.compute.start()

    def stop(self) -> None:
        """End the work; guests go on."""
        # The bus first: whoever waits for control's answer then waits no longer.
        self.bus.close()
        self.compute.stop()
        self.volumes.stop()
        self.network.stop()

    def wait_until_heard(self, deadline_s: float) -> bool:
        """Wait until control knows of this host, so that it may be given something to do; whether it does."""
        parts = (self.network, self.volumes, self.compute)
        return all(part.wait_until_heard(deadline_s) for part in parts)

    @property
    def _runners(self) -> "list[Runner[Any]]":
        return [self.compute.guests, self.compute.images, self.volumes.volumes, *self.network.runners]

    def _woken(self, wake: Wake) -> None:
        for runner in self._runners:
            if runner.reconciler.kind == wake.kind:
                runner.wake(wake.ids)

    def _look_at_all(self) -> None:
        for runner in self._runners:
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


def networks_of(wanted: CloudSettings, settings: Settings, cloud_id: str, machine: Path | None = None) -> NetworkDriver:
    """The driver of this host's networks; `machine` is the path of the namespace that was left for the cloud's own."""
    external = ExternalLink(address=wanted.external_address)
    if machine is not None:
        external = msgspec.structs.replace(external, machine=machine)
    own = settings.section("network", NetworkSettings)
    folder = wanted.state / "agent"
    return NETWORK_DRIVERS["fake" if wanted.simulate else "linuxbridge"](
        NetworkDriverSettings(
            cloud_id=cloud_id,
            state_dir=folder,
            run_dir=folder / "run",
            tunnel_ip=own.tunnel_ip,
            physical_links=own.physical_links,
            external=external,
            reached=lambda step: stop_points.reached(f"network:{step}"),
        )
    )


def volumes_of(wanted: CloudSettings, settings: Settings, images: VolumeImages, me: Identity, bus: Bus) -> VolumeHost:
    """This host's back ends of volumes."""
    named = settings.section("block_storage", BlockStorageSettings).backends or {"file": BackendSettings()}
    kinds = {name: "fake" if wanted.simulate else one.driver for name, one in named.items()}
    drivers = {
        name: VOLUME_DRIVERS[kinds[name]](
            VolumeDriverSettings(
                cloud_id=me.cloud_id,
                backend=name,
                folder=wanted.state / "agent" / "volumes" / name,
                options=one.options,
                images=images,
                reached=lambda step: stop_points.reached(f"volumes:{step}"),
            )
        )
        for name, one in named.items()
    }
    return VolumeHost(drivers, kinds, bus, me)
