from typing import Any

from tests.services.placement.making import BASE, allocate, at, caller_with, claim, error, new_class, new_id, provider
from tests.support.cloud import Client, RunningCloud


def inventory(generation: int, **has: int) -> dict[str, Any]:
    return {
        "resource_provider_generation": generation,
        "inventories": {name: {"total": total} for name, total in has.items()},
    }


def test_inventory_moves_to_a_child_with_what_is_held_of_it(cloud: RunningCloud, admin: Client) -> None:
    service, _ = caller_with(cloud, admin, "service")
    name, stays, consumer = new_class(admin), new_class(admin), new_id()
    host = provider(admin, has={name: 10, stays: 5})
    part = provider(admin, parent=host)
    assert allocate(admin, consumer, {host: {name: 4, stays: 1}}).status_code == 204
    body = {
        "inventories": {host: inventory(2, **{stays: 5}), part: inventory(0, **{name: 10})},
        "allocations": {consumer: claim({host: {stays: 1}, part: {name: 4}}, consumer_generation=1)},
    }
    assert at(admin).post("placement", "/reshaper", json=body).status_code == 403
    assert at(service, "1.29").post("placement", "/reshaper", json=body).status_code == 404
    moved = at(service).post("placement", "/reshaper", json=body)
    assert moved.status_code == 204, moved.text
    assert at(admin).get("placement", f"{BASE}/{host}/usages").json()["usages"] == {stays: 1}
    assert at(admin).get("placement", f"{BASE}/{part}/usages").json()["usages"] == {name: 4}


def test_a_reshape_that_would_lose_or_overfill_something_changes_nothing(cloud: RunningCloud, admin: Client) -> None:
    service, _ = caller_with(cloud, admin, "service")
    name, consumer = new_class(admin), new_id()
    host, part = provider(admin, has={name: 10}), provider(admin)
    assert allocate(admin, consumer, {host: {name: 4}}).status_code == 204

    def reshaped(host_has: dict[str, Any], part_has: dict[str, Any], **allocations: Any) -> Any:
        body = {"inventories": {host: host_has, part: part_has}, "allocations": allocations}
        return at(service).post("placement", "/reshaper", json=body)

    lost = reshaped(inventory(2), inventory(0, **{name: 10}))
    assert (lost.status_code, error(lost)["code"]) == (409, "placement.inventory.inuse")
    moved = {consumer: claim({part: {name: 4}}, consumer_generation=1)}
    over = reshaped(inventory(2), inventory(0, **{name: 3}), **moved)
    assert (over.status_code, "Unable to allocate inventory" in error(over)["detail"]) == (409, True)
    stale = reshaped(inventory(1), inventory(0, **{name: 10}), **moved)
    assert "actual: 2, given: 1" in error(stale)["detail"]
    unknown = reshaped(inventory(2), inventory(0, CUSTOM_STEEL=1), **moved)
    assert (unknown.status_code, "No such resource class CUSTOM_STEEL" in error(unknown)["detail"]) == (400, True)
    body = {"inventories": {new_id(): inventory(0)}, "allocations": {}}
    nobody = at(service).post("placement", "/reshaper", json=body)
    assert (nobody.status_code, error(nobody)["code"]) == (400, "placement.resource_provider.not_found")
    assert at(admin).get("placement", f"{BASE}/{host}/usages").json()["usages"] == {name: 4}
    assert at(admin).get("placement", f"{BASE}/{part}/inventories").json()["inventories"] == {}
