"""A program that does one verb of a volume driver and is killed as it reaches a step. Read from stdin: what."""

import os
import signal
import sys
from pathlib import Path

import msgspec
from tests.contracts.volume_grounds import Ground

from haneul.services.block_storage.drivers.base import VolumePlan


class Orders(msgspec.Struct):
    kind: str
    root: str
    plan: VolumePlan
    verb: str
    step: str


def main() -> None:
    orders = msgspec.json.decode(sys.stdin.buffer.read(), type=Orders)
    ground = Ground(orders.kind, Path(orders.root))

    def reached(step: str) -> None:
        if step == orders.step:
            os.kill(os.getpid(), signal.SIGKILL)

    driver = ground.driver(reached)
    if orders.verb == "remove_volume":
        driver.remove_volume(orders.plan.id)
    else:
        driver.ensure_volume(orders.plan)


if __name__ == "__main__":
    main()
