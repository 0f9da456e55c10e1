"""Where back ends of volumes are tried: the same questions of pretended and of real ones."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import msgspec

from haneul.services.block_storage.drivers import DRIVERS
from haneul.services.block_storage.drivers.base import (
    DriverSettings,
    ImageFacts,
    VolumeDriver,
    VolumePlan,
    VolumeState,
    pass_by,
)

IMAGE_ID = "9b0ad25e-5a0a-4a4b-8d8c-0b1a5e1c2d3f"
REPOSITORY = Path(__file__).parents[2]
BACKEND = "shelf"
MIB = 1 << 20


class FileImages:
    """An image source with one image, a file."""

    def __init__(self, path: Path, disk_format: str = "raw", virtual_size: int = 0) -> None:
        self.path, self.disk_format, self.virtual_size = path, disk_format, virtual_size
        self.hash = ""

    def facts(self, image_id: str) -> ImageFacts:
        size = self.path.stat().st_size
        return ImageFacts(
            id=image_id,
            disk_format=self.disk_format,
            size=size,
            hash_name="sha512",
            hash=self.hash or hashlib.sha512(self.path.read_bytes()).hexdigest(),
            virtual_size=self.virtual_size or size,
        )

    def chunks(self, _image_id: str) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            while chunk := file.read(MIB):
                yield chunk


class Ground:
    """One folder for one cloud, and now and then another, with what tests may ask behind a driver's back."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.root = kind, folder / "volumes"
        self.image = folder / "image"
        self.image.write_bytes(b"\xab" * MIB + bytes(MIB))
        self.images = FileImages(self.image)
        self.cloud_id = "cloud-1"

    def driver(self, reached: Callable[[str], None] = pass_by, cloud_id: str = "") -> VolumeDriver:
        """A driver as an agent makes one when it starts."""
        made = DRIVERS[self.kind](
            DriverSettings(
                cloud_id=cloud_id or self.cloud_id,
                backend=BACKEND,
                folder=self.root,
                images=self.images,
                reached=reached,
            )
        )
        made.recover()
        return made

    def die_at(self, step: str, plan: VolumePlan, verb: str = "ensure_volume") -> None:
        """Let another program do a verb, and be killed by SIGKILL as it reaches a step."""
        orders = {
            "kind": self.kind,
            "root": str(self.root.parent),
            "plan": plan,
            "verb": verb,
            "step": step,
        }
        path = os.pathsep.join([str(REPOSITORY), *sys.path])
        done = subprocess.run(
            [sys.executable, "-m", "tests.contracts.dying_volume_driver"],
            input=msgspec.json.encode(orders),
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == -9, f"{step} was not reached: {done.stderr.decode()}"

    def left_over(self, volume_id: str) -> list[str]:
        """Files that bear a volume's id, and drafts of any."""
        return [str(path) for path in self.root.rglob("*") if volume_id in str(path) or path.suffix == ".part"]

    def bytes_of(self, volume_id: str) -> Path:
        """The file that a real volume is; tests read and write it as a guest would."""
        return self.root / volume_id / "volume.raw"

    def close(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)


def plan(**changes: object) -> VolumePlan:
    """A blank volume of one GiB."""
    wanted = VolumePlan(id=str(uuid4()), generation=1, backend=BACKEND, size_gb=1)
    return msgspec.structs.replace(wanted, **changes)


def changed(wanted: VolumePlan, **changes: object) -> VolumePlan:
    """The next generation of a plan."""
    return msgspec.structs.replace(wanted, generation=wanted.generation + 1, **changes)


def state_of(driver: VolumeDriver, wanted: VolumePlan) -> VolumeState | None:
    return next((one for one in driver.list_volumes() if one.id == wanted.id), None)
