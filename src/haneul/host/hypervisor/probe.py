"""Whether KVM truly runs an ordinary kernel here: boot one, in as much time as plain emulation takes for it.

A /dev/kvm that opens proves nothing: under some hypervisors a tiny guest passes and a real kernel fails or crawls.
"""

import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from haneul.host import run as running
from haneul.host.disk import durable
from haneul.host.hypervisor.facts import QEMU
from haneul.host.hypervisor.machine import SANDBOX, Accelerator

log = logging.getLogger("haneul.compute.drivers.probe")
KVM_DEVICE = Path("/dev/kvm")
LONGEST_BOOT_S = 120.0
# A kernel without a root disk has come through its whole start when it says so, and with panic=-1 it then resets.
KERNEL_ARGUMENTS = "console=ttyS0 panic=-1 quiet loglevel=1"
MEMORY_MB = 256


class Answer(Struct, frozen=True, kw_only=True):
    """Which accelerator guests get, and why, in a sentence. It holds for one kernel of the host and one QEMU."""

    accelerator: Accelerator
    because: str
    host_kernel: str = ""
    qemu: int = 0


class Surroundings(Struct, frozen=True, kw_only=True):
    """What an answer holds for, who runs the probe, and the kernel to boot."""

    host_kernel: str
    qemu: int
    uid: int
    kernel: Path


class AcceleratorProbe:
    """Asks once, in the background, and remembers the answer in a file. Until there is one, guests are emulated."""

    def __init__(self, memory: Path, surroundings: Surroundings) -> None:
        self._memory = memory
        self._surroundings = surroundings
        self._thread: threading.Thread | None = None
        self._answer = self._remembered()

    def answer(self) -> Answer:
        """What is known now. Never waits."""
        return self._answer or Answer(accelerator="tcg", because="Whether KVM works here is still being found out.")

    def begin(self) -> None:
        """Start asking, if nothing is known and nobody asks yet."""
        if self._answer is None and self._thread is None:
            self._thread = threading.Thread(target=self._ask, name="accelerator-probe", daemon=True)
            self._thread.start()

    def _remembered(self) -> Answer | None:
        try:
            answer = msgspec.json.decode(self._memory.read_bytes(), type=Answer)
        except (OSError, msgspec.MsgspecError):
            return None
        here = (self._surroundings.host_kernel, self._surroundings.qemu)
        return answer if (answer.host_kernel, answer.qemu) == here else None

    def _ask(self) -> None:
        try:
            self._answer = found = find_out(self._surroundings, boot_s)
            if found.host_kernel:
                durable.write(self._memory, msgspec.json.encode(found), 0o644)
            log.info("Guests use the accelerator %s: %s", found.accelerator, found.because)
        except (OSError, running.RunFailed) as error:
            log.warning("Whether KVM works here could not be found out: %s", error)


def find_out(here: Surroundings, boot: Callable[[Accelerator, Surroundings, float], float | None]) -> Answer:
    """Compare a boot under KVM with one under emulation. An answer without a boot is not to be remembered."""
    if not KVM_DEVICE.exists():
        return Answer(accelerator="tcg", because="This host has no /dev/kvm.")
    if not guests_may_open(KVM_DEVICE):
        fix = f"groupadd --force kvm && chgrp kvm {KVM_DEVICE} && chmod 660 {KVM_DEVICE}"
        return Answer(accelerator="tcg", because=f"Only root may open {KVM_DEVICE}. Give it to a group with: {fix}")
    if not here.kernel.is_file():
        return Answer(accelerator="tcg", because="There is no ordinary kernel here to try KVM with.")
    emulated_s = boot("tcg", here, LONGEST_BOOT_S)
    if emulated_s is None:
        return Answer(accelerator="tcg", because=f"The kernel {here.kernel} boots under neither: KVM was not tried.")
    virtual_s = boot("kvm", here, emulated_s)
    kvm_works = virtual_s is not None
    because = (
        f"A kernel booted in {virtual_s:.1f} s under KVM and in {emulated_s:.1f} s emulated."
        if kvm_works
        else f"A kernel that boots in {emulated_s:.1f} s emulated did not boot under KVM in that time."
    )
    chosen: Accelerator = "kvm" if kvm_works else "tcg"
    return Answer(accelerator=chosen, because=because, host_kernel=here.host_kernel, qemu=here.qemu)


def boot_s(accelerator: Accelerator, here: Surroundings, deadline_s: float) -> float | None:
    """Seconds from power on until the kernel has started whole and resets for want of a disk; None if it never does."""
    with tempfile.TemporaryDirectory(prefix="haneul-probe-") as made:
        folder = Path(made)
        console = folder / "console"
        console.touch(0o600)
        os.chown(console, here.uid, here.uid)
        folder.chmod(0o711)
        # A copy, since some distributions keep their kernels readable for root alone.
        kernel = folder / "kernel"
        shutil.copyfile(here.kernel, kernel)
        kernel.chmod(0o444)
        began = time.monotonic()
        try:
            running.run(
                _command_line(accelerator, kernel, console),
                timeout_s=deadline_s,
                uid=here.uid,
                gid=next(iter(kvm_groups()), here.uid) if accelerator == "kvm" else here.uid,
            )
        except running.RunFailed as error:
            log.info("A kernel did not boot under %s: %s", accelerator, error)
            return None
        took_s = time.monotonic() - began
        return took_s if b"VFS: Unable to mount root fs" in console.read_bytes() else None


def kvm_groups() -> tuple[int, ...]:
    """The group to which the host gave /dev/kvm: what a guest's account needs to use it. Root's is not given out."""
    try:
        group = KVM_DEVICE.stat().st_gid
    except OSError:
        return ()
    return (group,) if group else ()


def guests_may_open(device: Path) -> bool:
    """Whether an account without rights can use a device, by its group (not root's) or as anybody."""
    found = device.stat()
    by_group = found.st_gid != 0 and found.st_mode & 0o060 == 0o060
    return by_group or found.st_mode & 0o006 == 0o006


def newest_kernel(folder: Path = Path("/boot")) -> Path:
    """The newest kernel of the host's own packages, or the path where one would be."""
    kernels = sorted(folder.glob("vmlinuz-*"), key=lambda path: path.stat().st_mtime)
    return kernels[-1] if kernels else folder / "vmlinuz"


def _command_line(accelerator: Accelerator, kernel: Path, console: Path) -> list[str]:
    return [
        QEMU,
        *("-no-user-config", "-nodefaults", "-no-reboot", "-sandbox", SANDBOX),
        *("-machine", "pc", "-m", f"{MEMORY_MB}M", "-display", "none"),
        *("-accel", accelerator, "-cpu", "host" if accelerator == "kvm" else "max"),
        *("-kernel", str(kernel), "-append", KERNEL_ARGUMENTS),
        *("-serial", f"file:{console}"),
    ]
