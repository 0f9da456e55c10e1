"""What compute asks of placement inside its own transactions, above all by many at once: on every database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.kernel.databases import (
    database,
    mariadb_server,
    mariadb_url,
    opened,
    postgresql_server,
    postgresql_url,
)
from tests.services.placement.making import new_id

from haneul.kernel.db import Db, Store
from haneul.kernel.errors import Conflict
from haneul.services.placement import public as placement
from haneul.services.placement.aggregates.models import provider_aggregates
from haneul.services.placement.allocations.models import allocations, consumers
from haneul.services.placement.inventories.models import inventories
from haneul.services.placement.public import Inventory, Room, Shortage
from haneul.services.placement.resource_classes.models import resource_classes
from haneul.services.placement.resource_providers import logic as resource_providers
from haneul.services.placement.resource_providers.models import providers
from haneul.services.placement.traits.models import provider_traits, traits

__all__ = ["database", "mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url"]

TABLES = (
    providers,
    inventories,
    provider_aggregates,
    traits,
    provider_traits,
    resource_classes,
    consumers,
    allocations,
)
HAS = {"VCPU": Inventory(total=2, allocation_ratio=4.0), "MEMORY_MB": Inventory(total=1000, reserved=100)}


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    with opened(database, *TABLES) as store:
        yield store


def host(store: Store, name: str, has: dict[str, Inventory] = HAS, kinds: tuple[str, ...] = ()) -> str:
    provider_id = new_id()
    store.write(lambda db: placement.ensure_provider(db, provider_id, name, has, kinds))
    return provider_id


def allocate(store: Store, consumer: str, provider_id: str, **wanted: int) -> None:
    store.write(lambda db: placement.allocate(db, consumer, provider_id, wanted, "garden", "gardener"))


def fitting(store: Store, wanted: dict[str, int], *kinds: str, limit: int = 10) -> list[Room]:
    found = store.read(lambda db: placement.fitting(db, wanted, required_traits=kinds, limit=limit))
    return sorted(found, key=lambda room: room.name)


def test_a_host_is_written_once_and_then_only_what_changes(store: Store) -> None:
    provider_id = host(store, "oak", kinds=("COMPUTE_NODE",))

    def seen(has: dict[str, Inventory], kinds: tuple[str, ...] = (), name: str = "oak") -> tuple[int, str]:
        store.write(lambda db: placement.ensure_provider(db, provider_id, name, has, kinds))
        found = store.read(lambda db: resource_providers.get(db, provider_id))
        return found.generation, found.name

    first, _ = seen(HAS, ("COMPUTE_NODE",))
    assert seen(HAS) == (first, "oak")
    assert seen({**HAS, "DISK_GB": Inventory(total=10)}) == (first + 1, "oak")
    assert seen({**HAS, "DISK_GB": Inventory(total=10)}, ("HW_CPU_X86_VMX",), "elm") == (first + 2, "elm")
    assert [room.name for room in fitting(store, {"DISK_GB": 10}, "COMPUTE_NODE", "HW_CPU_X86_VMX")] == ["elm"]
    allocate(store, new_id(), provider_id, DISK_GB=5)
    seen(HAS)
    assert fitting(store, {"DISK_GB": 5})[0].free == {"DISK_GB": 5}


def test_rooms_say_what_is_free_and_shortages_what_is_not(store: Store) -> None:
    oak, elm = host(store, "oak"), host(store, "elm", {"VCPU": Inventory(total=8)}, ("HW_CPU_X86_VMX",))
    wanted = {"VCPU": 3, "MEMORY_MB": 300}
    allocate(store, new_id(), oak, VCPU=1, MEMORY_MB=300)
    assert fitting(store, wanted) == [Room(oak, "oak", {"VCPU": 7, "MEMORY_MB": 600})]
    assert [room.provider_id for room in fitting(store, {"VCPU": 3})] == [elm, oak]
    assert [room.provider_id for room in fitting(store, {"VCPU": 3}, "HW_CPU_X86_VMX")] == [elm]
    assert len(fitting(store, {"VCPU": 3}, limit=1)) == 1
    assert fitting(store, {"VCPU": 9}) == []
    assert store.read(lambda db: placement.shortages(db, {"VCPU": 8, "MEMORY_MB": 601})) == [
        Shortage("elm", "MEMORY_MB", 601, 0),
        Shortage("oak", "VCPU", 8, 7),
        Shortage("oak", "MEMORY_MB", 601, 600),
    ]


def test_a_server_holds_one_allocation_until_it_lets_go(store: Store) -> None:
    oak, elm, server = host(store, "oak"), host(store, "elm"), new_id()
    allocate(store, server, oak, VCPU=2)
    allocate(store, server, oak, VCPU=2)
    assert store.read(lambda db: placement.allocation_of(db, server)) == oak
    allocate(store, server, elm, VCPU=8)
    assert store.read(placement.allocated) == [(server, elm)]
    with pytest.raises(Conflict, match="would exceed the capacity"):
        allocate(store, new_id(), elm, VCPU=1)
    for _ in range(2):
        store.write(lambda db: placement.release(db, server))
    assert store.read(placement.allocated) == []
    assert store.read(lambda db: placement.allocation_of(db, server)) is None
    allocate(store, new_id(), elm, VCPU=8)


def test_many_at_once_never_take_more_than_there_is(store: Store) -> None:
    oak = host(store, "oak")

    def refusal(_: int) -> str:
        try:
            allocate(store, new_id(), oak, VCPU=1, MEMORY_MB=10)
        except Conflict as refused:
            return str(refused)
        return ""

    with ThreadPoolExecutor(8) as many:
        refusals = [sentence for sentence in many.map(refusal, range(24)) if sentence]
    assert len(refusals) == 24 - 8
    assert all("would exceed the capacity" in sentence for sentence in refusals)
    assert fitting(store, {"MEMORY_MB": 1}) == [Room(oak, "oak", {"MEMORY_MB": 820})]


def test_what_is_chosen_and_taken_in_one_transaction_holds(store: Store) -> None:
    names = ("elm", "fir", "oak")
    for name in names:
        host(store, name)

    def place(_: int) -> bool:
        def body(db: Db) -> None:
            room = placement.fitting(db, {"VCPU": 2}, limit=1)[0]
            placement.allocate(db, new_id(), room.provider_id, {"VCPU": 2}, "garden", "gardener")

        try:
            store.write(body)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(6) as many:
        placed = sum(many.map(place, range(12)))
    held = store.read(placement.allocated)
    assert len(held) == placed
    left = {room.name: room.free["VCPU"] for room in fitting(store, {"VCPU": 2})}
    assert sum(left.get(name, 0) for name in names) == 24 - 2 * placed
