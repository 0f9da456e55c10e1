"""Guests that are only said to run: the same contract without QEMU, root or a disk, and many a second."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from haneul.services.compute.drivers import fake_screen, plan_checks
from haneul.services.compute.drivers.base import (
    CANNOT_LET_GO,
    NO_SCREEN,
    NO_SNAPSHOT,
    DiskPlan,
    GuestPlan,
    GuestState,
    HostFacts,
    NicPlan,
    Refused,
    State,
    VerbPlan,
)
from haneul.services.compute.drivers.settings import DriverSettings, pass_by

CLUSTER = 1 << 16
# An empty qcow2 of one GiB (qemu's docs/interop/qcow2.txt): header, refcounts of its four clusters, and an empty map.
EMPTY_DISK = b"".join(
    part.ljust(CLUSTER, b"\0")
    for part in (
        struct.pack(">4sIQIIQIIQQII", b"QFI\xfb", 3, 0, 0, 16, 1 << 30, 0, 2, 3 * CLUSTER, CLUSTER, 1, 0)
        + struct.pack(">QQQQII", 0, 0, 0, 0, 4, 104),
        struct.pack(">Q", 2 * CLUSTER),
        struct.pack(">4H", 1, 1, 1, 1),
        b"",
    )
)


class FakeGuest(Struct, frozen=True, kw_only=True):
    """One pretended guest as its file holds it. `boots` are the times at which it was switched on, `plugged` the disks
    that it had then, `nics` the network cards that it has."""

    cloud_id: str
    plan: GuestPlan
    made_generation: int = 0
    verbs_done: tuple[str, ...] = ()
    state: State = "stopped"
    disks: tuple[DiskPlan, ...] = ()
    boots: tuple[float, ...] = ()
    plugged: tuple[str, ...] = ()
    nics: tuple[NicPlan, ...] = ()
    snapshots: tuple[str, ...] = ()


class FakeDriver:
    """HypervisorDriver without a hypervisor. One file a guest, so that guests outlive a restart as real ones do."""

    def __init__(self, settings: DriverSettings) -> None:
        self._settings = settings
        self._folder = settings.state_dir / "fake_guests"
        self.images = settings.state_dir / "fake_images"
        self._lock = threading.Lock()
        self._went_down: Callable[[str], None] = pass_by

    def host_facts(self) -> HostFacts:
        """The host that the settings describe."""
        return self._settings.fake.host

    def list_guests(self, ids: Collection[str] = ()) -> Sequence[GuestState]:
        """The pretended guests of this cloud, or those of these ids."""
        named = [guest_id for guest_id in ids if plan_checks.is_guest_id(guest_id)]
        guests = [self._load(name) for name in (named if ids else self._names())]
        return [
            GuestState(
                id=guest.plan.id, generation=guest.made_generation, state=guest.state, verbs_done=guest.verbs_done
            )
            for guest in guests
            if guest is not None and self._is_ours(guest)
        ]

    def _names(self) -> list[str]:
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def ensure_guest(self, plan: GuestPlan) -> None:
        """Say that the plan is true, after the refusals that a real driver has."""
        plan_checks.refuse_unsafe(plan)
        with self._lock:
            guest = self._load(plan.id) or self._save(FakeGuest(cloud_id=self._settings.cloud_id, plan=plan))
            self._settings.reached("record-made")
            if not self._is_ours(guest):
                raise Refused(f"The server {plan.id} on this host belongs to another cloud.")
            plan_checks.refuse_older(plan, guest.plan.generation)
            guest = self._without_dropped(self._with_disks(msgspec.structs.replace(guest, plan=plan)))
            for verb in plan.verbs:
                guest = guest if verb.id in guest.verbs_done else self._done(guest, verb)
            guest = self._powered(guest)
            self._save(msgspec.structs.replace(guest, made_generation=plan.generation))
            self._settings.reached("plan-remembered")

    def _with_disks(self, guest: FakeGuest) -> FakeGuest:
        made = {disk.id: disk for disk in guest.disks}
        for disk in (*guest.plan.disks, *guest.plan.spare_disks):
            if disk.id not in made:
                virtual_size = self._settings.images.facts(disk.image_id).virtual_size if disk.image_id else 0
                plan_checks.disk_bytes(disk, virtual_size)
            elif (made[disk.id].image_id, made[disk.id].size_gb) != (disk.image_id, disk.size_gb):
                raise Refused(f"The disk {disk.id} was made with another image or size, and can't be changed in place.")
            made[disk.id] = disk
        return self._save(msgspec.structs.replace(guest, disks=tuple(made.values())))

    def _without_dropped(self, guest: FakeGuest) -> FakeGuest:
        dropped = set(guest.plan.dropped_disks)
        kept = tuple(disk for disk in guest.disks if disk.id not in dropped)
        state = "stopped" if dropped.intersection(guest.plugged) else guest.state
        return self._save(msgspec.structs.replace(guest, disks=kept, state=state))

    def _done(self, guest: FakeGuest, verb: VerbPlan) -> FakeGuest:
        kept = set(guest.snapshots)
        if verb.verb == "snapshot":
            kept.add(verb.id)
        elif verb.verb == "forget-snapshot":
            kept.discard(verb.target)
        elif guest.plan.power == "running":
            guest = _switched_on(guest)
        done = (*guest.verbs_done, verb.id)
        guest = self._save(msgspec.structs.replace(guest, verbs_done=done, snapshots=tuple(sorted(kept))))
        self._settings.reached("verb-remembered")
        return guest

    def _powered(self, guest: FakeGuest) -> FakeGuest:
        wanted = guest.plan.power
        if wanted != "stopped" and guest.state in ("stopped", "crashed"):
            guest = _switched_on(guest)
        if guest.state == wanted == "paused" and not set(guest.nics) <= set(guest.plan.nics):
            raise Refused(CANNOT_LET_GO)
        nics = {"stopped": (), "suspended": guest.nics}.get(wanted, guest.plan.nics)
        return self._save(msgspec.structs.replace(guest, state=wanted, nics=nics))

    def remove_guest(self, guest_id: str) -> None:
        """Forget the guest."""
        if not plan_checks.is_guest_id(guest_id):
            return
        with self._lock:
            guest = self._load(guest_id)
            if guest is not None and self._is_ours(guest):
                self._file(guest_id).unlink()
                self._settings.reached("folder-removed")

    def keep_image(self, image_id: str) -> None:
        """Note that the image is here."""
        if not plan_checks.is_safe_id(image_id):
            raise Refused(f"The image id {image_id!r} has characters that an id can't have.")
        self._settings.images.facts(image_id)
        self.images.mkdir(parents=True, exist_ok=True)
        (self.images / image_id).touch()

    def console_tail(self, guest_id: str, lines: int | None) -> str:
        """What a small Linux would have said at each of the guest's boots."""
        guest = self._load(guest_id) if plan_checks.is_guest_id(guest_id) else None
        if guest is None or not self._is_ours(guest):
            return ""
        ready_before = time.time() - self._settings.fake.boot_s
        said = [
            line
            for number, began in enumerate(guest.boots, start=1)
            for line in _console(guest.plan, number, began <= ready_before)
        ]
        kept = said if lines is None else said[-lines:] if lines > 0 else []
        return "".join(f"{line}\n" for line in kept)

    def read_snapshot(self, guest_id: str, snapshot_id: str, offset: int, length: int) -> bytes:
        """A part of an empty disk."""
        guest = self._load(guest_id) if plan_checks.is_guest_id(guest_id) else None
        if guest is None or not self._is_ours(guest) or snapshot_id not in guest.snapshots:
            raise Refused(NO_SNAPSHOT.format(id=guest_id))
        return EMPTY_DISK[offset : offset + length]

    def open_screen(self, guest_id: str) -> socket.socket:
        """A grey screen, of a shade that the guest's id chooses."""
        guest = self._load(guest_id) if plan_checks.is_guest_id(guest_id) else None
        if guest is None or not self._is_ours(guest) or not _is_on(guest):
            raise Refused(NO_SCREEN.format(id=guest_id))
        shade = int(guest_id[:2], 16)
        return fake_screen.open_screen(f"Simulated {guest.plan.name}", shade, lambda: _is_on(self._load(guest_id)))

    def on_down(self, went_down: Callable[[str], None]) -> None:
        """Call the function with the id of a guest that `crash` has ended."""
        self._went_down = went_down

    def recover(self) -> None:
        """Make the folder and clear half-written files."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for draft in self._folder.glob("*.part"):
            draft.unlink()

    def close(self) -> None:
        """Nothing runs in the background."""

    def crash(self, guest_id: str) -> None:
        """Let a guest die, as when somebody kills its process."""
        with self._lock:
            guest = self._load(guest_id)
            if guest is not None:
                self._save(msgspec.structs.replace(guest, state="crashed"))
        self._went_down(guest_id)

    def _is_ours(self, guest: FakeGuest) -> bool:
        return guest.cloud_id == self._settings.cloud_id

    def _file(self, guest_id: str) -> Path:
        return self._folder / f"{guest_id}.json"

    def _load(self, guest_id: str) -> FakeGuest | None:
        try:
            return msgspec.json.decode(self._file(guest_id).read_bytes(), type=FakeGuest)
        except FileNotFoundError:
            return None

    def _save(self, guest: FakeGuest) -> FakeGuest:
        # Whole or not there, but not synced: a simulated guest may be lost with the machine's power.
        draft = self._folder / f"{guest.plan.id}.part"
        draft.write_bytes(msgspec.json.encode(guest))
        draft.replace(self._file(guest.plan.id))
        return guest


def _is_on(guest: FakeGuest | None) -> bool:
    return guest is not None and guest.state in ("running", "paused")


def _switched_on(guest: FakeGuest) -> FakeGuest:
    plugged = tuple(disk.id for disk in guest.plan.disks)
    boots = (*guest.boots, time.time())
    return msgspec.structs.replace(guest, boots=boots, plugged=plugged, nics=guest.plan.nics, state="running")


def _console(plan: GuestPlan, number: int, ready: bool) -> list[str]:
    lines = [
        "Linux version 6.1.0-simulated (haneul)",
        f"Memory: {plan.memory_mb}M available, {plan.vcpus} CPUs",
        f"boot number {number}",
    ]
    return [*lines, "", f"{plan.name} login:"] if ready else lines
