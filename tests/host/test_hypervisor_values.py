"""The parts of the hypervisor's room that need no guest: accounts, the command line, what is read of the machine."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from haneul.host import run as running
from haneul.host.disk import durable
from haneul.host.hypervisor import facts, probe, seen
from haneul.host.hypervisor.accounts import BLOCK_UIDS, Accounts, AllTaken
from haneul.host.hypervisor.machine import Accelerator, Drive, Machine, Sockets, command_line, guest_mark
from haneul.host.hypervisor.probe import Answer, Surroundings

PLACE = Path("/run/guest")
MACHINE = Machine(
    mark=guest_mark("cloud", "guest"),
    uuid="4b5f3c6e-2f0e-4f0e-9c3a-7d1d5a0c9b11",
    kind="pc",
    vcpus=2,
    memory_mb=256,
    drives=(
        Drive(path=PLACE / "a,b.qcow2", bus="virtio", pci_slot=5, boot_index=0),
        Drive(path=PLACE / "second.qcow2", bus="scsi", pci_slot=6, boot_index=None),
    ),
    sockets=Sockets(monitor=PLACE / "monitor", events=PLACE / "events", vnc=PLACE / "vnc", serial=PLACE / "serial"),
    console_log=PLACE / "a,b.log",
    accelerator="tcg",
    translation_cache_mb=16,
)


def options(argv: list[str], name: str) -> list[str]:
    return [argv[index + 1] for index, word in enumerate(argv) if word == name]


def test_a_guest_is_sandboxed_and_listens_on_nothing_but_sockets() -> None:
    argv = command_line(MACHINE)
    assert options(argv, "-sandbox") == ["on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"]
    assert options(argv, "-vnc") == ["unix:vnc"]
    assert options(argv, "-qmp") == ["unix:monitor,server=on,wait=off", "unix:events,server=on,wait=off"]
    assert options(argv, "-name") == ["haneul:cloud:guest"]
    assert {"-nodefaults", "-no-user-config", "-S"} <= set(argv)


def test_every_pci_device_has_its_slot() -> None:
    devices = options(command_line(MACHINE), "-device")
    slots = [word for device in devices for word in device.split(",") if word.startswith("addr=")]
    assert len(slots) == len(set(slots)) == 5
    assert [device for device in devices if "addr=" not in device] == [
        "scsi-hd,id=disk-06,bus=bus-disk-06.0,drive=disk-06"
    ]
    assert "virtio-blk-pci,id=disk-05,drive=disk-05,bus=pci.0,addr=0x5,bootindex=0" in devices


def test_a_comma_in_a_files_name_stays_in_its_name() -> None:
    assert "logfile=/run/guest/a,,b.log," in options(command_line(MACHINE), "-chardev")[0]
    first = json.loads(options(command_line(MACHINE), "-blockdev")[0])
    assert first["file"]["filename"] == "/run/guest/a,b.qcow2"
    assert first["driver"] == "qcow2"


def test_accounts_of_two_clouds_do_not_meet_and_are_reproducible() -> None:
    first, second = Accounts("one"), Accounts("two")
    uid = first.free_uid(set())
    assert first.owns(uid)
    assert not second.owns(uid)
    assert Accounts("one").owns(uid)
    assert uid not in (first.for_images, first.for_probe)
    mine = range(first.for_images + 2, first.for_images + BLOCK_UIDS)
    assert first.free_uid(set(mine) - {mine[7]}) == mine[7]
    assert 0x70000000 <= uid < 0x7FFF0000


def test_taken_accounts_are_a_sentence() -> None:
    with pytest.raises(AllTaken, match=f"All {BLOCK_UIDS - 2} accounts"):
        Accounts("one").free_uid(range(0x80000000))


def test_versions_are_read_in_the_fields_form() -> None:
    assert facts.version_number("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg)") == 7_002_022
    assert facts.version_number("QEMU emulator version 10.0.3") == 10_000_003
    with pytest.raises(ValueError, match="can't be read"):
        facts.version_number("something else")


def test_the_machine_is_read_from_the_kernel() -> None:
    found = facts.machine_facts()
    assert found.vcpus == len(os.sched_getaffinity(0))
    assert found.memory_mb > 256
    assert found.cpu_model
    assert facts.disk_gb(Path("/")) > 0


@contextmanager
def stand_in(cwd: Path) -> Iterator[int]:
    """A process in that folder that calls itself the guest `guest`."""
    cwd.mkdir(parents=True)
    argv = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)", "-name", "haneul:cloud:guest"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=cwd) as child:
        assert child.stdout is not None
        child.stdout.readline()
        try:
            yield child.pid
        finally:
            child.kill()


def test_a_process_counts_as_a_guest_only_under_our_accounts(tmp_path: Path) -> None:
    with stand_in(tmp_path / "guest") as pid:
        found = seen.guest_processes("cloud", lambda uid: uid == os.getuid(), tmp_path)
        assert {guest.pid for guest in found.values()} == {pid}
        assert found["guest"].started == running.started_ticks(pid)
        assert seen.guest_processes("cloud", lambda uid: uid != os.getuid(), tmp_path) == {}
        assert seen.guest_processes("clou", lambda uid: True, tmp_path) == {}
        assert seen.guest_processes("cloud", lambda uid: True, Path("/proc")) == {}
        assert os.getuid() in seen.uids_in_use()


@pytest.mark.parametrize("place", ["other", "other/guest"])
def test_a_guest_that_broke_out_can_not_pass_for_another(place: str, tmp_path: Path) -> None:
    """A process may call itself what it likes, but only the guest itself can enter the guest's folder."""
    with stand_in(tmp_path / place):
        assert seen.guest_processes("cloud", lambda uid: True, tmp_path) == {}


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    durable.write(target, b"old")
    durable.write(target, b"new", 0o644)
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


HERE = Surroundings(host_kernel="6.18", qemu=7_002_000, uid=65534, kernel=Path(__file__))


@pytest.fixture
def kvm_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for /dev/kvm with everyday rights."""
    device = tmp_path / "kvm"
    device.touch()
    device.chmod(0o666)
    monkeypatch.setattr(probe, "KVM_DEVICE", device)
    return device


@pytest.mark.usefixtures("kvm_device")
@pytest.mark.parametrize(
    ("boots", "accelerator", "because"),
    [
        ({"tcg": 4.0, "kvm": 0.5}, "kvm", "0.5 s under KVM and in 4.0 s emulated"),
        ({"tcg": 4.0, "kvm": None}, "tcg", "did not boot under KVM in that time"),
        ({"tcg": None, "kvm": None}, "tcg", "KVM was not tried"),
    ],
)
def test_kvm_is_taken_only_if_a_kernel_boots_with_it(
    boots: dict[str, float | None], accelerator: str, because: str
) -> None:
    deadlines = []

    def boot(tried: Accelerator, _here: Surroundings, deadline_s: float) -> float | None:
        deadlines.append(deadline_s)
        return boots[tried]

    answer = probe.find_out(HERE, boot)
    assert answer.accelerator == accelerator
    assert because in answer.because
    assert deadlines[1:] in ([], [4.0]), "KVM's deadline is emulation's own time"


def never_boot(_tried: Accelerator, _here: Surroundings, _deadline_s: float) -> float | None:
    pytest.fail("There was nothing to boot.")


def test_a_device_that_only_root_may_open_is_no_use_and_the_fix_is_told(kvm_device: Path) -> None:
    kvm_device.chmod(0o600)
    answer = probe.find_out(HERE, never_boot)
    assert answer.accelerator == "tcg"
    assert f"chmod 660 {kvm_device}" in answer.because
    assert answer.host_kernel == "", "that answer is not to be remembered"
    kvm_device.unlink()
    assert "no /dev/kvm" in probe.find_out(HERE, never_boot).because


@pytest.mark.usefixtures("kvm_device")
def test_without_a_kernel_to_try_guests_are_emulated() -> None:
    here = Surroundings(host_kernel="6.18", qemu=7_002_000, uid=65534, kernel=Path("/nowhere"))
    assert probe.find_out(here, never_boot).accelerator == "tcg"
    assert probe.find_out(here, never_boot).host_kernel == "", "that answer is not to be remembered"


def test_an_answer_is_remembered_for_the_kernel_and_qemu_it_was_found_with(tmp_path: Path) -> None:
    memory = tmp_path / "accelerator.json"
    known = Answer(accelerator="kvm", because="It booted.", host_kernel="6.18", qemu=7_002_000)
    durable.write(memory, msgspec.json.encode(known))
    assert probe.AcceleratorProbe(memory, HERE).answer() == known
    newer = Surroundings(host_kernel="6.19", qemu=7_002_000, uid=65534, kernel=HERE.kernel)
    assert probe.AcceleratorProbe(memory, newer).answer().accelerator == "tcg"
