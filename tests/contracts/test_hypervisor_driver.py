"""What every hypervisor driver keeps: one set of tests, on pretended guests and on real ones."""

import subprocess
import threading

import pytest
from msgspec.structs import replace
from tests.contracts.hypervisor_grounds import (
    IMAGE_ID,
    Driver,
    FileImages,
    Ground,
    changed,
    on_each,
    plan,
    state_is,
    state_of,
    steps,
    wait_for_text,
    wait_until,
)

from haneul.services.compute.drivers import DRIVERS
from haneul.services.compute.drivers.base import DiskPlan, GuestPlan, Refused, VerbPlan

MAKING = {
    "fake": ("record-made", "plan-remembered"),
    "qemu": (
        "guest-folder-made",
        "record-made",
        "image-half-fetched",
        "base-cached",
        "disk-made",
        "process-started",
        "plan-remembered",
    ),
}
REBOOTING = {
    "fake": ("verb-remembered", "plan-remembered"),
    "qemu": ("reboot-noted", "guest-killed", "process-started", "verb-remembered", "plan-remembered"),
}
STOPPING = {"fake": ("plan-remembered",), "qemu": ("guest-killed", "plan-remembered")}
REMOVING = {"fake": ("folder-removed",), "qemu": ("guest-killed", "folder-set-aside", "folder-removed")}


@on_each
def test_the_map_names_each_driver(ground: Ground, kind: str) -> None:
    assert isinstance(DRIVERS[kind](ground.settings()), type(ground.driver()))


@on_each
def test_host_facts_are_plausible(driver: Driver) -> None:
    facts = driver.host_facts()
    assert facts.vcpus > 0
    assert facts.memory_mb > 100
    assert facts.disk_gb > 0
    assert facts.hypervisor_version > 7_000_000
    assert facts.accelerator in ("tcg", "fake")


@on_each
def test_a_guest_boots_to_its_login_prompt(driver: Driver) -> None:
    wanted = plan(generation=7)
    driver.ensure_guest(wanted)
    wait_for_text(driver, wanted, "login:")
    guest = state_of(driver, wanted)
    assert guest is not None
    assert (guest.state, guest.generation, guest.verbs_done) == ("running", 7, ())
    assert "login:" in driver.console_tail(wanted.id, 2)
    assert driver.console_tail(wanted.id, 1).count("\n") <= 1
    assert driver.console_tail(wanted.id, 0) == ""


@on_each
def test_a_disk_outlives_stop_and_start(driver: Driver, ground: Ground) -> None:
    wanted = plan()
    driver.ensure_guest(wanted)
    wait_for_text(driver, wanted, "login:")
    stopped = changed(wanted, power="stopped")
    driver.ensure_guest(stopped)
    guest = state_of(driver, wanted)
    assert guest is not None
    assert (guest.state, guest.generation) == ("stopped", 2)
    assert ground.started(wanted.id) == []
    driver.ensure_guest(changed(stopped, power="running"))
    wait_for_text(driver, wanted, "boot number 2")


@on_each
def test_pause_and_go_on(driver: Driver, ground: Ground) -> None:
    wanted = plan()
    driver.ensure_guest(wanted)
    began = ground.started(wanted.id)
    paused = changed(wanted, power="paused")
    driver.ensure_guest(paused)
    assert state_is(driver, paused, "paused")
    driver.ensure_guest(paused)
    driver.ensure_guest(changed(paused, power="running"))
    assert state_is(driver, wanted, "running")
    assert ground.started(wanted.id) == began


@on_each
def test_a_guest_may_begin_stopped_or_paused(driver: Driver, ground: Ground) -> None:
    stopped, paused = plan(power="stopped"), plan(power="paused")
    for wanted in (stopped, paused):
        driver.ensure_guest(wanted)
    assert state_is(driver, stopped, "stopped")
    assert ground.started(stopped.id) == []
    assert state_is(driver, paused, "paused")


@on_each
def test_a_reboot_is_done_once_for_each_id(driver: Driver, ground: Ground) -> None:
    wanted = plan()
    driver.ensure_guest(wanted)
    wait_for_text(driver, wanted, "login:")
    verbs = VerbPlan(id="verb-2", verb="reboot-soft"), VerbPlan(id="verb-3", verb="reboot-hard")
    for number in (2, 3):
        wanted = changed(wanted, verbs=verbs[: number - 1])
        driver.ensure_guest(wanted)
        began = ground.started(wanted.id)
        driver.ensure_guest(wanted)
        ground.driver().ensure_guest(wanted)
        assert ground.started(wanted.id) == began, "a reboot was done twice"
        wait_for_text(driver, wanted, "login:", times=number)
        assert driver.console_tail(wanted.id, None).count("boot number") == number
    guest = state_of(driver, wanted)
    assert guest is not None
    assert set(guest.verbs_done) == {"verb-2", "verb-3"}


@on_each
def test_a_reboot_of_a_guest_that_is_to_be_stopped_starts_nothing(driver: Driver, ground: Ground) -> None:
    wanted = plan(power="stopped", verbs=(VerbPlan(id="verb", verb="reboot-hard"),))
    driver.ensure_guest(wanted)
    guest = state_of(driver, wanted)
    assert guest is not None
    assert guest.verbs_done == ("verb",)
    assert ground.started(wanted.id) == []


@on_each
def test_removal_leaves_nothing_and_may_be_repeated(driver: Driver, ground: Ground) -> None:
    kept, gone = plan(), plan()
    for wanted in (kept, gone):
        driver.ensure_guest(wanted)
    for _ in range(2):
        driver.remove_guest(gone.id)
        assert ground.left_over(gone.id) == []
    assert [guest.id for guest in driver.list_guests()] == [kept.id]
    assert driver.console_tail(gone.id, None) == ""
    driver.remove_guest("../../../etc")
    driver.remove_guest("")


@on_each
def test_every_verb_may_be_repeated(driver: Driver, ground: Ground) -> None:
    wanted = plan()
    driver.ensure_guest(wanted)
    began = ground.started(wanted.id)
    before = driver.list_guests()
    for _ in range(2):
        driver.recover()
        driver.ensure_guest(wanted)
    assert ground.started(wanted.id) == began
    assert len(began) == 1
    assert driver.list_guests() == before


@on_each
def test_a_restart_adopts_what_runs(ground: Ground) -> None:
    first = ground.driver()
    wanted = plan()
    first.ensure_guest(wanted)
    began = ground.started(wanted.id)
    first.close()
    second = ground.driver()
    assert state_is(second, wanted, "running")
    second.ensure_guest(wanted)
    wait_for_text(second, wanted, "login:")
    assert ground.started(wanted.id) == began


@on_each
def test_another_clouds_guests_are_neither_listed_nor_touched(ground: Ground) -> None:
    ours, theirs = ground.driver(), ground.driver(cloud_id="another-cloud")
    wanted = plan()
    ours.ensure_guest(wanted)
    began = ground.started(wanted.id)
    assert list(theirs.list_guests()) == []
    theirs.remove_guest(wanted.id)
    theirs.recover()
    assert theirs.console_tail(wanted.id, None) == ""
    with pytest.raises(Refused, match="another cloud"):
        theirs.ensure_guest(changed(wanted, power="stopped"))
    assert ground.started(wanted.id) == began
    assert state_is(ours, wanted, "running")


@on_each
def test_a_guest_that_died_is_crashed_until_it_is_brought_back(driver: Driver, ground: Ground) -> None:
    wanted = plan()
    driver.ensure_guest(wanted)
    ground.kill(driver, wanted.id)
    assert state_is(driver, wanted, "crashed")
    assert state_is(ground.driver(), wanted, "crashed")
    driver.ensure_guest(wanted)
    assert state_is(driver, wanted, "running")
    assert len(ground.started(wanted.id)) == 1


@on_each
def test_a_guest_that_dies_is_told_of(driver: Driver, ground: Ground) -> None:
    told: list[str] = []
    driver.on_down(told.append)
    wanted = plan()
    driver.ensure_guest(wanted)
    assert told == []
    ground.kill(driver, wanted.id)
    wait_until(lambda: told == [wanted.id])
    driver.ensure_guest(wanted)
    again = ground.driver()
    again.on_down(told.append)
    driver.close()
    ground.kill(again, wanted.id)
    wait_until(lambda: told[1:] == [wanted.id])


def test_a_dead_guest_that_is_to_be_stopped_is_stopped(driver: Driver, ground: Ground) -> None:
    wanted = plan()
    driver.ensure_guest(wanted)
    ground.kill(driver, wanted.id)
    driver.ensure_guest(changed(wanted, power="stopped"))
    assert state_is(driver, wanted, "stopped")


@on_each
def test_guests_may_be_made_side_by_side(driver: Driver, ground: Ground) -> None:
    wanted = [plan() for _ in range(4)]
    failures: list[Exception] = []

    def make(one: GuestPlan) -> None:
        try:
            driver.ensure_guest(one)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=make, args=(one,)) for one in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(guest.id for guest in driver.list_guests()) == sorted(one.id for one in wanted)
    assert all(len(ground.started(one.id)) == 1 for one in wanted)
    assert ground.images.fetches <= 1


@on_each
def test_an_image_is_fetched_before_a_guest_needs_it(driver: Driver, ground: Ground) -> None:
    for _ in range(2):
        driver.keep_image(IMAGE_ID)
    fetched = ground.images.fetches
    driver.ensure_guest(plan())
    assert ground.images.fetches == fetched <= 1
    with pytest.raises(Refused, match="has characters that an id can't have"):
        driver.keep_image("../escape")


GIVEN_DISK = plan().disks[0]
REFUSALS = {
    "is not a UUID": {"guest_id": "../escape"},
    "at least one virtual CPU": {"vcpus": 0},
    "machine type": {"machine": "microvm"},
    "same PCI slot": {"disks": (replace(GIVEN_DISK, id="a"), replace(GIVEN_DISK, id="b"))},
    "can't have the PCI slot 2": {"disks": (replace(GIVEN_DISK, pci_slot=2),)},
    "on the buses": {"disks": (replace(GIVEN_DISK, bus="floppy"),)},
    "characters that an id can't have": {"disks": (replace(GIVEN_DISK, id="../../disk"),)},
    "wanted and dropped at once": {"dropped_disks": (GIVEN_DISK.id,), "disks": (GIVEN_DISK,)},
    "that is to be dropped": {"dropped_disks": ("../disk",)},
    "neither an image nor a size": {"disks": (DiskPlan(id="blank", size_gb=0, pci_slot=5),)},
}


@on_each
@pytest.mark.parametrize("sentence", REFUSALS)
def test_plans_that_cannot_be_are_refused_and_leave_no_process(driver: Driver, ground: Ground, sentence: str) -> None:
    wanted = plan(**REFUSALS[sentence])  # type: ignore[arg-type]
    with pytest.raises(Refused, match=sentence):
        driver.ensure_guest(wanted)
    assert ground.started(wanted.id) == []
    driver.remove_guest(wanted.id)
    assert [path for path in ground.root.rglob("*") if "escape" in path.name] == []


@on_each
def test_a_disk_smaller_than_its_image_is_refused(ground: Ground, kind: str) -> None:
    larger = ground.root / "larger.qcow2"
    if kind == "qemu":
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", larger, str((1 << 30) + 512)], check=True)
    else:
        larger.touch()
    ground.images = FileImages(larger, "qcow2", (1 << 30) + 512)
    driver = ground.driver()
    wanted = plan(disks=(replace(GIVEN_DISK, size_gb=1),))
    with pytest.raises(Refused, match="needs a disk of at least 2 GB, but the server's disk has 1 GB"):
        driver.ensure_guest(wanted)
    guest = state_of(driver, wanted)
    assert guest is not None
    assert (guest.state, guest.generation) == ("stopped", 0)


@on_each
def test_a_plan_older_than_the_last_one_changes_nothing(driver: Driver, ground: Ground) -> None:
    wanted = plan(generation=5)
    driver.ensure_guest(wanted)
    began = ground.started(wanted.id)
    with pytest.raises(Refused, match="already seen generation 5"):
        driver.ensure_guest(replace(wanted, generation=4, power="stopped"))
    assert ground.started(wanted.id) == began


@on_each
def test_a_disk_is_never_made_anew_with_another_size(driver: Driver) -> None:
    wanted = plan(power="stopped", disks=(DiskPlan(id="blank", size_gb=1, pci_slot=5),))
    driver.ensure_guest(wanted)
    with pytest.raises(Refused, match="can't be changed in place"):
        driver.ensure_guest(changed(wanted, disks=(DiskPlan(id="blank", size_gb=2, pci_slot=5),)))


@pytest.mark.parametrize(("kind", "step"), steps(MAKING), indirect=["kind"])
def test_making_survives_a_kill_at(ground: Ground, step: str) -> None:
    wanted = plan()
    ground.die_at(step, wanted)
    driver = ground.driver()
    assert list(ground.root.rglob("*.part")) == []
    assert ground.left_over(wanted.id) == [] or step != "guest-folder-made", "an empty folder was not cleared"
    driver.ensure_guest(wanted)
    assert state_is(driver, wanted, "running")
    assert len(ground.started(wanted.id)) == 1
    driver.remove_guest(wanted.id)
    assert ground.left_over(wanted.id) == []


@pytest.mark.parametrize(("kind", "step"), steps(MAKING), indirect=["kind"])
def test_a_half_made_guest_can_be_removed_after_a_kill_at(ground: Ground, step: str) -> None:
    wanted = plan()
    ground.die_at(step, wanted)
    driver = ground.driver()
    driver.remove_guest(wanted.id)
    assert ground.left_over(wanted.id) == []
    assert list(driver.list_guests()) == []


@pytest.mark.parametrize(("kind", "step"), steps(REBOOTING), indirect=["kind"])
def test_a_reboot_happens_once_despite_a_kill_at(ground: Ground, step: str) -> None:
    driver = ground.driver()
    wanted = plan()
    driver.ensure_guest(wanted)
    before = ground.started(wanted.id)
    wanted = changed(wanted, verbs=(VerbPlan(id="verb", verb="reboot-hard"),))
    ground.die_at(step, wanted)
    between = ground.started(wanted.id)
    driver = ground.driver()
    driver.ensure_guest(wanted)
    after = ground.started(wanted.id)
    assert len(after) == 1
    assert after != before, "the reboot was forgotten"
    assert between in (before, [], after), "the reboot was done twice"
    guest = state_of(driver, wanted)
    assert guest is not None
    assert (guest.state, guest.verbs_done) == ("running", ("verb",))


@pytest.mark.parametrize(("kind", "step"), steps(STOPPING), indirect=["kind"])
def test_stopping_survives_a_kill_at(ground: Ground, step: str) -> None:
    driver = ground.driver()
    wanted = plan()
    driver.ensure_guest(wanted)
    wanted = changed(wanted, power="stopped")
    ground.die_at(step, wanted)
    driver = ground.driver()
    driver.ensure_guest(wanted)
    assert state_is(driver, wanted, "stopped")
    assert ground.started(wanted.id) == []


@pytest.mark.parametrize(("kind", "step"), steps(REMOVING), indirect=["kind"])
def test_removing_survives_a_kill_at(ground: Ground, step: str) -> None:
    wanted = plan()
    ground.driver().ensure_guest(wanted)
    ground.die_at(step, wanted, "remove_guest")
    driver = ground.driver()
    driver.remove_guest(wanted.id)
    assert ground.left_over(wanted.id) == []
    assert list(driver.list_guests()) == []


@on_each
def test_each_step_is_in_the_lists_of_this_file(ground: Ground, kind: str) -> None:
    reached: list[str] = []
    ground.grace_s = 0.2
    driver = ground.driver(reached.append)
    wanted = plan()
    driver.ensure_guest(wanted)
    wanted = changed(wanted, verbs=(VerbPlan(id="verb", verb="reboot-hard"),))
    driver.ensure_guest(wanted)
    driver.ensure_guest(changed(wanted, power="stopped"))
    driver.remove_guest(wanted.id)
    listed = {step for lists in (MAKING, REBOOTING, STOPPING, REMOVING) for step in lists[kind]}
    assert set(reached) == listed - {"image-half-fetched"}
