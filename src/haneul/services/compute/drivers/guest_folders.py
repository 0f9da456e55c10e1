"""A guest's folders on this host, and what the driver remembers of it there.

guests/<id>/plan.json    root's: what was wanted last, and what was made of it
guests/<id>/qemu.log     root's: what QEMU has to say
guests/<id>/memory       root's: the memory of a suspended guest
guests/<id>/own/         the guest's own account's, whose owner is the record of that account: disks, console log
removing/<id>/           a removal that has begun and must be finished
<run>/guests/<id>/       the guest's own account's: its sockets
"""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from haneul.host.disk import durable
from haneul.host.hypervisor.accounts import Accounts
from haneul.host.hypervisor.machine import Accelerator, Sockets
from haneul.host.hypervisor.seen import uids_in_use
from haneul.services.compute.drivers.base import DiskPlan, GuestPlan, Refused
from haneul.services.compute.drivers.settings import DriverSettings

PASSABLE = 0o711
PRIVATE = 0o700
DRAFT = ".part"


class Reboot(Struct, frozen=True, kw_only=True):
    """A reboot that has begun: it is done once the guest's process is another than the one that began at `replaces`."""

    verb_id: str
    replaces: int | None


class GuestRecord(Struct, frozen=True, kw_only=True):
    """What the driver remembers of a guest. `launched` is the plan that its process was started with, if it has one.

    `accelerator` is the one that the process got, `saved` the plan that the saved memory belongs to.
    """

    cloud_id: str
    plan: GuestPlan
    made_generation: int = 0
    verbs_done: tuple[str, ...] = ()
    disks: tuple[DiskPlan, ...] = ()
    launched: GuestPlan | None = None
    accelerator: Accelerator | None = None
    saved: GuestPlan | None = None
    reboot: Reboot | None = None


class GuestFolder:
    """The places of one guest. Having one doesn't mean that they exist."""

    def __init__(self, guest_id: str, state: Path, run: Path) -> None:
        self.guest_id = guest_id
        self.path = state / "guests" / guest_id
        self.removing = state / "removing" / guest_id
        self.own = self.path / "own"
        self.console_log = self.own / "console.log"
        self.config_drive = self.own / "config-drive.raw"
        self.qemu_log = self.path / "qemu.log"
        self.memory = self.path / "memory"
        self.run = run / "guests" / guest_id
        self.sockets = Sockets(**{name: self.run / name for name in Sockets.__struct_fields__})
        self._record = self.path / "plan.json"

    def disk(self, disk_id: str) -> Path:
        return self.own / f"{disk_id}.qcow2"

    def snapshot(self, snapshot_id: str) -> Path:
        return self.own / f"{snapshot_id}.snapshot"

    def load(self) -> GuestRecord | None:
        """What is remembered; None if there is nothing, Refused if it can't be read."""
        try:
            return msgspec.json.decode(self._record.read_bytes(), type=GuestRecord)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError:
            raise Refused(f"What this host remembered of the server {self.guest_id} can't be read any more.") from None

    def remembers(self) -> bool:
        """Whether there is a record, readable or not."""
        return self._record.exists()

    def save(self, record: GuestRecord) -> GuestRecord:
        """Remember it for good."""
        durable.write(self._record, msgspec.json.encode(record))
        return record

    def uid(self) -> int | None:
        """The guest's account; None before it has one."""
        try:
            return self.own.lstat().st_uid or None
        except FileNotFoundError:
            return None


class GuestFolders:
    """All guests' folders of one cloud on this host."""

    def __init__(self, settings: DriverSettings, accounts: Accounts) -> None:
        self._state = settings.state_dir
        self._run = settings.run_dir
        self._reached = settings.reached
        self._accounts = accounts
        self._giving_uids = threading.Lock()

    def of(self, guest_id: str) -> GuestFolder:
        return GuestFolder(guest_id, self._state, self._run)

    def __iter__(self) -> Iterator[GuestFolder]:
        names = sorted(path.name for path in (self._state / "guests").glob("*"))
        return iter([self.of(name) for name in names])

    def prepare(self) -> None:
        """Make the folders that all guests share, and refuse places where guests could not live."""
        for path in (self._state, self._state / "guests", self._run, self._run / "guests"):
            path.mkdir(mode=PASSABLE, parents=True, exist_ok=True)
            _refuse_closed(path)
        (self._state / "removing").mkdir(mode=PRIVATE, exist_ok=True)

    def make(self, guest_id: str) -> GuestFolder:
        """Make a guest's folder, empty but for what was there."""
        folder = self.of(guest_id)
        folder.path.mkdir(mode=PASSABLE, exist_ok=True)
        return folder

    def give_account(self, folder: GuestFolder) -> int:
        """Give the guest its account, if it has none yet, and the folders that only this account can enter."""
        with self._giving_uids:
            uid = folder.uid() or self._accounts.free_uid(self._uids_taken())
            _own(folder.own, uid)
        _own(folder.run, uid)
        return uid

    def _uids_taken(self) -> set[int]:
        return {uid for folder in self if (uid := folder.uid()) is not None} | uids_in_use()

    def remove(self, folder: GuestFolder) -> None:
        """Delete all that the guest has. The rename comes first: from then on `finish_removals` would do the rest."""
        if folder.path.exists():
            shutil.rmtree(folder.removing, ignore_errors=True)
            folder.path.rename(folder.removing)
            durable.sync_folder(folder.path.parent)
            self._reached("folder-set-aside")
        shutil.rmtree(folder.run, ignore_errors=True)
        shutil.rmtree(folder.removing, ignore_errors=True)

    def finish_removals(self) -> list[str]:
        """Finish the removals that had begun; whose they were."""
        begun = sorted(path.name for path in (self._state / "removing").iterdir())
        for guest_id in begun:
            self.remove(self.of(guest_id))
        return begun

    def clear_drafts(self) -> None:
        """Delete what a crash left of files that were being made, and folders in which nothing had been made yet."""
        for folder in self:
            if not folder.remembers() and not folder.own.exists():
                self.remove(folder)
            for draft in (*folder.path.glob(f"*{DRAFT}"), *folder.own.glob(f"*{DRAFT}")):
                # The folder is the guest's: what has a draft's name there need not be one of ours.
                with suppress(OSError):
                    draft.unlink()

    def clear_sockets(self, live: set[str]) -> None:
        """Delete the sockets of guests that are neither known nor alive."""
        known = {folder.guest_id for folder in self}
        for path in (self._run / "guests").iterdir():
            if path.name not in known | live:
                shutil.rmtree(path, ignore_errors=True)


def _own(path: Path, uid: int) -> None:
    path.mkdir(mode=PRIVATE, exist_ok=True)
    os.chown(path, uid, uid, follow_symlinks=False)


def _refuse_closed(path: Path) -> None:
    for folder in (path, *path.parents):
        if not folder.stat().st_mode & 0o001:
            raise Refused(
                f"Guests run under accounts of their own, which can't pass through {folder}. "
                f"Allow it with: chmod o+x {folder}"
            )
