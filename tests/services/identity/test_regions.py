from typing import Any

import pytest
from tests.services.identity.entries import endpoint_of, records, region_in
from tests.services.identity.people import make, persona
from tests.support.cloud import Client, RunningCloud

REGIONS = "/v3/regions"


def test_regions_stand_inside_each_other_and_never_in_themselves(admin: Client) -> None:
    outer = {"region": {"id": "Earth", "description": "All of it"}}
    assert admin.post("identity", REGIONS, json=outer).status_code == 201
    refused = admin.post("identity", REGIONS, json=outer)
    assert (refused.status_code, "Duplicate ID, Earth." in refused.text) == (409, True)
    inner = {"region": {"parent_region_id": "Earth"}}
    assert admin.put("identity", f"{REGIONS}/Asia", json=inner).status_code == 201
    assert admin.put("identity", f"{REGIONS}/Korea", json={"region": {"parent_region_id": "Asia"}}).status_code == 201
    inside = admin.get("identity", REGIONS, params={"parent_region_id": "Earth"}).json()["regions"]
    assert [region["id"] for region in inside] == ["Asia"]
    for around in ("Earth", "Asia", "Korea"):
        circle = admin.patch("identity", f"{REGIONS}/Earth", json={"region": {"parent_region_id": around}})
        said = f"The specified parent region {around} would create a circular region hierarchy."
        assert (circle.status_code, circle.json()["error"]["message"]) == (400, said)
    free = admin.patch("identity", f"{REGIONS}/Korea", json={"region": {"parent_region_id": None}})
    assert free.json()["region"]["parent_region_id"] is None
    assert (
        admin.patch("identity", f"{REGIONS}/Earth", json={"region": {"parent_region_id": "Korea"}}).status_code == 200
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"id": "another"}, 400),
        ({"id": ""}, 400),
        ({"description": "a" * 256}, 400),
        ({"parent_region_id": ""}, 400),
        ({"parent_region_id": "nowhere"}, 404),
        ({"parent_region_id": "itself"}, 404),
    ],
)
def test_a_region_that_makes_no_sense_is_not_made(admin: Client, body: dict[str, Any], status: int) -> None:
    assert admin.put("identity", f"{REGIONS}/itself", json={"region": body}).status_code == status
    assert admin.get("identity", f"{REGIONS}/itself").status_code == 404


def test_a_region_without_an_id_gets_one(admin: Client) -> None:
    created = admin.post("identity", REGIONS, json={"region": {"id": "", "description": None}}).json()["region"]
    assert (len(created["id"]), created["description"]) == (32, "")
    assert admin.put("identity", f"{REGIONS}/{'a' * 256}", json={"region": {}}).status_code == 400


def test_a_region_keeps_what_a_client_adds(admin: Client) -> None:
    region_id = region_in(admin)
    path = f"{REGIONS}/{region_id}"
    assert admin.patch("identity", path, json={"region": {"color": "red"}}).json()["region"]["color"] == "red"
    changed = admin.patch("identity", path, json={"region": {"description": None, "size": 3}}).json()["region"]
    assert (changed["color"], changed["size"], changed["description"]) == ("red", 3, "")
    missing = admin.patch("identity", path, json={"region": {"parent_region_id": "nowhere"}})
    assert (missing.status_code, missing.json()["error"]["message"]) == (404, "Could not find region: nowhere.")


def test_a_region_goes_with_those_inside_it_unless_one_has_endpoints(cloud: RunningCloud, admin: Client) -> None:
    outer = region_in(admin)
    middle = region_in(admin, outer)
    inner, other = region_in(admin, middle), region_in(admin, outer)
    endpoint = endpoint_of(admin, make(admin, "service", type="key-manager"), region_id=inner)
    refused = admin.delete("identity", f"{REGIONS}/{outer}")
    said = f"Unable to delete region {outer} because it or its child regions have associated endpoints."
    assert (refused.status_code, refused.json()["error"]["message"]) == (403, said)
    admin.delete("identity", f"/v3/endpoints/{endpoint['id']}")
    assert admin.delete("identity", f"{REGIONS}/{outer}").status_code == 204
    for region_id in (outer, middle, inner, other):
        assert admin.get("identity", f"{REGIONS}/{region_id}").status_code == 404
        assert records(cloud, region_id) == ["region created", "region deleted"]


def test_only_administrators_change_regions(cloud: RunningCloud, admin: Client) -> None:
    region_id = region_in(admin)
    for place in ("system", f"projects/{make(admin, 'project')['id']}"):
        reader = persona(cloud, admin, "reader", place)
        path = f"{REGIONS}/{region_id}"
        assert reader.get("identity", path).status_code == 200
        assert reader.patch("identity", path, json={"region": {"description": "x"}}).status_code == 403
        assert reader.put("identity", f"{path}-2", json={"region": {}}).status_code == 403
        assert reader.delete("identity", path).status_code == 403
