"""A driver that is killed at any step has harmed nothing: the next one makes the thing whole, or removes it wholly."""

from collections.abc import Iterator
from functools import partial

import pytest
from tests.contracts.network_grounds import (
    NetworkGround,
    Plans,
    RealGround,
    die_at,
    ensure,
    made,
    newer,
)

from haneul.services.network.drivers.base import Kind
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
def ground() -> Iterator[NetworkGround]:
    """One host for all: each test leaves it as it was."""
    made_ground = RealGround()
    try:
        yield made_ground
    finally:
        made_ground.close()


@pytest.fixture(autouse=True)
def clean(ground: NetworkGround) -> Iterator[None]:
    yield
    assert ground.left() == []


@pytest.mark.parametrize(("kind", "step"), EVERY_STEP)
def test_making_survives_a_kill_at(ground: NetworkGround, kind: Kind, step: str) -> None:
    wanted = Plans().of(kind)
    die_at(ground, step, lambda driver: ensure(driver, wanted))
    driver = ground.driver()
    ensure(driver, wanted)
    assert made(driver) == {(kind, wanted.id): 1}
    driver.remove(kind, wanted.id)


@pytest.mark.parametrize(("kind", "step"), EVERY_STEP)
def test_what_is_half_made_can_be_removed_after_a_kill_at(ground: NetworkGround, kind: Kind, step: str) -> None:
    plans = Plans()
    die_at(ground, step, lambda driver: ensure(driver, plans.of(kind)))
    driver = ground.driver()
    driver.remove(kind, plans.of(kind).id)
    assert made(driver) == {}


@pytest.mark.parametrize(("kind", "step"), CHANGING)
def test_a_change_survives_a_kill_at(ground: NetworkGround, kind: Kind, step: str) -> None:
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
def test_removing_survives_a_kill_at(ground: NetworkGround, kind: Kind, step: str) -> None:
    wanted = Plans().of(kind)
    ensure(ground.driver(), wanted)
    die_at(ground, step, lambda dying: dying.remove(kind, wanted.id))
    driver = ground.driver()
    driver.remove(kind, wanted.id)
    assert made(driver) == {}


def test_each_step_is_in_the_lists_of_this_file(ground: NetworkGround) -> None:
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
