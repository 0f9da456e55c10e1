"""What every hypervisor driver keeps where guests stand still, go on, or get other disks."""

import pytest
from msgspec.structs import replace
from tests.contracts.hypervisor_grounds import (
    Driver,
    Ground,
    changed,
    on_each,
    plan,
    state_is,
    steps,
    wait_for_text,
)

from haneul.services.compute.drivers.base import VerbPlan

SUSPENDING = {"fake": ("plan-remembered",), "qemu": ("memory-written", "guest-killed", "plan-remembered")}
RESUMING = {"fake": ("plan-remembered",), "qemu": ("process-started", "memory-forgotten", "plan-remembered")}
REBUILDING = {
    "fake": ("plan-remembered",),
    "qemu": ("guest-killed", "disk-dropped", "process-started", "plan-remembered"),
}


@on_each
def test_a_suspended_guest_goes_on_where_it_was(driver: Driver, ground: Ground) -> None:
    wanted = plan()
    driver.ensure_guest(wanted)
    wait_for_text(driver, wanted, "login:")
    suspended = changed(wanted, power="suspended")
    for _ in range(2):
        driver.ensure_guest(suspended)
        assert state_is(driver, suspended, "suspended")
        assert ground.started(wanted.id) == []
    assert state_is(ground.driver(), suspended, "suspended")
    resumed = changed(suspended, power="running")
    driver.ensure_guest(resumed)
    assert state_is(driver, resumed, "running")
    assert driver.console_tail(wanted.id, None).count("boot number") == 1
    for power in ("suspended", "paused", "running"):
        resumed = changed(resumed, power=power)
        driver.ensure_guest(resumed)
        assert state_is(driver, resumed, power)
    assert driver.console_tail(wanted.id, None).count("boot number") == 1


@on_each
def test_what_a_suspended_guest_remembered_is_lost_when_it_is_stopped_or_rebooted(
    driver: Driver, ground: Ground
) -> None:
    stopped, rebooted = plan(power="suspended"), plan(power="suspended")
    for wanted in (stopped, rebooted):
        driver.ensure_guest(wanted)
    driver.ensure_guest(changed(stopped, power="stopped"))
    assert state_is(driver, stopped, "stopped")
    verb = VerbPlan(id="verb", verb="reboot-hard")
    driver.ensure_guest(changed(rebooted, power="running", verbs=(verb,)))
    assert state_is(driver, rebooted, "running")
    assert not list(ground.root.rglob("memory*"))
    for wanted in (stopped, rebooted):
        driver.remove_guest(wanted.id)
        assert ground.left_over(wanted.id) == []


@on_each
def test_spare_disks_are_made_and_taken_and_the_old_ones_dropped(driver: Driver, ground: Ground) -> None:
    wanted = plan()
    driver.ensure_guest(wanted)
    wait_for_text(driver, wanted, "login:")
    began, (old,) = ground.started(wanted.id), wanted.disks
    spare = replace(old, id="new-disk")
    prepared = changed(wanted, spare_disks=(spare,))
    driver.ensure_guest(prepared)
    assert ground.started(wanted.id) == began
    taken = changed(prepared, disks=(spare,), spare_disks=(), dropped_disks=(old.id,))
    for _ in range(2):
        driver.ensure_guest(taken)
    assert ground.started(wanted.id) != began
    assert state_is(driver, taken, "running")
    # The kernel of the image counts its boots on its disk.
    wait_for_text(driver, wanted, "login:", times=2)
    assert not list(ground.root.rglob(f"{old.id}*"))


@on_each
def test_a_disk_that_is_only_missing_in_the_plan_stays(driver: Driver, ground: Ground) -> None:
    wanted = plan(power="stopped")
    driver.ensure_guest(wanted)
    (old,) = wanted.disks
    other = changed(wanted, disks=(replace(old, id="other"),))
    driver.ensure_guest(other)
    back = changed(other, disks=(old,), dropped_disks=("other",))
    driver.ensure_guest(back)
    assert state_is(driver, back, "stopped")


@pytest.mark.parametrize(("kind", "step"), steps(SUSPENDING), indirect=["kind"])
def test_suspending_survives_a_kill_at(ground: Ground, step: str) -> None:
    wanted = plan()
    driver = ground.driver()
    driver.ensure_guest(wanted)
    wanted = changed(wanted, power="suspended")
    ground.die_at(step, wanted)
    driver = ground.driver()
    driver.ensure_guest(wanted)
    assert state_is(driver, wanted, "suspended")
    assert ground.started(wanted.id) == []
    assert list(ground.root.rglob("*.part")) == []
    driver.ensure_guest(changed(wanted, power="running"))
    assert state_is(driver, wanted, "running")


@pytest.mark.parametrize(("kind", "step"), steps(SUSPENDING), indirect=["kind"])
def test_a_change_of_mind_while_suspending_survives_a_kill_at(ground: Ground, step: str) -> None:
    wanted = plan()
    driver = ground.driver()
    driver.ensure_guest(wanted)
    wait_for_text(driver, wanted, "login:")
    wanted = changed(wanted, power="suspended")
    ground.die_at(step, wanted)
    driver, wanted = ground.driver(), changed(wanted, power="running")
    driver.ensure_guest(wanted)
    assert state_is(driver, wanted, "running")
    assert driver.console_tail(wanted.id, None).count("boot number") == 1


@pytest.mark.parametrize(("kind", "step"), steps(RESUMING), indirect=["kind"])
def test_resuming_survives_a_kill_at(ground: Ground, step: str) -> None:
    wanted = plan()
    driver = ground.driver()
    driver.ensure_guest(wanted)
    wait_for_text(driver, wanted, "login:")
    for power in ("suspended", "running"):
        wanted = changed(wanted, power=power)
        if power == "suspended":
            driver.ensure_guest(wanted)
    ground.die_at(step, wanted)
    driver = ground.driver()
    driver.ensure_guest(wanted)
    assert state_is(driver, wanted, "running")
    assert driver.console_tail(wanted.id, None).count("boot number") == 1
    assert len(ground.started(wanted.id)) == 1


@pytest.mark.parametrize(("kind", "step"), steps(REBUILDING), indirect=["kind"])
def test_a_change_of_disks_survives_a_kill_at(ground: Ground, step: str) -> None:
    wanted = plan()
    driver = ground.driver()
    driver.ensure_guest(wanted)
    (old,) = wanted.disks
    wanted = changed(wanted, disks=(replace(old, id="new-disk"),), dropped_disks=(old.id,))
    ground.die_at(step, wanted)
    driver = ground.driver()
    driver.ensure_guest(wanted)
    assert state_is(driver, wanted, "running")
    assert len(ground.started(wanted.id)) == 1
    assert not list(ground.root.rglob(f"{old.id}*"))


@on_each
def test_each_step_is_in_the_lists_of_this_file(ground: Ground, kind: str) -> None:
    wanted, reached = plan(), list[str]()
    ground.driver().ensure_guest(wanted)
    driver = ground.driver(reached.append)
    for power in ("suspended", "running"):
        wanted = changed(wanted, power=power)
        driver.ensure_guest(wanted)
    (old,) = wanted.disks
    driver.ensure_guest(changed(wanted, disks=(replace(old, id="new-disk"),), dropped_disks=(old.id,)))
    listed = {step for lists in (SUSPENDING, RESUMING, REBUILDING) for step in lists[kind]}
    # How a disk is made is the lists' of making a guest.
    assert set(reached) - {"base-cached", "disk-made", "record-made"} == listed
