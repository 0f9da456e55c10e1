"""What this machine offers to guests, read from the kernel and from QEMU itself."""

import os
import re
from pathlib import Path

from msgspec import Struct

from haneul.host.run import run

QEMU = "qemu-system-x86_64"
VERSION_S = 20.0


class MachineFacts(Struct, frozen=True, kw_only=True):
    """CPUs that we may use, memory in MiB, and the CPU's name as the kernel gives it."""

    vcpus: int
    memory_mb: int
    cpu_model: str
    architecture: str


def machine_facts() -> MachineFacts:
    """Look at the machine."""
    return MachineFacts(
        vcpus=len(os.sched_getaffinity(0)),
        memory_mb=_memory_mb(Path("/proc/meminfo").read_text()),
        cpu_model=_cpu_model(Path("/proc/cpuinfo").read_text()),
        architecture=os.uname().machine,
    )


def disk_gb(folder: Path) -> int:
    """The size in GiB of the file system that holds `folder`."""
    whole = os.statvfs(folder)
    return whole.f_blocks * whole.f_frsize >> 30


def qemu_version() -> int:
    """The installed QEMU's version in the field's integer form: 7.2.0 is 7002000. RunFailed if there is none."""
    return version_number(run([QEMU, "--version"], timeout_s=VERSION_S).stdout.decode())


def version_number(said: str) -> int:
    """Turn what `--version` says into one integer: 7.2.22 is 7002022."""
    found = re.search(r"version (\d+)\.(\d+)\.(\d+)", said)
    if not found:
        raise ValueError(f"QEMU's version can't be read from {said!r}.")
    major, minor, micro = map(int, found.groups())
    return major * 1_000_000 + minor * 1_000 + micro


def _memory_mb(meminfo: str) -> int:
    found = re.search(r"^MemTotal:\s+(\d+) kB$", meminfo, re.MULTILINE)
    return int(found[1]) // 1024 if found else 0


def _cpu_model(cpuinfo: str) -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    return found[1].strip() if found else "unknown"
