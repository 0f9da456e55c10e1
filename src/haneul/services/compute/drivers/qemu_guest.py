"""One guest under QEMU, brought step by step to what its plan wants. Each step may be the last before a crash."""

import logging
import time
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from haneul.host import run as running
from haneul.host.disk import config_drive, qemu_img
from haneul.host.hypervisor.machine import ROOT_BUS, Accelerator, Card, Drive, Machine, command_line, guest_mark
from haneul.host.hypervisor.probe import kvm_groups
from haneul.host.hypervisor.qmp import Monitor, MonitorFailed
from haneul.host.hypervisor.seen import GuestProcess
from haneul.services.compute.drivers import cards, disk_copies, saved_memory
from haneul.services.compute.drivers.base import CANNOT_LET_GO, DiskPlan, GuestPlan, Refused, VerbPlan
from haneul.services.compute.drivers.guest_folders import DRAFT, GuestFolder, GuestRecord, Reboot
from haneul.services.compute.drivers.image_cache import ImageCache
from haneul.services.compute.drivers.plan_checks import disk_bytes
from haneul.services.compute.drivers.settings import QemuOptions

log = logging.getLogger("haneul.compute.drivers.qemu")
MONITOR_S = 10.0
POLL_S = 0.005
# SIGTERM lets QEMU flush its disks; a guest that is to lose its power doesn't get to say more.
FLUSH_S = 5.0
VERBS_REMEMBERED = 50


class Surroundings(Struct, frozen=True, kw_only=True):
    """What a guest needs of the driver that runs it. `images_group` may read the images that disks are laid over."""

    cloud_id: str
    images: ImageCache
    images_group: int
    options: QemuOptions
    accelerator: Callable[[], Accelerator]
    find: Callable[[str], GuestProcess | None]
    reached: Callable[[str], None]


class QemuGuest:
    """A guest that is held by its lock, with its record and its process (None while it has none)."""

    def __init__(self, folder: GuestFolder, record: GuestRecord, uid: int, around: Surroundings) -> None:
        self._folder = folder
        self._record = record
        self._uid = uid
        self._around = around
        self._process = around.find(folder.guest_id)

    def make_true(self) -> None:
        """Bring disks, verbs and power to what the record's plan wants, and remember that they are there."""
        plan = self._record.plan
        for disk in (*plan.disks, *plan.spare_disks):
            self._ensure_disk(disk)
        self._drop_disks(set(plan.dropped_disks))
        for verb in plan.verbs:
            if verb.id not in self._record.verbs_done:
                self._do_once(verb)
        if plan.power == "stopped":
            self._stop(self._around.options.shutdown_grace_s)
        elif plan.power == "suspended":
            self._suspend()
        else:
            self._ensure_power()
        if self._record.made_generation != plan.generation:
            self._remember(made_generation=plan.generation)
        self._around.reached("plan-remembered")

    def _remember(self, **changes: Any) -> None:
        self._record = self._folder.save(msgspec.structs.replace(self._record, **changes))

    def _ensure_disk(self, disk: DiskPlan) -> None:
        path = self._folder.disk(disk.id)
        made = next((known for known in self._record.disks if known.id == disk.id), None)
        if made is not None and (made.image_id, made.size_gb) != (disk.image_id, disk.size_gb):
            raise Refused(f"The disk {disk.id} was made with another image or size, and can't be changed in place.")
        if made is not None and not path.exists():
            # Making it anew would hide that what was on it is lost.
            raise Refused(f"The file of the disk {disk.id} is missing on this host.")
        if not path.exists():
            self._make_disk(disk)
        if made is None:
            self._remember(disks=(*self._record.disks, disk))

    def _make_disk(self, disk: DiskPlan) -> None:
        path = self._folder.disk(disk.id)
        draft = path.with_name(path.name + DRAFT)
        draft.unlink(missing_ok=True)
        if disk.image_id is None:
            qemu_img.create_blank(draft, disk_bytes(disk, 0), self._uid)
        else:
            base = self._around.images.base(disk.image_id)
            self._around.reached("base-cached")
            size = base.virtual_size if base.is_disc else disk_bytes(disk, base.virtual_size)
            qemu_img.create_overlay(draft, base.path, base.disk_format, size, self._uid)
        draft.rename(path)
        self._around.reached("disk-made")

    def _drop_disks(self, dropped: set[str]) -> None:
        """Delete these disks, after the process that may have them plugged in."""
        launched, saved = self._record.launched, self._record.saved
        if any(disk.id in dropped for plan in (launched, saved) if plan for disk in plan.disks):
            self._stop(0)
        for disk_id in dropped:
            self._folder.disk(disk_id).unlink(missing_ok=True)
        kept = tuple(disk for disk in self._record.disks if disk.id not in dropped)
        if kept != self._record.disks:
            self._around.reached("disk-dropped")
            self._remember(disks=kept)

    def _do_once(self, verb: VerbPlan) -> None:
        if verb.verb == "snapshot":
            self._snapshot(verb)
        elif verb.verb == "forget-snapshot":
            self._folder.snapshot(verb.target).unlink(missing_ok=True)
        elif self._record.plan.power == "running":
            self._reboot(verb)
        done = (*self._record.verbs_done, verb.id)[-VERBS_REMEMBERED:]
        self._remember(verbs_done=done, reboot=None)
        self._around.reached("verb-remembered")

    def _snapshot(self, verb: VerbPlan) -> None:
        """Copy the root disk, from under a guest that runs or from its file; what a crash left is made anew."""
        path = self._folder.snapshot(verb.id)
        if path.exists():
            return
        disk = disk_copies.root_of(self._record.plan)
        draft = path.with_name(path.name + DRAFT)
        if self._process is not None:
            with self._monitor() as monitor:
                disk_copies.copy_live(monitor, disk, draft, self._uid)
        else:
            base = self._around.images.base(disk.image_id) if disk.image_id else None
            disk_copies.copy_still(self._folder.disk(disk.id), base, draft, self._uid)
        draft.rename(path)
        self._around.reached("snapshot-made")

    def _reboot(self, verb: VerbPlan) -> None:
        """Replace the process: after a crash, another process than the noted one tells that the reboot was done."""
        begun = self._record.reboot
        if begun is None or begun.verb_id != verb.id:
            begun = Reboot(verb_id=verb.id, replaces=self._process.started if self._process else None)
            self._remember(reboot=begun)
            self._around.reached("reboot-noted")
        if self._process is not None and self._process.started == begun.replaces:
            self._stop(self._around.options.shutdown_grace_s if verb.verb == "reboot-soft" else 0)
        if self._process is None:
            self._forget_memory()
            self._start()
            self._go("cont")

    def _ensure_power(self) -> None:
        wanted = self._record.plan.power
        status = self._living_status()
        self._refuse_other_hardware()
        if status != "running":
            self._settle_memory()
        if wanted == "running" and status != "running":
            self._go("cont")
        self._settle_cards(stands_still=wanted != "running" and status != "running")
        if wanted == "paused" and status == "running":
            self._go("stop")

    def _living_status(self) -> str:
        """What the guest's process says of itself, after starting one where there is none that could go on."""
        status = self._adopted_status(self._process) if self._process else "gone"
        if status in ("shutdown", "internal-error", "guest-panicked"):
            self._stop(0)
        if self._process is not None:
            return status
        self._start()
        return "prelaunch"

    def _refuse_other_hardware(self) -> None:
        launched = self._record.launched
        if launched is not None and _hardware(launched) != _hardware(self._record.plan):
            raise Refused("The server runs with other hardware than is wanted now: stop it, and start it again.")

    def _settle_cards(self, *, stands_still: bool) -> None:
        """Pull the network cards that are not wanted any more, and plug in those that are, while the guest lives."""
        plan, launched = self._record.plan, self._record.launched or self._record.plan
        wanted, known = {nic.pci_slot: nic for nic in plan.nics}, {nic.pci_slot: nic.id for nic in launched.nics}
        with self._monitor() as monitor:
            for slot, mac in cards.there(monitor).items():
                nic = wanted.get(slot)
                if nic is None or (nic.mac, nic.id) != (mac, known.get(slot, nic.id)):
                    self._pull(monitor, slot, stands_still=stands_still)
            for slot in sorted(wanted.keys() - cards.there(monitor).keys()):
                cards.plug(monitor, wanted[slot], self._around.cloud_id, ROOT_BUS[plan.machine], self._around.reached)
        if launched.nics != plan.nics:
            self._remember(launched=msgspec.structs.replace(launched, nics=plan.nics))
            self._around.reached("cards-settled")

    def _pull(self, monitor: Monitor, slot: int, *, stands_still: bool) -> None:
        if stands_still:
            raise Refused(CANNOT_LET_GO)
        cards.pull(monitor, slot, self._around.options.unplug_patience_s)
        self._around.reached("card-pulled")

    def _suspend(self) -> None:
        """Write the guest's memory to a file, if that is not done yet, and end its process."""
        if not self._folder.memory.exists():
            status = self._living_status()
            saved_memory.refuse_without_room(self._folder.memory, self._record.plan.memory_mb)
            self._remember(saved=self._record.launched)
            with self._monitor() as monitor:
                saved_memory.save(monitor, self._folder.memory, self._memory_s(), goes_on=status == "running")
            self._around.reached("memory-written")
        self._end(0)

    def _settle_memory(self) -> None:
        """Have the memory read in and forget its file: from then on the guest may run."""
        with self._monitor() as monitor:
            saved_memory.settle(monitor, self._memory_s())
        self._forget_memory()

    def _forget_memory(self) -> None:
        if saved_memory.forget(self._folder.memory):
            self._around.reached("memory-forgotten")
        if self._record.saved is not None:
            self._remember(saved=None)

    def _memory_s(self) -> float:
        return saved_memory.deadline_s(self._record.plan.memory_mb)

    def _start(self) -> None:
        """Begin the guest's process: where its memory was saved it reads that, and stands still as it did then."""
        plan = self._record.plan
        with saved_memory.opened(self._folder.memory) as memory:
            accelerator = self._around.accelerator()
            if memory is not None:
                self._refuse_other_memory()
                accelerator = self._record.accelerator or accelerator
            elif plan.config_drive:
                files = {file.path: file.content for file in plan.config_drive}
                config_drive.make(self._folder.config_drive, files, self._uid)
            # The plan is noted before the process is there, so that a process without a note can only be another's.
            # What was suspended has the cards that it had, until it runs on and can let go of them.
            nics = self._record.saved.nics if memory is not None and self._record.saved else plan.nics
            self._remember(launched=msgspec.structs.replace(plan, nics=nics), accelerator=accelerator)
            lasting = {nic.id for nic in plan.nics}
            with cards.opened(nics, self._around.cloud_id, {nic.id for nic in nics} - lasting) as given:
                machine = self._machine(accelerator, memory, given)
                pid = running.spawn_daemon(
                    command_line(machine),
                    uid=self._uid,
                    gid=self._uid,
                    groups=(self._around.images_group, *(kvm_groups() if accelerator == "kvm" else ())),
                    log_path=self._folder.qemu_log,
                    cwd=self._folder.run,
                    pass_fds=(*(() if memory is None else (memory,)), *(card.descriptor for card in given)),
                )
        self._around.reached("process-started")
        self._await_monitor(pid)
        self._process = self._around.find(self._folder.guest_id)
        log.info("Guest %s started as process %d", self._folder.guest_id, pid)

    def _refuse_other_memory(self) -> None:
        saved = self._record.saved
        wanted = self._record.plan
        if saved is None or _hardware(saved) != _hardware(wanted):
            raise Refused("The server was suspended with other hardware than is wanted now: reboot it hard.")

    def _machine(self, accelerator: Accelerator, incoming: int | None, given: tuple[Card, ...]) -> Machine:
        plan = self._record.plan
        return Machine(
            mark=guest_mark(self._around.cloud_id, plan.id),
            uuid=plan.id,
            kind=plan.machine,
            vcpus=plan.vcpus,
            memory_mb=plan.memory_mb,
            drives=tuple(self._drive(disk) for disk in plan.disks),
            config_drive=self._folder.config_drive if plan.config_drive else None,
            sockets=self._folder.sockets,
            console_log=self._folder.console_log,
            accelerator=accelerator,
            translation_cache_mb=self._around.options.translation_cache_mb,
            cards=given,
            incoming=incoming,
        )

    def _drive(self, disk: DiskPlan) -> Drive:
        path, is_disc = self._folder.disk(disk.id), self._around.images.is_disc(disk.image_id)
        return Drive(path=path, bus=disk.bus, pci_slot=disk.pci_slot, boot_index=disk.boot_index, is_disc=is_disc)

    def _await_monitor(self, pid: int) -> None:
        deadline = time.monotonic() + self._around.options.start_deadline_s
        while running.alive(pid):
            try:
                self._monitor().close()
                return
            except MonitorFailed as error:
                if time.monotonic() > deadline:
                    raise Refused("The server's hypervisor did not answer in time.") from error
            time.sleep(POLL_S)
        log.warning("Guest %s ended before it answered: %s", self._folder.guest_id, _last_lines(self._folder))
        raise Refused("The hypervisor could not run the server; the host's log says why.")

    def _adopted_status(self, adopted: GuestProcess) -> str:
        # Started just before a crash of ours, it may not listen yet.
        self._await_monitor(adopted.pid)
        with self._monitor() as monitor:
            return str(monitor.execute("query-status")["status"])

    def _stop(self, grace_s: float) -> None:
        """End the process, asking the guest to shut itself down if there is time for that; saved memory is lost."""
        self._end(grace_s)
        self._forget_memory()

    def _end(self, grace_s: float) -> None:
        if self._process is not None:
            if grace_s > 0:
                self._ask_to_shut_down(grace_s)
            running.end(self._process.pid, FLUSH_S, self._process.started)
            log.info("Guest %s stopped", self._folder.guest_id)
            self._process = None
            self._around.reached("guest-killed")
        if self._record.launched is not None:
            self._remember(launched=None)

    def _ask_to_shut_down(self, grace_s: float) -> None:
        try:
            with self._monitor() as monitor:
                if monitor.execute("query-status")["status"] == "running":
                    monitor.execute("system_powerdown")
                    monitor.wait_event("SHUTDOWN", grace_s)
        except MonitorFailed as error:
            log.info("Guest %s did not shut itself down: %s", self._folder.guest_id, error)

    def _go(self, command: str) -> None:
        with self._monitor() as monitor:
            monitor.execute(command)

    def _monitor(self) -> Monitor:
        return Monitor.connect(self._folder.sockets.monitor, MONITOR_S)


def _hardware(plan: GuestPlan) -> tuple[object, ...]:
    return plan.vcpus, plan.memory_mb, plan.machine, plan.disks


def _last_lines(folder: GuestFolder) -> str:
    return folder.qemu_log.read_text(errors="replace")[-running.TAIL_CHARS :].strip()
