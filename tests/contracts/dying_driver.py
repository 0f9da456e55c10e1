"""A program that does one verb of a driver and is killed by SIGKILL as it reaches a step. Read from stdin: what."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from tests.contracts.hypervisor_grounds import FileImages, make_driver

from haneul.services.compute.drivers.base import GuestPlan
from haneul.services.compute.drivers.settings import DriverSettings, QemuOptions


class Orders(msgspec.Struct):
    kind: str
    cloud_id: str
    root: str
    image: str
    plan: GuestPlan
    verb: str
    step: str


class DyingImages(FileImages):
    """An image source in the middle of whose bytes the program may die."""

    def __init__(self, path: Path, dies: bool) -> None:
        super().__init__(path)
        self.dies = dies

    def chunks(self, image_id: str) -> Iterator[bytes]:
        for number, chunk in enumerate(super().chunks(image_id)):
            if self.dies and number == 1:
                die()
            yield chunk


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    orders = msgspec.json.decode(sys.stdin.buffer.read(), type=Orders)
    settings = DriverSettings(
        cloud_id=orders.cloud_id,
        state_dir=Path(orders.root) / "state",
        run_dir=Path(orders.root) / "run",
        images=DyingImages(Path(orders.image), orders.step == "image-half-fetched"),
        reached=lambda step: die() if step == orders.step else None,
        qemu=QemuOptions(accelerator="tcg", translation_cache_mb=16, shutdown_grace_s=1),
    )
    driver = make_driver(orders.kind, settings)
    driver.recover()
    if orders.verb == "remove_guest":
        driver.remove_guest(orders.plan.id)
    else:
        driver.ensure_guest(orders.plan)


if __name__ == "__main__":
    main()
