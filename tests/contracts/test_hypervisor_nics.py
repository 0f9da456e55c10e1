"""What every hypervisor driver keeps where guests get network cards and lose them."""

import pytest
from msgspec.structs import replace
from tests.contracts.hypervisor_grounds import (
    Driver,
    Ground,
    changed,
    nic,
    on_each,
    plan,
    state_is,
    steps,
    wait_for_text,
)

from haneul.services.compute.drivers.base import CANNOT_LET_GO, NicPlan, Refused

PLUGGING = {
    "fake": ("plan-remembered",),
    "qemu": ("card-given", "card-backed", "card-plugged", "cards-settled", "plan-remembered"),
}
PULLING = {"fake": ("plan-remembered",), "qemu": ("card-pulled", "cards-settled", "plan-remembered")}
SUSPENDED_ELSE = {"fake": ("plan-remembered",), "qemu": ("process-started", "memory-forgotten", "card-pulled")}


def macs(*nics: NicPlan) -> list[str]:
    return [one.mac for one in nics]


@on_each
def test_cards_come_and_go_while_the_guest_runs(driver: Driver, ground: Ground) -> None:
    first, second, third = nic(0), nic(1), nic(1)
    wanted = plan(nics=(first,))
    driver.ensure_guest(wanted)
    assert ground.cards(wanted.id) == macs(first)
    wait_for_text(driver, wanted, "login:")
    began = ground.started(wanted.id)
    for nics in ((first, second), (first, third), (third,), (), (first,)):
        wanted = changed(wanted, nics=nics)
        for _ in range(2):
            driver.ensure_guest(wanted)
            assert ground.cards(wanted.id) == macs(*nics)
    ground.driver().ensure_guest(wanted)
    assert ground.cards(wanted.id) == macs(first)
    assert ground.started(wanted.id) == began
    assert state_is(driver, wanted, "running")


@on_each
def test_a_stopped_guest_gets_its_cards_when_it_starts(driver: Driver, ground: Ground) -> None:
    first, second = nic(0), nic(3)
    wanted = plan(power="stopped", nics=(first,))
    driver.ensure_guest(wanted)
    wanted = changed(wanted, nics=(first, second))
    driver.ensure_guest(wanted)
    assert ground.started(wanted.id) == []
    driver.ensure_guest(changed(wanted, power="running"))
    assert ground.cards(wanted.id) == macs(first, second)


@on_each
def test_a_paused_guest_takes_a_card_and_lets_go_of_none(driver: Driver, ground: Ground) -> None:
    first, second = nic(0), nic(1)
    wanted = plan(nics=(first,))
    driver.ensure_guest(wanted)
    wait_for_text(driver, wanted, "login:")
    wanted = changed(wanted, power="paused", nics=(first, second))
    driver.ensure_guest(wanted)
    wanted = changed(wanted, nics=(second,))
    with pytest.raises(Refused, match=CANNOT_LET_GO):
        driver.ensure_guest(wanted)
    assert ground.cards(wanted.id) == macs(first, second)
    assert state_is(driver, wanted, "paused")
    driver.ensure_guest(changed(wanted, power="running"))
    assert ground.cards(wanted.id) == macs(second)


@on_each
def test_a_card_that_went_while_the_guest_was_suspended_goes_when_it_runs_on(driver: Driver, ground: Ground) -> None:
    first, second, third = nic(0), nic(1), nic(2)
    wanted = plan(nics=(first, second))
    driver.ensure_guest(wanted)
    wait_for_text(driver, wanted, "login:")
    driver.ensure_guest(changed(wanted, power="suspended"))
    resumed = replace(changed(wanted, nics=(second, third)), generation=3)
    driver.ensure_guest(resumed)
    assert ground.cards(wanted.id) == macs(second, third)
    assert driver.console_tail(wanted.id, None).count("boot number") == 1


@pytest.mark.parametrize(("kind", "step"), steps(PLUGGING), indirect=["kind"])
def test_plugging_survives_a_kill_at(ground: Ground, step: str) -> None:
    first, second = nic(0), nic(1)
    wanted = plan(nics=(first,))
    ground.driver().ensure_guest(wanted)
    began = ground.started(wanted.id)
    wanted = changed(wanted, nics=(first, second))
    ground.die_at(step, wanted)
    ground.driver().ensure_guest(wanted)
    assert ground.cards(wanted.id) == macs(first, second)
    assert ground.started(wanted.id) == began


@pytest.mark.parametrize(("kind", "step"), steps(PULLING), indirect=["kind"])
def test_pulling_survives_a_kill_at(ground: Ground, step: str) -> None:
    first, second, third = nic(0), nic(1), nic(1)
    wanted = plan(nics=(first, second))
    driver = ground.driver()
    driver.ensure_guest(wanted)
    wait_for_text(driver, wanted, "login:")
    wanted = changed(wanted, nics=(first,))
    ground.die_at(step, wanted)
    driver.ensure_guest(wanted)
    assert ground.cards(wanted.id) == macs(first)
    driver.ensure_guest(changed(wanted, nics=(first, third)))
    assert ground.cards(wanted.id) == macs(first, third)


@pytest.mark.parametrize(("kind", "step"), steps(SUSPENDED_ELSE), indirect=["kind"])
def test_going_on_with_other_cards_survives_a_kill_at(ground: Ground, step: str) -> None:
    first, second = nic(0), nic(1)
    wanted = plan(nics=(first, second))
    driver = ground.driver()
    driver.ensure_guest(wanted)
    wait_for_text(driver, wanted, "login:")
    suspended = changed(wanted, power="suspended")
    driver.ensure_guest(suspended)
    resumed = changed(suspended, power="running", nics=(second,))
    ground.die_at(step, resumed)
    driver.ensure_guest(resumed)
    assert ground.cards(wanted.id) == macs(second)
    assert driver.console_tail(wanted.id, None).count("boot number") == 1


@pytest.mark.parametrize("kind", [pytest.param("qemu", marks=pytest.mark.machine)], indirect=True)
def test_a_guest_that_does_not_let_go_keeps_its_card(ground: Ground) -> None:
    ground.patience_s = 1.0
    driver = ground.driver()
    card = nic(0)
    # Without a disk there is nothing in it that could.
    wanted = plan(disks=(), nics=(card,))
    driver.ensure_guest(wanted)
    without = changed(wanted, nics=())
    for _ in range(2):
        with pytest.raises(Refused, match="did not let go of its network card within 1 seconds"):
            driver.ensure_guest(without)
        assert ground.cards(wanted.id) == macs(card)
    kept = changed(without, nics=(card,))
    driver.ensure_guest(kept)
    assert ground.cards(wanted.id) == macs(card)
    driver.ensure_guest(changed(kept, power="stopped", nics=()))
    assert state_is(driver, wanted, "stopped")
