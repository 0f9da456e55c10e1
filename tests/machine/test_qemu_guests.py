"""What only real guests can show: their accounts, their sandbox, strays, and whether KVM is what it says."""

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contracts import bootable
from tests.contracts.disc import WORDS, disc
from tests.contracts.hypervisor_grounds import Driver, FileImages, QemuGround, changed, plan, state_of, wait_until

from haneul.host import run as running
from haneul.host.hypervisor import probe
from haneul.host.hypervisor.accounts import Accounts
from haneul.host.hypervisor.qmp import Monitor, MonitorFailed
from haneul.services.compute.drivers import qemu
from haneul.services.compute.drivers.base import DiskPlan, GuestPlan, Refused

pytestmark = pytest.mark.machine


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[QemuGround]:
    blank = tmp_path / "blank.raw"
    blank.write_bytes(bytes(1 << 20))
    made = QemuGround(blank)
    made.grace_s = 0.2
    yield made
    made.close()


@pytest.fixture
def driver(ground: QemuGround) -> Driver:
    return ground.driver()


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def monitor_path(ground: QemuGround, wanted: GuestPlan) -> Path:
    return ground.root / "run" / "guests" / wanted.id / "monitor"


def test_each_guest_is_sandboxed_under_an_account_of_its_own(ground: QemuGround, driver: Driver) -> None:
    uids = []
    for wanted in (plan(), plan()):
        driver.ensure_guest(wanted)
        (pid,) = ground.started(wanted.id)
        status = status_of(pid)
        assert status["Seccomp"] == "2"
        assert status["NoNewPrivs"] == "1"
        assert status["CapEff"].strip("0") == ""
        assert status["Groups"].split() == [str(Accounts(ground.cloud_id).for_images)]
        assert len(set(status["Uid"].split())) == 1
        uids.append(int(status["Uid"].split()[0]))
        assert os.getsid(pid) == pid
        assert not [name for name in os.listdir(f"/proc/{pid}/fd") if is_pipe_of_ours(pid, name)]
    assert len({*uids, 0, os.getuid()}) == 3
    assert all(Accounts(ground.cloud_id).owns(uid) for uid in uids)


def is_pipe_of_ours(pid: int, descriptor: str) -> bool:
    ours = {os.readlink(f"/proc/self/fd/{name}") for name in ("0", "1", "2")}
    target = os.readlink(f"/proc/{pid}/fd/{descriptor}")
    return target.startswith("pipe:") and target in ours


def test_a_guest_reaches_neither_anothers_disk_nor_its_own_record(ground: QemuGround, driver: Driver) -> None:
    first, second = plan(), plan()
    for wanted in (first, second):
        driver.ensure_guest(wanted)
    folder = ground.root / "state" / "guests" / first.id
    disk = folder / "own" / f"{first.disks[0].id}.qcow2"
    own = folder.joinpath("own").stat().st_uid
    other = (ground.root / "state" / "guests" / second.id / "own").stat().st_uid
    base = ground.root / "state" / "cache" / ground.cloud_id / str(first.disks[0].image_id)
    images = Accounts(ground.cloud_id).for_images
    assert running.run(["head", "-c", "3", str(disk)], timeout_s=5, uid=own, gid=own).stdout == b"QFI"
    running.run(["head", "-c", "3", str(base)], timeout_s=5, uid=own, gid=images)
    for uid, words in (
        (other, ["head", "-c", "3", str(disk)]),
        (other, ["ls", str(monitor_path(ground, first).parent)]),
        (own, ["cat", str(folder / "plan.json")]),
        (own, ["touch", str(folder / "plan.json")]),
        # Not the account itself, but the group that its process alone is given.
        (own, ["head", "-c", "3", str(base)]),
        (own, ["ls", str(folder.parent)]),
    ):
        with pytest.raises(running.RunFailed, match="Permission denied"):
            running.run(words, timeout_s=5, uid=uid, gid=uid)


def test_sockets_are_all_that_a_guest_listens_on(ground: QemuGround, driver: Driver) -> None:
    wanted = plan()
    driver.ensure_guest(wanted)
    folder = monitor_path(ground, wanted).parent
    assert sorted(path.name for path in folder.iterdir()) == ["events", "monitor", "serial", "vnc"]
    assert all(stat.S_ISSOCK(path.stat().st_mode) for path in folder.iterdir())
    (pid,) = ground.started(wanted.id)
    listening = {os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")}
    for table in ("tcp", "tcp6"):
        rows = Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
        assert not listening & {f"socket:[{row.split()[9]}]" for row in rows}


def test_disks_and_devices_sit_where_the_plan_says(ground: QemuGround, driver: Driver) -> None:
    blank = DiskPlan(id="blank", size_gb=1, pci_slot=7)
    on_scsi = DiskPlan(id="other", size_gb=1, bus="scsi", pci_slot=9)
    wanted = plan(disks=(*plan().disks, blank, on_scsi))
    driver.ensure_guest(wanted)
    with Monitor.connect(monitor_path(ground, wanted), 5) as monitor:
        (bus,) = monitor.execute("query-pci")
        sizes = {
            node["node-name"]: node["image"]["virtual-size"] for node in monitor.execute("query-named-block-nodes")
        }
    assert {device["slot"] for device in bus["devices"]} == {0, 1, 2, 5, 7, 9, 0x1D, 0x1E}
    assert (sizes["disk-05"], sizes["disk-07"]) == (1 << 20, 1 << 30)


def test_hardware_is_not_changed_under_a_running_guest(ground: QemuGround, driver: Driver) -> None:
    wanted = plan()
    driver.ensure_guest(wanted)
    began = ground.started(wanted.id)
    larger = changed(wanted, vcpus=2)
    with pytest.raises(Refused, match="other hardware"):
        driver.ensure_guest(larger)
    assert ground.started(wanted.id) == began
    guest = state_of(driver, wanted)
    assert guest is not None
    assert guest.generation == 1, "what was not made true was reported as if it were"
    stopped = changed(larger, power="stopped")
    driver.ensure_guest(stopped)
    driver.ensure_guest(changed(stopped, power="running"))
    with Monitor.connect(monitor_path(ground, wanted), 5) as monitor:
        assert len(monitor.execute("query-cpus-fast")) == 2


def test_a_missing_disk_is_never_replaced_by_an_empty_one(ground: QemuGround, driver: Driver) -> None:
    wanted = plan()
    driver.ensure_guest(wanted)
    ground.kill(driver, wanted.id)
    (ground.root / "state" / "guests" / wanted.id / "own" / f"{wanted.disks[0].id}.qcow2").unlink()
    with pytest.raises(Refused, match="is missing on this host"):
        driver.ensure_guest(wanted)
    assert ground.started(wanted.id) == []


def test_the_image_of_a_stopped_guest_stays_and_goes_with_the_guest(
    ground: QemuGround, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qemu, "CONSOLE_EVERY_S", 0.05)
    monkeypatch.setattr(qemu, "SWEEP_EVERY_S", 0.1)
    monkeypatch.setattr(qemu, "UNUSED_S", 0.5)
    driver, wanted = ground.driver(), plan()
    driver.ensure_guest(changed(wanted, power="stopped"))
    (image_id,) = (disk.image_id for disk in wanted.disks if disk.image_id)
    base = ground.root / "state" / "cache" / ground.cloud_id / str(image_id)
    time.sleep(1.0)
    assert base.exists()
    driver.remove_guest(wanted.id)
    wait_until(lambda: not base.exists())
    driver.ensure_guest(changed(plan(), power="stopped"))


def test_a_guest_that_switched_itself_off_is_stopped_and_not_crashed(ground: QemuGround, driver: Driver) -> None:
    wanted = plan()
    driver.ensure_guest(wanted)
    began = ground.started(wanted.id)
    # What the guest's own poweroff brings about: QEMU stays, and waits in this state.
    told: list[str] = []
    driver.on_down(told.append)
    switch_off_from_within(ground, wanted)
    wait_until(lambda: wanted.id in told)
    guest = state_of(driver, wanted)
    assert guest is not None
    assert guest.state == "stopped"
    driver.ensure_guest(wanted)
    assert [guest.state for guest in driver.list_guests()] == ["running"]
    assert ground.started(wanted.id) != began
    switch_off_from_within(ground, wanted)
    driver.ensure_guest(changed(wanted, power="stopped"))
    assert ground.started(wanted.id) == []


def switch_off_from_within(ground: QemuGround, wanted: GuestPlan) -> None:
    """Set the sleep bits of the chipset's ACPI register, as a guest's kernel does to switch off (S5)."""
    with Monitor.connect(monitor_path(ground, wanted), 5) as monitor:
        deadline = time.monotonic() + 20
        while monitor.execute("query-status")["status"] != "shutdown":
            assert time.monotonic() < deadline
            monitor.execute("human-monitor-command", {"command-line": "o /w 0x604 0x2000"})
            time.sleep(0.05)


def test_a_process_whose_folder_is_lost_is_listed_and_goes_only_when_it_is_removed(
    ground: QemuGround, driver: Driver
) -> None:
    wanted = plan()
    driver.ensure_guest(wanted)
    began = ground.started(wanted.id)
    (ground.root / "state" / "guests" / wanted.id).rename(ground.root / "lost")
    again = ground.driver()
    assert [(guest.id, guest.generation) for guest in again.list_guests()] == [(wanted.id, 0)]
    with pytest.raises(Refused, match="its folder is lost"):
        again.ensure_guest(wanted)
    assert ground.started(wanted.id) == began
    again.remove_guest(wanted.id)
    assert ground.left_over(wanted.id) == []


def test_a_guest_that_cannot_start_says_so_without_a_path(ground: QemuGround, driver: Driver) -> None:
    wanted = plan(memory_mb=1 << 30)
    with pytest.raises(Refused, match="could not run the server") as caught:
        driver.ensure_guest(wanted)
    assert "/" not in str(caught.value)
    guest = state_of(driver, wanted)
    assert guest is not None
    assert guest.generation == 0


def test_a_list_does_not_wait_for_a_guest_that_hangs(ground: QemuGround, driver: Driver) -> None:
    wanted = plan()
    driver.ensure_guest(wanted)
    (pid,) = ground.started(wanted.id)
    os.kill(pid, 19)
    try:
        began = time.monotonic()
        guest = state_of(driver, wanted)
        assert time.monotonic() - began < 10
    finally:
        os.kill(pid, 18)
    assert guest is not None
    assert guest.state == "running"


def test_the_monitor_speaks_waits_and_fails_in_sentences(ground: QemuGround, driver: Driver) -> None:
    wanted = plan()
    driver.ensure_guest(wanted)
    path = monitor_path(ground, wanted)
    with Monitor.connect(path, 5) as monitor:
        assert monitor.execute("query-name")["name"] == f"haneul:{ground.cloud_id}:{wanted.id}"
        monitor.execute("stop")
        assert monitor.wait_event("STOP", 5)["event"] == "STOP"
        with pytest.raises(MonitorFailed, match=r"No RESUME came .* within 0\.1 seconds"):
            monitor.wait_event("RESUME", 0.1)
        with pytest.raises(MonitorFailed, match="The monitor command no-such-thing failed"):
            monitor.execute("no-such-thing")
        with pytest.raises(MonitorFailed, match="can't be reached"):
            Monitor.connect(path, 0.2)
    ground.kill(driver, wanted.id)
    with pytest.raises(MonitorFailed, match="can't be reached"):
        Monitor.connect(path, 5)


def test_an_ordinary_kernel_is_booted_and_its_time_taken(tmp_path: Path) -> None:
    here = probe.Surroundings(
        host_kernel="any", qemu=7_002_000, uid=Accounts("probe").for_probe, kernel=bootable.unpack_kernel(tmp_path)
    )
    took_s = probe.boot_s("tcg", here, 60)
    assert took_s is not None
    assert 0.2 < took_s < 60
    assert probe.boot_s("tcg", here, 0.2) is None
    broken = probe.Surroundings(host_kernel="any", qemu=7_002_000, uid=here.uid, kernel=Path(__file__))
    assert probe.boot_s("tcg", broken, 5) is None


def test_the_probe_answers_in_the_background_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Any device will do for one that opens and is not KVM: whether it is one is what the probe is to find out.
    monkeypatch.setattr(probe, "KVM_DEVICE", Path("/dev/null"))
    here = probe.Surroundings(
        host_kernel="any", qemu=7_002_000, uid=Accounts("probe").for_probe, kernel=bootable.unpack_kernel(tmp_path)
    )
    memory = tmp_path / "accelerator.json"
    asking = probe.AcceleratorProbe(memory, here)
    assert asking.answer().accelerator == "tcg"
    asking.begin()
    wait_until(lambda: "still being found out" not in asking.answer().because)
    wait_until(memory.exists)
    assert probe.AcceleratorProbe(memory, here).answer() == asking.answer()


def test_an_iso_is_a_cd_that_a_guest_boots_from(ground: QemuGround, tmp_path: Path) -> None:
    path = tmp_path / "disc.iso"
    path.write_bytes(disc())
    ground.images = FileImages(path, "iso")
    driver, wanted = ground.driver(), plan()
    driver.ensure_guest(wanted)
    wait_until(lambda: WORDS.decode().strip() in driver.console_tail(wanted.id, None))
    with Monitor.connect(monitor_path(ground, wanted), 10) as monitor:
        (found,) = [one for one in monitor.execute("query-block") if one.get("inserted")]
    assert (found["inserted"]["ro"], found["inserted"]["image"]["virtual-size"]) == (True, len(disc()))
