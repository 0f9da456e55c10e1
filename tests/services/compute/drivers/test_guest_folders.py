"""Guests' folders: removals that are finished, places that are refused, and records that can't be read."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from haneul.host.hypervisor.accounts import Accounts
from haneul.services.compute.drivers.base import GuestPlan, ImageFacts, Refused
from haneul.services.compute.drivers.guest_folders import GuestFolders, GuestRecord
from haneul.services.compute.drivers.settings import DriverSettings

GUEST = "4b5f3c6e-2f0e-4f0e-9c3a-7d1d5a0c9b11"
PLAN = GuestPlan(id=GUEST, generation=1, name="guest", vcpus=1, memory_mb=64)


class NoImages:
    """An image source that nothing here asks."""

    def facts(self, image_id: str) -> ImageFacts:
        raise LookupError(image_id)

    def chunks(self, image_id: str) -> Iterator[bytes]:
        raise LookupError(image_id)


def folders_in(state: Path) -> GuestFolders:
    settings = DriverSettings(cloud_id="cloud", state_dir=state, run_dir=state / "run", images=NoImages())
    return GuestFolders(settings, Accounts("cloud"))


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A folder through which every account may pass, as pytest's own are not."""
    opened = [folder for folder in tmp_path.parents if not folder.stat().st_mode & 0o001]
    modes = [folder.stat().st_mode for folder in opened]
    for folder in (*opened, tmp_path):
        folder.chmod(folder.stat().st_mode | 0o001)
    yield tmp_path
    for folder, mode in zip(opened, modes, strict=True):
        folder.chmod(mode)


def test_a_removal_that_had_begun_is_finished(state: Path) -> None:
    folders = folders_in(state)
    folders.prepare()
    folder = folders.make(GUEST)
    folder.save(GuestRecord(cloud_id="cloud", plan=PLAN))
    folder.run.mkdir()
    folder.path.rename(folder.removing)
    assert folders.finish_removals() == [GUEST]
    assert [path for path in state.rglob("*") if path.name == GUEST] == []
    assert folders.finish_removals() == []


def test_only_folders_in_which_nothing_was_made_are_cleared(state: Path) -> None:
    folders = folders_in(state)
    folders.prepare()
    empty, remembered, lost = (folders.make(name) for name in ("empty", "remembered", "lost"))
    remembered.save(GuestRecord(cloud_id="cloud", plan=PLAN))
    lost.own.mkdir()
    (lost.own / "disk.qcow2").touch()
    (lost.own / "disk2.qcow2.part").touch()
    (lost.own / "hostile.part").mkdir()
    folders.clear_drafts()
    assert not empty.path.exists()
    assert remembered.remembers()
    assert sorted(path.name for path in lost.own.iterdir()) == ["disk.qcow2", "hostile.part"]


def test_sockets_of_unknown_guests_are_cleared_unless_they_live(state: Path) -> None:
    folders = folders_in(state)
    folders.prepare()
    folders.make("known")
    for name in ("known", "live", "gone"):
        folders.of(name).run.mkdir()
    folders.clear_sockets({"live"})
    assert sorted(path.name for path in (state / "run" / "guests").iterdir()) == ["known", "live"]


def test_a_record_that_cannot_be_read_is_a_sentence_and_stays(state: Path) -> None:
    folders = folders_in(state)
    folders.prepare()
    folder = folders.make(GUEST)
    (folder.path / "plan.json").write_text("{")
    with pytest.raises(Refused, match="can't be read any more"):
        folder.load()
    folders.clear_drafts()
    assert folder.remembers()


def test_a_place_that_guests_cannot_pass_into_is_refused(state: Path) -> None:
    (state / "closed").mkdir(mode=0o700)
    with pytest.raises(Refused, match=f"chmod o\\+x {state}/closed"):
        folders_in(state / "closed" / "state").prepare()


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can give a folder to another account.")
def test_each_guest_gets_an_account_of_its_own_and_keeps_it(state: Path) -> None:
    folders = folders_in(state)
    folders.prepare()
    first, second = folders.make("first"), folders.make("second")
    uids = [folders.give_account(folder) for folder in (first, second, first)]
    assert uids[0] == uids[2] != uids[1]
    assert first.own.stat().st_mode & 0o777 == 0o700
    assert first.run.stat().st_uid == uids[0]
    folders.remove(first)
    assert folders.give_account(folders.make("third")) != uids[1]
    # A crash between making the folder and giving it away leaves it root's.
    fourth = folders.make("fourth")
    fourth.own.mkdir()
    assert folders.give_account(fourth) not in (0, *uids)
