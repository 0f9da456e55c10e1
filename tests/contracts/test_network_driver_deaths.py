"""A driver that is killed at any step has harmed nothing: the next one makes the thing whole, or removes it wholly."""

from collections.abc import Iterator
from functools import partial

import pytest
from tests.contracts.network_grounds import (
    Plans,
    RealGround,
    die_at,
    ensure,
    made,
    newer,
    remove_all,
)

from haneul.host.net.links import find_link
from haneul.services.network.drivers.base import Kind, bridge_of, inside_device_of, router_namespace_of, tap_of
from haneul.services.network.drivers.made_plans import KINDS

pytestmark = pytest.mark.machine

MAKING: dict[Kind, tuple[str, ...]] = {
    "segment": ("bridge-made", "segment-joined", "plan-remembered"),
    "group": ("plan-remembered",),
    "port": ("tap-made", "port-filtered", "port-joined", "plan-remembered"),
    "dhcp": ("dhcp-namespace-made", "dhcp-joined", "dhcp-served", "dhcp-metadata", "plan-remembered"),
    "router": ("router-namespace-made", "router-rules-made", "router-joined", "router-served", "plan-remembered"),
}
REMOVING = ("removed", "forgotten")
CHANGING: tuple[tuple[Kind, str], ...] = (
    ("segment", "segment-joined"),
    ("port", "port-filtered"),
    ("dhcp", "dhcp-served"),
    ("router", "router-rules-made"),
    ("router", "router-joined"),
)
EVERY_STEP = [(kind, step) for kind, steps in MAKING.items() for step in steps]


@pytest.fixture(scope="module")
def ground() -> Iterator[RealGround]:
    """One host for all: each test leaves it as it was."""
    made_ground = RealGround()
    try:
        yield made_ground
    finally:
        made_ground.close()


@pytest.fixture(autouse=True)
def clean(ground: RealGround) -> Iterator[None]:
    yield
    assert ground.left() == []


@pytest.mark.parametrize(("kind", "step"), EVERY_STEP)
def test_making_survives_a_kill_at(ground: RealGround, kind: Kind, step: str) -> None:
    wanted = Plans().of(kind)
    die_at(ground, step, lambda driver: ensure(driver, wanted))
    driver = ground.driver()
    ensure(driver, wanted)
    assert made(driver) == {(kind, wanted.id): 1}
    driver.remove(kind, wanted.id)


@pytest.mark.parametrize(("kind", "step"), EVERY_STEP)
def test_what_is_half_made_can_be_removed_after_a_kill_at(ground: RealGround, kind: Kind, step: str) -> None:
    plans = Plans()
    die_at(ground, step, lambda driver: ensure(driver, plans.of(kind)))
    driver = ground.driver()
    driver.remove(kind, plans.of(kind).id)
    assert made(driver) == {}


@pytest.mark.parametrize(("kind", "step"), CHANGING)
def test_a_change_survives_a_kill_at(ground: RealGround, kind: Kind, step: str) -> None:
    before = Plans().of(kind)
    changed = newer(before)
    ensure(ground.driver(), before)
    die_at(ground, step, lambda dying: ensure(dying, changed))
    driver = ground.driver()
    ensure(driver, changed)
    assert made(driver) == {(kind, changed.id): 2}
    driver.remove(kind, changed.id)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", REMOVING)
def test_removing_survives_a_kill_at(ground: RealGround, kind: Kind, step: str) -> None:
    wanted = Plans().of(kind)
    ensure(ground.driver(), wanted)
    die_at(ground, step, lambda dying: dying.remove(kind, wanted.id))
    driver = ground.driver()
    driver.remove(kind, wanted.id)
    assert made(driver) == {}


def test_what_a_newer_generation_says_is_what_is_there(ground: RealGround) -> None:
    plans, driver = Plans(), ground.driver()
    ensure(driver, *plans.all())
    (leg,) = plans.router.legs
    place, leg_device = router_namespace_of(plans.router.id), inside_device_of(leg.port_id)
    assert find_link(leg_device, place)
    assert len(ground.programs()) == 3
    ensure(driver, newer(plans.port, is_up=False), newer(plans.router, legs=()), newer(plans.dhcp, metadata=False))
    ensure(driver, newer(plans.segment, mtu=1400))
    bridge, tap = (find_link(name, ground.namespace) for name in (bridge_of(plans.segment.id), tap_of(plans.port.id)))
    assert bridge is not None
    assert tap is not None
    assert (bridge.mtu, tap.is_up, find_link(leg_device, place)) == (1400, False, None)
    assert len(ground.programs()) == 2
    remove_all(driver, plans)


def test_each_step_is_in_the_lists_of_this_file(ground: RealGround) -> None:
    plans = Plans()
    reached: list[str] = []
    driver = ground.driver(reached.append)
    for kind, steps in MAKING.items():
        reached.clear()
        ensure(driver, plans.of(kind))
        assert tuple(reached) == steps
    for kind in ("router", "dhcp", "port", "group", "segment"):
        reached.clear()
        partial(driver.remove, kind)(plans.of(kind).id)
        assert tuple(reached) == REMOVING
