from typing import Any

import pytest
from tests.services.identity.entries import endpoint_of, records
from tests.services.identity.people import login, make, persona
from tests.support.cloud import Client, RunningCloud


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
        {"url": "http://controller/a%20b"},
        {"url": "http://controller/100%"},
        {"url": "http://controller/$(nonsense"},
        {"enabled": "yes"},
        {"enabled": None},
        {"name": 7},
        {"description": ["no"]},
    ],
)
def test_an_endpoint_that_no_client_could_use_is_refused(admin: Client, fields: dict[str, Any]) -> None:
    service_id = admin.get("identity", "/v3/services", params={"type": "identity"}).json()["services"][0]["id"]
    body = {"service_id": service_id, "interface": "public", "url": "http://controller", **fields}
    before = len(admin.get("identity", "/v3/endpoints").json()["endpoints"])
    assert admin.post("identity", "/v3/endpoints", json={"endpoint": body}).status_code == 400
    assert len(admin.get("identity", "/v3/endpoints").json()["endpoints"]) == before


def test_what_a_client_adds_stands_in_the_catalog_and_a_doubled_percent_sign_is_one(admin: Client) -> None:
    service = make(admin, "service", type="backup")
    url = "http://controller/%%7E$(user_id)s"
    endpoint = endpoint_of(admin, service, url=url, description="Nightly", room=3, region=None)
    assert (endpoint["url"], endpoint["room"], endpoint["region"]) == (url, 3, None)
    changed = admin.patch("identity", f"/v3/endpoints/{endpoint['id']}", json={"endpoint": {"description": None}})
    assert (changed.json()["endpoint"]["description"], changed.json()["endpoint"]["room"]) == (None, 3)
    found = admin.get("identity", "/v3/auth/catalog").json()["catalog"]
    (shown,) = next(entry["endpoints"] for entry in found if entry["id"] == service["id"])
    token = admin.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": admin.token}).json()["token"]
    assert shown == {
        "id": endpoint["id"],
        "interface": "public",
        "region": None,
        "region_id": None,
        "url": f"http://controller/%7E{token['user']['id']}",
        "description": None,
        "room": 3,
    }


@pytest.mark.parametrize("kind", ["service", "endpoint", "region"])
def test_an_update_of_nothing_is_refused(admin: Client, kind: str) -> None:
    own_id = admin.get("identity", f"/v3/{kind}s").json()[f"{kind}s"][0]["id"]
    assert admin.patch("identity", f"/v3/{kind}s/{own_id}", json={kind: {}}).status_code == 400
    assert admin.patch("identity", f"/v3/{kind}s/{own_id}", json={kind: {"id": "another"}}).status_code == 400
    assert admin.patch("identity", f"/v3/{kind}s/{own_id}", json={kind: {"id": own_id}}).status_code == 200


def test_a_region_named_the_older_way_is_taken_at_an_update_too(admin: Client) -> None:
    service = make(admin, "service", type="messaging")
    endpoint = endpoint_of(admin, service, region_id="RegionOne")
    path = f"/v3/endpoints/{endpoint['id']}"
    for change, region in (
        ({"region": None}, "RegionOne"),
        ({"region": "RegionTen"}, "RegionTen"),
        ({"region_id": "RegionOne", "region": "RegionEleven"}, "RegionOne"),
    ):
        assert admin.patch("identity", path, json={"endpoint": change}).json()["endpoint"]["region_id"] == region
    assert admin.get("identity", "/v3/regions/RegionTen").status_code == 200
    assert admin.get("identity", "/v3/regions/RegionEleven").status_code == 404


def test_every_change_of_the_catalog_is_written_down(cloud: RunningCloud, admin: Client) -> None:
    service = make(admin, "service", type="audited")
    endpoint = endpoint_of(admin, service)
    for kind, own_id in (("service", service["id"]), ("endpoint", endpoint["id"])):
        admin.patch("identity", f"/v3/{kind}s/{own_id}", json={kind: {"enabled": False}})
    other = endpoint_of(admin, service, interface="admin")
    admin.delete("identity", f"/v3/endpoints/{endpoint['id']}")
    admin.delete("identity", f"/v3/services/{service['id']}")
    assert records(cloud, endpoint["id"]) == ["endpoint created", "endpoint updated", "endpoint deleted"]
    assert records(cloud, service["id"]) == ["service created", "service updated", "service deleted"]
    assert admin.get("identity", f"/v3/endpoints/{other['id']}").status_code == 404


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
