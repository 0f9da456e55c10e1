"""What every network driver keeps: one set of tests, on pretended networks and on real ones."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from tests.contracts.network_grounds import (
    NETWORK_GROUNDS,
    NetworkGround,
    Plans,
    ensure,
    generations,
    kind_of,
    made,
    newer,
    on_each,
    remove_all,
)

from haneul.services.network.drivers import DRIVERS
from haneul.services.network.drivers.base import Kind, NetworkDriver, Refused, SegmentPlan
from haneul.services.network.drivers.made_plans import KINDS


@pytest.fixture
def ground(kind: str) -> Iterator[NetworkGround]:
    made_ground = NETWORK_GROUNDS[kind]()
    try:
        yield made_ground
    finally:
        made_ground.close()


@pytest.fixture
def driver(ground: NetworkGround) -> NetworkDriver:
    return ground.driver()


@on_each
def test_the_map_names_each_driver(ground: NetworkGround, kind: str) -> None:
    with ground.here():
        assert type(DRIVERS[kind](ground.settings())).__name__.lower() == f"{kind}driver"


@on_each
def test_a_host_says_what_it_can_carry(driver: NetworkDriver) -> None:
    network = driver.host_network()
    assert {"local", "flat", "vxlan"} <= set(network.types)
    assert network.physical_networks == ()
    assert driver.host_network() == network


@on_each
def test_what_is_made_is_listed_and_may_be_made_again(driver: NetworkDriver, ground: NetworkGround) -> None:
    plans = Plans()
    assert made(driver) == {}
    ensure(driver, *plans.all())
    assert made(driver) == generations(plans)
    before = ground.left()
    ensure(driver, *plans.all())
    driver.recover()
    assert (made(driver), ground.left()) == (generations(plans), before)


@on_each
def test_the_order_of_making_does_not_matter(driver: NetworkDriver, ground: NetworkGround) -> None:
    plans = Plans()
    ensure(driver, *reversed(plans.all()))
    assert made(driver) == generations(plans)
    remove_all(driver, plans)
    assert ground.left() == []


@on_each
def test_what_is_made_after_its_network_went_leaves_nothing_either(
    driver: NetworkDriver, ground: NetworkGround
) -> None:
    plans = Plans()
    ensure(driver, *plans.all())
    driver.remove("segment", plans.segment.id)
    later = newer(plans.port), newer(plans.dhcp), newer(plans.router)
    ensure(driver, *later)
    for plan in later:
        driver.remove(kind_of(plan), plan.id)
    driver.remove("group", plans.group.id)
    assert ground.left() == []


@on_each
def test_named_ids_alone_are_listed(driver: NetworkDriver) -> None:
    first, second = Plans(), Plans()
    ensure(driver, first.segment, replace(second.segment, segmentation_id=78))
    assert [one.id for one in driver.list_made("segment", [second.segment.id, "a-stranger"])] == [second.segment.id]
    assert driver.list_made("port", [second.segment.id]) == []


@on_each
def test_a_newer_generation_takes_the_place_of_the_older(driver: NetworkDriver) -> None:
    plans = Plans()
    ensure(driver, *plans.all())
    changes = {
        "segment": newer(plans.segment, mtu=1400),
        "group": newer(plans.group, rules=()),
        "port": newer(plans.port, addresses=("10.0.0.6",)),
        "dhcp": newer(plans.dhcp, metadata=False),
        "router": newer(plans.router, legs=()),
    }
    for kind, plan in changes.items():
        ensure(driver, plan)
        assert made(driver)[kind_of(plan), plan.id] == 2, kind
        ensure(driver, plan)
    assert set(made(driver).values()) == {2}


@on_each
def test_removal_leaves_nothing_and_may_be_repeated(driver: NetworkDriver, ground: NetworkGround) -> None:
    plans = Plans()
    ensure(driver, *plans.all())
    for _ in range(2):
        remove_all(driver, plans)
        assert (made(driver), ground.left()) == ({}, [])
    ensure(driver, *plans.all())
    assert made(driver) == generations(plans)


@on_each
def test_removal_of_what_never_was_does_nothing(driver: NetworkDriver, ground: NetworkGround) -> None:
    plans = Plans()
    ensure(driver, *plans.all())
    before = ground.left()
    remove_all(driver, Plans())
    assert (made(driver), ground.left()) == (generations(plans), before)


@on_each
@pytest.mark.parametrize("strange", ["", "../../../etc", "a b", "x" * 65])
def test_an_id_that_leads_elsewhere_is_refused(driver: NetworkDriver, ground: NetworkGround, strange: str) -> None:
    before = ground.left()
    for kind in KINDS:
        with pytest.raises(Refused, match="characters that an id can't have"):
            driver.remove(kind, strange)
        with pytest.raises(Refused, match="characters that an id can't have"):
            ensure(driver, replace(Plans().of(kind), id=strange))
    assert (made(driver), ground.left()) == ({}, before)


@on_each
def test_a_restart_adopts_what_is_there(ground: NetworkGround) -> None:
    plans, first = Plans(), ground.driver()
    ensure(first, *plans.all())
    before = ground.left()
    first.close()
    second = ground.driver()
    assert (made(second), ground.left()) == (generations(plans), before)
    ensure(second, *plans.all())
    assert ground.left() == before
    remove_all(second, plans)
    assert ground.left() == []


@on_each
@pytest.mark.parametrize("lost", KINDS)
def test_what_is_lost_is_not_listed_and_is_made_anew(driver: NetworkDriver, ground: NetworkGround, lost: Kind) -> None:
    plans = Plans()
    ensure(driver, *plans.all())
    gone = (lost, plans.of(lost).id)
    ground.lose(driver, *gone)
    assert gone not in made(driver)
    ensure(driver, *plans.all())
    assert made(driver) == generations(plans)
    remove_all(driver, plans)
    assert ground.left() == []


@on_each
def test_a_physical_network_that_is_not_there_is_refused_in_a_sentence(
    driver: NetworkDriver, ground: NetworkGround
) -> None:
    plan = SegmentPlan(id=Plans().segment.id, generation=1, type="flat", physical_network="physnet9", mtu=1500)
    with pytest.raises(Refused, match=r"^This host is not connected to the physical network physnet9\.$"):
        driver.ensure_segment(plan)
    assert made(driver) == {}
    driver.remove("segment", plan.id)
    assert ground.left() == []


@on_each
def test_another_clouds_networks_are_neither_listed_nor_touched(ground: NetworkGround) -> None:
    ours, theirs, plans = ground.driver(), ground.driver(cloud_id="c0ffeec0ffee"), Plans()
    ensure(ours, *plans.all())
    before = ground.left()
    assert made(theirs) == {}
    remove_all(theirs, plans)
    theirs.recover()
    assert (made(ours), ground.left()) == (generations(plans), before)
    own = Plans()
    ensure(theirs, replace(own.segment, segmentation_id=78), own.group, own.port, own.dhcp, own.router)
    remove_all(ours, plans)
    assert (made(ours), made(theirs)) == ({}, generations(own))
    remove_all(theirs, own)
    assert ground.left() == []
