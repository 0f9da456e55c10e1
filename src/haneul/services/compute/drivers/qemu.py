"""Real guests: QEMU driven over its monitor, each under an account of its own."""

import logging
import os
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence

import msgspec

from haneul.host import run as running
from haneul.host.hypervisor import console_log, facts, screen
from haneul.host.hypervisor.accounts import Accounts, AllTaken
from haneul.host.hypervisor.machine import Accelerator
from haneul.host.hypervisor.probe import AcceleratorProbe, Surroundings, newest_kernel
from haneul.host.hypervisor.qmp import Monitor, MonitorFailed
from haneul.host.hypervisor.seen import GuestProcess, guest_processes
from haneul.host.hypervisor.watch import GuestWatch
from haneul.services.compute.drivers import disk_copies, plan_checks
from haneul.services.compute.drivers.base import (
    NO_SCREEN,
    NO_SNAPSHOT,
    GuestPlan,
    GuestState,
    HostFacts,
    Refused,
    State,
)
from haneul.services.compute.drivers.guest_folders import GuestFolder, GuestFolders, GuestRecord
from haneul.services.compute.drivers.image_cache import CacheRules, ImageCache
from haneul.services.compute.drivers.qemu_guest import QemuGuest
from haneul.services.compute.drivers.qemu_guest import Surroundings as GuestSurroundings
from haneul.services.compute.drivers.settings import DriverSettings, pass_by

log = logging.getLogger("haneul.compute.drivers.qemu")
LOOK_S = 2.0
CONSOLE_EVERY_S = 5.0
# How often images are looked through, and for how long one must have gone unwanted to be deleted.
SWEEP_EVERY_S = 3600.0
UNUSED_S = 86_400.0
# QEMU's run states (qapi/run-state.json) that are neither running nor waiting to go on.
STATES: dict[str, State] = {
    "running": "running",
    "shutdown": "stopped",
    "internal-error": "crashed",
    "guest-panicked": "crashed",
}


class QemuDriver:
    """HypervisorDriver on QEMU. Needs root; its guests are children of the host and outlive it."""

    def __init__(self, settings: DriverSettings) -> None:
        if not plan_checks.is_safe_id(settings.cloud_id):
            raise Refused(f"The cloud id {settings.cloud_id!r} has characters that an id can't have.")
        self._settings = settings
        self._accounts = Accounts(settings.cloud_id)
        self._folders = GuestFolders(settings, self._accounts)
        self._images = ImageCache(
            settings.state_dir / "cache" / settings.cloud_id, settings.images, self._cache_rules()
        )
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._closing = threading.Event()
        self._keeper: threading.Thread | None = None
        self._went_down: Callable[[str], None] = pass_by
        self._watch = GuestWatch(self._heard_down)
        self._version = facts.qemu_version()
        self._machine = facts.machine_facts()
        self._probe = AcceleratorProbe(settings.state_dir / "accelerator.json", self._probe_surroundings())

    def _cache_rules(self) -> CacheRules:
        most = self._settings.qemu.unused_images_gb << 30
        return CacheRules(reader=self._accounts.for_images, most_unused_bytes=most, used=self._images_used)

    def _probe_surroundings(self) -> Surroundings:
        return Surroundings(
            host_kernel=os.uname().release,
            qemu=self._version,
            uid=self._accounts.for_probe,
            kernel=self._settings.qemu.probe_kernel or newest_kernel(),
        )

    def host_facts(self) -> HostFacts:
        """What this host offers; KVM only once a probe has booted with it."""
        return HostFacts(
            vcpus=self._machine.vcpus,
            memory_mb=self._machine.memory_mb,
            disk_gb=facts.disk_gb(self._settings.state_dir),
            architecture=self._machine.architecture,
            hypervisor_type="QEMU",
            hypervisor_version=self._version,
            accelerator=self._accelerator(),
            cpu_model=self._machine.cpu_model,
            default_machine="pc",
        )

    def accelerator_reason(self) -> str:
        """Why guests get the accelerator that they get, in a sentence for whoever looks after the host."""
        if self._settings.qemu.accelerator != "auto":
            return f"The accelerator {self._settings.qemu.accelerator} was chosen for this host."
        return self._probe.answer().because

    def list_guests(self, ids: Collection[str] = ()) -> Sequence[GuestState]:
        """The guests that have a folder here, and the processes that carry our mark but have none."""
        live = self._live()
        if ids:
            named = [self._folders.of(guest_id) for guest_id in ids if plan_checks.is_guest_id(guest_id)]
            return [state for folder in named if (state := self._state_of(folder, live)) is not None]
        known = [state for folder in self._folders if (state := self._state_of(folder, live)) is not None]
        strays = live.keys() - {folder.guest_id for folder in self._folders}
        # Looked at twice, since a guest that is being removed loses its process before its folder, but after our look.
        strays &= self._live().keys() if strays else set()
        return [*known, *(GuestState(id=stray, generation=0, state="running") for stray in sorted(strays))]

    def ensure_guest(self, plan: GuestPlan) -> None:
        """Make disks and process, do new verbs, bring power to what is wanted; each step may be repeated."""
        plan_checks.refuse_unsafe(plan)
        with self._locks[plan.id]:
            try:
                self._ensure(plan)
            except (running.RunFailed, MonitorFailed, AllTaken, OSError) as error:
                log.warning("Guest %s could not be brought to generation %d: %s", plan.id, plan.generation, error)
                raise Refused(_sentence(error)) from error

    def _ensure(self, plan: GuestPlan) -> None:
        folder = self._folders.of(plan.id)
        record = folder.load() or self._first_record(folder, plan)
        if record.cloud_id != self._settings.cloud_id:
            raise Refused(f"The server {plan.id} on this host belongs to another cloud.")
        plan_checks.refuse_older(plan, record.plan.generation)
        if record.plan != plan:
            record = folder.save(msgspec.structs.replace(record, plan=plan))
        uid = self._folders.give_account(folder)
        QemuGuest(folder, record, uid, self._guest_surroundings()).make_true()
        if plan.power in ("running", "paused"):
            self._watch.follow(plan.id, folder.sockets.events)

    def _first_record(self, folder: GuestFolder, plan: GuestPlan) -> GuestRecord:
        if plan.id in self._live():
            raise Refused(f"The server {plan.id} runs on this host, but its folder is lost: remove it first.")
        self._folders.make(plan.id)
        self._settings.reached("guest-folder-made")
        record = folder.save(GuestRecord(cloud_id=self._settings.cloud_id, plan=plan))
        self._settings.reached("record-made")
        return record

    def remove_guest(self, guest_id: str) -> None:
        """End the guest and delete all it has; what belongs to another cloud is left alone."""
        if not plan_checks.is_guest_id(guest_id):
            return
        with self._locks[guest_id]:
            folder = self._folders.of(guest_id)
            record = folder.load() if folder.remembers() else None
            if record is not None and record.cloud_id != self._settings.cloud_id:
                log.warning("Guest %s is another cloud's and was not removed", guest_id)
                return
            if alive := self._live().get(guest_id):
                running.end(alive.pid, 0, alive.started)
                self._settings.reached("guest-killed")
            self._folders.remove(folder)
            self._settings.reached("folder-removed")

    def keep_image(self, image_id: str) -> None:
        """Fetch an image, unless it is here; it stays for a while, even if no guest is made of it."""
        if not plan_checks.is_safe_id(image_id):
            raise Refused(f"The image id {image_id!r} has characters that an id can't have.")
        try:
            self._images.base(image_id)
        except (running.RunFailed, OSError) as error:
            log.warning("Image %s could not be fetched: %s", image_id, error)
            raise Refused(_sentence(error)) from error

    def console_tail(self, guest_id: str, lines: int | None) -> str:
        """The end of the serial log; empty if the guest has none."""
        folder = self._folders.of(guest_id)
        if not plan_checks.is_guest_id(guest_id) or not self._is_ours(folder) or (uid := folder.uid()) is None:
            return ""
        return console_log.tail(folder.console_log, uid, lines)

    def read_snapshot(self, guest_id: str, snapshot_id: str, offset: int, length: int) -> bytes:
        """Read from a copy that was made whole; the guest's own account can't put another file into its place."""
        folder = self._folders.of(guest_id)
        safe = plan_checks.is_guest_id(guest_id) and plan_checks.is_safe_id(snapshot_id)
        if safe and self._is_ours(folder) and (uid := folder.uid()) is not None:
            return disk_copies.read_part(folder.snapshot(snapshot_id), uid, offset, length)
        raise Refused(NO_SNAPSHOT.format(id=guest_id))

    def open_screen(self, guest_id: str) -> socket.socket:
        """Connect to QEMU's own RFB server, if it is really this guest's."""
        folder = self._folders.of(guest_id)
        try:
            if plan_checks.is_guest_id(guest_id) and self._is_ours(folder) and (uid := folder.uid()) is not None:
                return screen.connect(folder.sockets.vnc, uid)
        except screen.NoScreen as error:
            log.warning("Guest %s: %s", guest_id, error)
        raise Refused(NO_SCREEN.format(id=guest_id))

    def on_down(self, went_down: Callable[[str], None]) -> None:
        """Call the function with the id of a guest that its own user, the kernel or a fault has ended."""
        self._went_down = went_down

    def _heard_down(self, guest_id: str) -> None:
        lock = self._locks.get(guest_id)
        if lock is None or not lock.locked():
            # Otherwise it is we who end it, and who tell of it.
            self._went_down(guest_id)

    def recover(self) -> None:
        """Finish removals that had begun, clear drafts, and go on keeping consoles small; guests notice nothing."""
        self._folders.prepare()
        self._images.prepare()
        for guest_id in self._folders.finish_removals():
            log.info("The removal of guest %s was finished", guest_id)
        self._folders.clear_drafts()
        live = set(self._live())
        self._folders.clear_sockets(live)
        for guest_id in live:
            self._watch.follow(guest_id, self._folders.of(guest_id).sockets.events)
        if self._settings.qemu.accelerator == "auto":
            self._probe.begin()
        if self._keeper is None:
            self._keeper = threading.Thread(target=self._keep_small, name="keeper", daemon=True)
            self._keeper.start()

    def close(self) -> None:
        """Stop the driver's own threads. Guests go on."""
        self._closing.set()
        self._watch.close()
        if self._keeper is not None:
            self._keeper.join()

    def _keep_small(self) -> None:
        swept_at = time.monotonic()
        while not self._closing.wait(CONSOLE_EVERY_S):
            if time.monotonic() - swept_at > SWEEP_EVERY_S:
                swept_at = time.monotonic()
                self._forget_images()
            for folder in self._folders:
                if (uid := folder.uid()) is not None:
                    console_log.shorten(folder.console_log, uid)
                    console_log.shorten(folder.qemu_log, 0)

    def _forget_images(self) -> None:
        """Give back the room of images that no guest here is made of."""
        used = self._images_used()
        if used is None:
            return
        for image_id in self._images.forget_unused(used, UNUSED_S):
            log.info("Image %s was deleted here: no guest is made of it", image_id)

    def _images_used(self) -> set[str] | None:
        """What guests' disks here are made of, or are to be; None while a guest's record can't be read."""
        try:
            records = [record for folder in self._folders if (record := folder.load()) is not None]
        except Refused as error:
            log.error("%s", error)
            return None
        wanted = [disk for record in records for disk in (*record.plan.disks, *record.plan.spare_disks)]
        made = [disk for record in records for disk in record.disks]
        return {disk.image_id for disk in (*wanted, *made) if disk.image_id}

    def _state_of(self, folder: GuestFolder, live: dict[str, GuestProcess]) -> GuestState | None:
        lock = self._locks[folder.guest_id]
        idle = lock.acquire(blocking=False)
        try:
            record = folder.load()
            if record is None or record.cloud_id != self._settings.cloud_id:
                return None
            return GuestState(
                id=folder.guest_id,
                generation=record.made_generation,
                state=self._power_of(folder, record, folder.guest_id in live, idle),
                verbs_done=record.verbs_done,
            )
        except Refused as error:
            log.error("%s", error)
            return None
        finally:
            if idle:
                lock.release()

    def _power_of(self, folder: GuestFolder, record: GuestRecord, seen: bool, idle: bool) -> State:
        if not idle:
            # It is being worked on: its monitor is taken, and its answer would be outdated.
            return "running" if seen else "stopped"
        # It may have been started between the look at the processes and the look at its record.
        if seen or (record.launched and folder.guest_id in self._live()):
            return self._asked(folder)
        if folder.memory.exists():
            return "suspended"
        return "crashed" if record.launched else "stopped"

    def _asked(self, folder: GuestFolder) -> State:
        try:
            with Monitor.connect(folder.sockets.monitor, LOOK_S) as monitor:
                return STATES.get(monitor.execute("query-status", timeout_s=LOOK_S)["status"], "paused")
        except MonitorFailed as error:
            log.warning("Guest %s runs, but does not say how: %s", folder.guest_id, error)
            return "running"

    def _guest_surroundings(self) -> GuestSurroundings:
        return GuestSurroundings(
            cloud_id=self._settings.cloud_id,
            images=self._images,
            images_group=self._accounts.for_images,
            options=self._settings.qemu,
            accelerator=self._accelerator,
            find=lambda guest_id: self._live().get(guest_id),
            reached=self._settings.reached,
        )

    def _accelerator(self) -> Accelerator:
        wanted = self._settings.qemu.accelerator
        return self._probe.answer().accelerator if wanted == "auto" else wanted

    def _live(self) -> dict[str, GuestProcess]:
        return guest_processes(self._settings.cloud_id, self._accounts.owns, self._settings.run_dir / "guests")

    def _is_ours(self, folder: GuestFolder) -> bool:
        record = folder.load()
        return record is not None and record.cloud_id == self._settings.cloud_id


def _sentence(error: Exception) -> str:
    if isinstance(error, AllTaken):
        return str(error)
    if isinstance(error, OSError) and error.errno in (28, 122):
        return "The host's disk is full."
    return "The host could not bring the server to what is wanted; its log says why."
