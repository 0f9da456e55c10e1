"""Where hypervisor drivers are tried: the same questions and the same interference, on pretended and on real guests."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from haneul.host.hypervisor.qmp import Monitor
from haneul.host.net.links import list_own_links, remove_link
from haneul.services.compute.drivers.base import DiskPlan, GuestPlan, GuestState, ImageFacts, NicPlan
from haneul.services.compute.drivers.fake import FakeDriver
from haneul.services.compute.drivers.qemu import QemuDriver
from haneul.services.compute.drivers.settings import DriverSettings, QemuOptions, pass_by

Driver = FakeDriver | QemuDriver
IMAGE_ID = "9b0ad25e-5a0a-4a4b-8d8c-0b1a5e1c2d3f"
BOOT_S = 60.0
MONITOR_S = 10.0
FIRST_NIC_SLOT = 0x0A
REPOSITORY = Path(__file__).parents[2]
KINDS = ("fake", pytest.param("qemu", marks=pytest.mark.machine))
on_each = pytest.mark.parametrize("kind", KINDS, indirect=True)


class FileImages:
    """An image source with one image, a file. It counts how often the bytes were asked for."""

    def __init__(self, path: Path, disk_format: str = "raw", virtual_size: int | None = None) -> None:
        self.path = path
        self.disk_format = disk_format
        self.virtual_size = virtual_size or path.stat().st_size
        self.fetches = 0

    def facts(self, image_id: str) -> ImageFacts:
        return ImageFacts(
            id=image_id,
            disk_format=self.disk_format,
            size=self.path.stat().st_size,
            hash_name="sha512",
            hash=hashlib.sha512(self.path.read_bytes()).hexdigest(),
            virtual_size=self.virtual_size,
        )

    def chunks(self, _image_id: str) -> Iterator[bytes]:
        self.fetches += 1
        with self.path.open("rb") as file:
            while chunk := file.read(1 << 20):
                yield chunk


class Ground(ABC):
    """One host for one cloud (and now and then another), with what the tests may ask and do behind a driver's back."""

    kind: str

    def __init__(self, image: Path) -> None:
        self.cloud_id = f"test-{uuid4().hex[:12]}"
        # Not pytest's own folder: guests run under accounts that can't pass through it.
        self.outer = Path(tempfile.mkdtemp(prefix="haneul-ground-"))
        # Longer than a socket's address, and with the signs that programs read as the end of an option.
        self.root = self.outer / f"a,b c:{'d' * 90}"
        for folder in (self.outer, self.root):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o711)
        self.images = FileImages(image)
        self.grace_s = 20.0
        self.patience_s = 30.0
        self.drivers: list[Driver] = []

    def settings(self, reached: Callable[[str], None] = pass_by, cloud_id: str | None = None) -> DriverSettings:
        return DriverSettings(
            cloud_id=cloud_id or self.cloud_id,
            state_dir=self.root / "state",
            run_dir=self.root / "run",
            images=self.images,
            reached=reached,
            qemu=QemuOptions(
                accelerator="tcg",
                translation_cache_mb=16,
                shutdown_grace_s=self.grace_s,
                unplug_patience_s=self.patience_s,
            ),
        )

    def driver(self, reached: Callable[[str], None] = pass_by, cloud_id: str | None = None) -> Driver:
        """A driver as an agent makes one when it starts."""
        made = make_driver(self.kind, self.settings(reached, cloud_id))
        self.drivers.append(made)
        made.recover()
        return made

    def die_at(self, step: str, plan: GuestPlan, verb: str = "ensure_guest") -> None:
        """Let another program do a verb, and be killed by SIGKILL as it reaches a step."""
        given = msgspec.json.encode(
            {
                "kind": self.kind,
                "cloud_id": self.cloud_id,
                "root": str(self.root),
                "image": str(self.images.path),
                "plan": plan,
                "verb": verb,
                "step": step,
            }
        )
        path = os.pathsep.join([str(REPOSITORY), *sys.path])
        done = subprocess.run(
            [sys.executable, "-m", "tests.contracts.dying_driver"],
            input=given,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == -9, f"{step} was not reached: {done.stderr.decode()}"

    @abstractmethod
    def kill(self, driver: Driver, guest_id: str) -> None:
        """Let a guest die without the driver's doing."""

    @abstractmethod
    def started(self, guest_id: str) -> list[int]:
        """What tells one running of a guest from the next; one entry for each process that it has."""

    @abstractmethod
    def cards(self, guest_id: str) -> list[str]:
        """The MACs of the network cards that a running guest has, in the order of their slots."""

    def left_over(self, guest_id: str) -> list[str]:
        """Files and processes that bear a guest's id."""
        found = [str(path) for path in self.root.rglob("*") if guest_id in path.name]
        return found + [f"process {pid}" for pid in self.started(guest_id)]

    def close(self) -> None:
        for driver in self.drivers:
            for guest in driver.list_guests():
                driver.remove_guest(guest.id)
            driver.close()
        shutil.rmtree(self.outer)


class FakeGround(Ground):
    """Pretended guests."""

    kind = "fake"

    def kill(self, driver: Driver, guest_id: str) -> None:
        assert isinstance(driver, FakeDriver)
        driver.crash(guest_id)

    def started(self, guest_id: str) -> list[int]:
        try:
            guest = msgspec.json.decode((self.root / "state" / "fake_guests" / f"{guest_id}.json").read_bytes())
        except FileNotFoundError:
            return []
        return [len(guest["boots"])] if guest["state"] in ("running", "paused") else []

    def cards(self, guest_id: str) -> list[str]:
        guest = msgspec.json.decode((self.root / "state" / "fake_guests" / f"{guest_id}.json").read_bytes())
        return [nic["mac"] for nic in sorted(guest["nics"], key=lambda nic: nic["pci_slot"])]


class QemuGround(Ground):
    """Real guests."""

    kind = "qemu"

    def kill(self, driver: Driver, guest_id: str) -> None:
        (pid,) = self.started(guest_id)
        os.kill(pid, 9)
        wait_until(lambda: not self.started(guest_id))

    def started(self, guest_id: str) -> list[int]:
        return [pid for pid, words in command_lines() if f"haneul:{self.cloud_id}:{guest_id}" in words]

    def cards(self, guest_id: str) -> list[str]:
        with Monitor.connect(self.root / "run" / "guests" / guest_id / "monitor", MONITOR_S) as monitor:
            found = monitor.execute("query-rx-filter")
        return [one["main-mac"] for one in sorted(found, key=lambda one: str(one["name"]))]

    def close(self) -> None:
        super().close()
        for link in list_own_links(self.cloud_id):
            remove_link(link.name)


GROUNDS: dict[str, type[Ground]] = {"fake": FakeGround, "qemu": QemuGround}


def make_driver(kind: str, settings: DriverSettings) -> Driver:
    return QemuDriver(settings) if kind == "qemu" else FakeDriver(settings)


def command_lines() -> Iterator[tuple[int, list[str]]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            yield int(folder.name), words


def plan(guest_id: str | None = None, **changes: object) -> GuestPlan:
    """A small guest with one disk of an image."""
    wanted = GuestPlan(
        id=guest_id or str(uuid4()),
        generation=1,
        name="guest",
        vcpus=1,
        memory_mb=128,
        disks=(DiskPlan(id=str(uuid4()), image_id=IMAGE_ID, size_gb=0, boot_index=0, pci_slot=5),),
    )
    return msgspec.structs.replace(wanted, **changes)


def nic(number: int) -> NicPlan:
    """A network card that is as no other test's, in the slot of this number."""
    port_id = str(uuid4())
    mac = f"fa:16:3e:00:{int(port_id[:2], 16):02x}:{number:02x}"
    return NicPlan(id=port_id, mac=mac, mtu=1450, device=f"tap{port_id[:11]}", pci_slot=FIRST_NIC_SLOT + number)


def changed(wanted: GuestPlan, **changes: object) -> GuestPlan:
    """The next generation of a plan."""
    return msgspec.structs.replace(wanted, generation=wanted.generation + 1, **changes)


def state_of(driver: Driver, wanted: GuestPlan) -> GuestState | None:
    return next((guest for guest in driver.list_guests() if guest.id == wanted.id), None)


def wait_until(holds: Callable[[], bool], timeout_s: float = BOOT_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.05)


def wait_for_text(driver: Driver, wanted: GuestPlan, text: str, times: int = 1) -> None:
    wait_until(lambda: driver.console_tail(wanted.id, None).count(text) >= times)


def state_is(driver: Driver, wanted: GuestPlan, state: str) -> bool:
    wait_until(lambda: (guest := state_of(driver, wanted)) is not None and guest.state == state, 5)
    return True


def steps(of: dict[str, tuple[str, ...]]) -> list[object]:
    marks = {"fake": (), "qemu": (pytest.mark.machine,)}
    return [pytest.param(kind, step, marks=marks[kind]) for kind in of for step in of[kind]]
