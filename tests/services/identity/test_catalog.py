from typing import Any

import pytest
from tests.services.identity.people import login, make, persona
from tests.support.cloud import Client, RunningCloud


def endpoint_of(admin: Client, service: dict[str, Any], **fields: Any) -> dict[str, Any]:
    body = {"service_id": service["id"], "interface": "public", "url": "http://controller:9292", **fields}
    answer = admin.post("identity", "/v3/endpoints", json={"endpoint": body})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["endpoint"]
    return found


def catalog(client: Client, service: dict[str, Any]) -> list[str] | None:
    found = client.get("identity", "/v3/auth/catalog").json()["catalog"]
    urls = {entry["id"]: [endpoint["url"] for endpoint in entry["endpoints"]] for entry in found}
    return urls.get(service["id"])


def test_a_service_is_created_shown_changed_and_deleted(admin: Client) -> None:
    service = make(admin, "service", name="glance", type="image", description="OpenStack Image service")
    assert service | {"id": "", "links": {}} == {
        "id": "",
        "name": "glance",
        "type": "image",
        "description": "OpenStack Image service",
        "enabled": True,
        "links": {},
    }
    path = f"/v3/services/{service['id']}"
    changed = admin.patch("identity", path, json={"service": {"name": "images", "room": 3}}).json()["service"]
    assert (changed["name"], changed["room"], changed["type"]) == ("images", 3, "image")
    found = admin.get("identity", "/v3/services", params={"type": "image", "name": "images"}).json()["services"]
    assert found == [changed]
    endpoint = endpoint_of(admin, service)
    assert admin.delete("identity", path).status_code == 204
    for gone in (path, f"/v3/endpoints/{endpoint['id']}"):
        assert admin.get("identity", gone).status_code == 404


def test_an_endpoint_is_created_shown_changed_and_deleted(admin: Client) -> None:
    service = make(admin, "service", type="volumev3")
    endpoint = endpoint_of(admin, service, region_id="RegionOne", name="first")
    assert endpoint | {"id": "", "links": {}} == {
        "id": "",
        "service_id": service["id"],
        "interface": "public",
        "region": "RegionOne",
        "region_id": "RegionOne",
        "url": "http://controller:9292",
        "enabled": True,
        "name": "first",
        "links": {},
    }
    path = f"/v3/endpoints/{endpoint['id']}"
    changed = admin.patch("identity", path, json={"endpoint": {"interface": "admin", "region_id": None}})
    assert (changed.json()["endpoint"]["interface"], changed.json()["endpoint"]["region"]) == ("admin", None)
    for filters, count in (
        ({"interface": "admin"}, 1),
        ({"interface": "internal"}, 0),
        ({"region_id": "RegionOne"}, 0),
    ):
        params = {"service_id": service["id"], **filters}
        assert len(admin.get("identity", "/v3/endpoints", params=params).json()["endpoints"]) == count, filters
    assert admin.delete("identity", path).status_code == 204
    assert admin.get("identity", path).status_code == 404


def test_the_catalog_fills_in_the_project_both_ways(cloud: RunningCloud, admin: Client) -> None:
    service = make(admin, "service", type="compute")
    for interface, url in (
        ("public", "http://controller:8774/v2.1/%(tenant_id)s"),
        ("internal", "http://controller:8774/v2.1/$(tenant_id)s"),
        ("admin", "http://network:8004/v1/AUTH_%(project_id)s"),
    ):
        assert endpoint_of(admin, service, interface=interface, url=url)["url"] == url
    token = admin.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": admin.token}).json()["token"]
    project_id = token["project"]["id"]
    assert catalog(admin, service) == [
        f"http://network:8004/v1/AUTH_{project_id}",
        f"http://controller:8774/v2.1/{project_id}",
        f"http://controller:8774/v2.1/{project_id}",
    ]
    domain_token = cloud.login({"system": {"all": True}})
    found = domain_token.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": domain_token.token}).json()
    assert [entry["endpoints"] for entry in found["token"]["catalog"] if entry["id"] == service["id"]] == [[]]


def test_what_is_disabled_is_in_no_catalog(admin: Client) -> None:
    service = make(admin, "service", type="metering")
    endpoint = endpoint_of(admin, service)
    assert catalog(admin, service) == ["http://controller:9292"]
    admin.patch("identity", f"/v3/endpoints/{endpoint['id']}", json={"endpoint": {"enabled": False}})
    assert catalog(admin, service) == []
    admin.patch("identity", f"/v3/services/{service['id']}", json={"service": {"enabled": False}})
    assert catalog(admin, service) is None


def test_a_region_named_the_older_way_is_made(admin: Client) -> None:
    service = make(admin, "service", type="dns")
    endpoint_of(admin, service, region="RegionNine")
    assert admin.get("identity", "/v3/regions/RegionNine").json()["region"]["description"] == ""


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "http://controller/%(nonsense)s"},
        {"url": "http://controller/$(tenant_id)"},
        {"url": "no url"},
        {"url": "http://" + "a" * 225},
        {"interface": "sideways"},
        {"interface": 7},
        {"region_id": "nowhere"},
        {"service_id": "nothing"},
        {"enabled": "yes"},
    ],
)
def test_an_endpoint_that_no_client_could_use_is_refused(admin: Client, fields: dict[str, Any]) -> None:
    service_id = admin.get("identity", "/v3/services", params={"type": "identity"}).json()["services"][0]["id"]
    body = {"service_id": service_id, "interface": "public", "url": "http://controller", **fields}
    before = len(admin.get("identity", "/v3/endpoints").json()["endpoints"])
    assert admin.post("identity", "/v3/endpoints", json={"endpoint": body}).status_code == 400
    assert len(admin.get("identity", "/v3/endpoints").json()["endpoints"]) == before


def test_regions_stand_inside_each_other_and_never_in_themselves(admin: Client) -> None:
    outer = {"region": {"id": "Earth", "description": "All of it"}}
    assert admin.post("identity", "/v3/regions", json=outer).status_code == 201
    assert admin.post("identity", "/v3/regions", json=outer).status_code == 409
    inner = {"region": {"parent_region_id": "Earth"}}
    assert admin.put("identity", "/v3/regions/Asia", json=inner).status_code == 201
    inside = admin.get("identity", "/v3/regions", params={"parent_region_id": "Earth"}).json()["regions"]
    assert [region["id"] for region in inside] == ["Asia"]
    around = {"region": {"parent_region_id": "Asia"}}
    assert admin.patch("identity", "/v3/regions/Earth", json=around).status_code == 400
    assert admin.put("identity", "/v3/regions/Asia2", json={"region": {"id": "Asia3"}}).status_code == 400
    assert admin.post("identity", "/v3/regions", json={"region": {"parent_region_id": "nowhere"}}).status_code == 404
    service = make(admin, "service", type="key-manager")
    endpoint = endpoint_of(admin, service, region_id="Asia")
    assert admin.delete("identity", "/v3/regions/Earth").status_code == 403
    admin.delete("identity", f"/v3/endpoints/{endpoint['id']}")
    assert admin.delete("identity", "/v3/regions/Earth").status_code == 204
    assert admin.get("identity", "/v3/regions/Asia").status_code == 404


def test_a_region_without_an_id_gets_one(admin: Client) -> None:
    created = admin.post("identity", "/v3/regions", json={"region": {"description": "Somewhere"}}).json()["region"]
    assert len(created["id"]) == 32
    assert admin.put("identity", f"/v3/regions/{'a' * 256}", json={"region": {}}).status_code == 400


def test_a_member_reads_regions_and_his_own_catalog_alone(cloud: RunningCloud, admin: Client) -> None:
    project = make(admin, "project")
    member = persona(cloud, admin, "member", f"projects/{project['id']}")
    statuses = {
        name: member.get("identity", f"/v3/{name}").status_code for name in ("regions", "services", "endpoints")
    }
    assert statuses == {"regions": 200, "services": 403, "endpoints": 403}
    for kind in ("service", "endpoint", "region"):
        assert member.post("identity", f"/v3/{kind}s", json={kind: {"type": "x"}}).status_code in (400, 403), kind
    assert member.get("identity", "/v3/auth/catalog").status_code == 200
    unscoped = login(cloud, make(admin, "user"))
    refused = unscoped.get("identity", "/v3/auth/catalog")
    assert (refused.status_code, "project-scoped" in refused.text) == (403, True)
