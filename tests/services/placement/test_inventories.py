from typing import Any

import pytest
from tests.services.placement.making import BASE, allocate, at, error, generation, new_class, new_id, provider
from tests.support.cloud import Client


def test_inventories_are_replaced_under_the_generation_that_is_known(admin: Client) -> None:
    provider_id = provider(admin)
    path = f"{BASE}/{provider_id}/inventories"
    body = {
        "resource_provider_generation": 0,
        "inventories": {"VCPU": {"total": 4, "allocation_ratio": 16.0}, "DISK_GB": {"total": 100, "reserved": 10}},
    }
    put = at(admin).put("placement", path, json=body)
    assert (put.status_code, put.json()["resource_provider_generation"]) == (200, 1)
    assert put.json()["inventories"]["VCPU"] == {
        "total": 4,
        "reserved": 0,
        "min_unit": 1,
        "max_unit": 0x7FFFFFFF,
        "step_size": 1,
        "allocation_ratio": 16.0,
    }
    assert at(admin).get("placement", path).json() == put.json()
    stale = at(admin).put("placement", path, json=body)
    assert (stale.status_code, error(stale)["code"]) == (409, "placement.concurrent_update")
    only = {"resource_provider_generation": 1, "inventories": {"VCPU": {"total": 8}}}
    assert set(at(admin).put("placement", path, json=only).json()["inventories"]) == {"VCPU"}
    assert at(admin).delete("placement", path).status_code == 204
    assert at(admin).get("placement", path).json() == {"resource_provider_generation": 3, "inventories": {}}


def test_one_inventory_is_added_changed_and_deleted(admin: Client) -> None:
    provider_id = provider(admin)
    path = f"{BASE}/{provider_id}/inventories"
    made = at(admin).post("placement", path, json={"resource_class": "VCPU", "total": 4})
    assert (made.status_code, made.headers["Location"].endswith(f"{path}/VCPU")) == (201, True)
    assert at(admin).post("placement", path, json={"resource_class": "VCPU", "total": 4}).status_code == 409
    changed = at(admin).put("placement", f"{path}/VCPU", json={"total": 6, "resource_provider_generation": 1})
    assert (changed.json()["total"], changed.json()["resource_provider_generation"]) == (6, 2)
    absent = at(admin).put("placement", f"{path}/DISK_GB", json={"total": 6, "resource_provider_generation": 2})
    assert (absent.status_code, "No inventory record" in error(absent)["detail"]) == (400, True)
    assert at(admin).delete("placement", f"{path}/VCPU").status_code == 204
    assert at(admin).get("placement", f"{path}/VCPU").status_code == 404
    assert at(admin).delete("placement", f"{path}/VCPU").status_code == 404


def test_what_is_in_use_stays_but_may_shrink(admin: Client) -> None:
    name = new_class(admin)
    provider_id = provider(admin, has={name: 10})
    assert allocate(admin, new_id(), {provider_id: {name: 8}}).status_code == 204
    path = f"{BASE}/{provider_id}/inventories"
    kept = at(admin).delete("placement", path)
    assert (kept.status_code, error(kept)["code"]) == (409, "placement.inventory.inuse")
    assert f"Inventory for '{name}' on resource provider '{provider_id}' in use." in error(kept)["detail"]
    assert at(admin).delete("placement", f"{path}/{name}").status_code == 409
    body = {"resource_provider_generation": generation(admin, provider_id), "inventories": {name: {"total": 5}}}
    assert at(admin).put("placement", path, json=body).status_code == 200
    over = allocate(admin, new_id(), {provider_id: {name: 1}})
    assert (over.status_code, "would exceed the capacity" in error(over)["detail"]) == (409, True)


def test_reserving_everything_came_with_1_26(admin: Client) -> None:
    path = f"{BASE}/{provider(admin)}/inventories"
    body = {"resource_class": "VCPU", "total": 4, "reserved": 4}
    refused = at(admin, "1.25").post("placement", path, json=body)
    assert (refused.status_code, "greater than or equal to total" in error(refused)["detail"]) == (400, True)
    assert at(admin, "1.26").post("placement", path, json={**body, "reserved": 5}).status_code == 400
    assert at(admin, "1.26").post("placement", path, json=body).status_code == 201


def test_deleting_all_came_with_1_5(admin: Client) -> None:
    refused = at(admin, "1.4").delete("placement", f"{BASE}/{provider(admin)}/inventories")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, POST, PUT")


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ({}, "'total' is a required property"),
        ({"total": 0}, "0 is less than the minimum of 1 Failed validating 'minimum' in schema['properties']['total']"),
        ({"total": -1}, "-1 is less than the minimum of 1"),
        ({"total": 2**31}, "Failed validating 'maximum'"),
        ({"total": "many"}, "'many' is not of type 'integer'"),
        ({"total": 5, "reserved": -1}, "schema['properties']['reserved']"),
        ({"total": 5, "step_size": 0}, "schema['properties']['step_size']"),
        ({"total": 5, "house": 1}, "'house' was unexpected"),
        ({"total": 5, "resource_class": "vcpu"}, "'vcpu' does not match '^[A-Z0-9_]+$'"),
        ({"total": 5, "resource_class": "NO_CLASS"}, "No such resource class NO_CLASS"),
    ],
)
def test_figures_out_of_range_are_refused(admin: Client, record: dict[str, Any], sentence: str) -> None:
    body = {"resource_class": "VCPU", **record}
    refused = at(admin).post("placement", f"{BASE}/{provider(admin)}/inventories", json=body)
    assert refused.status_code == 400
    assert sentence in " ".join(error(refused)["detail"].split())
