"""Projects whose catalog is made of chosen endpoints. Source: Identity API v3, OS-EP-FILTER."""

from typing import Any

import pytest
from tests.services.identity.entries import endpoint_of, records, region_in
from tests.services.identity.people import make, persona
from tests.support.cloud import Client, RunningCloud

NOWHERE = "0123456789abcdef0123456789abcdef"
BASE = "/v3/OS-EP-FILTER"
GROUPS = f"{BASE}/endpoint_groups"


def made_group(admin: Client, **filters: Any) -> dict[str, Any]:
    answer = admin.post("identity", GROUPS, json={"endpoint_group": {"name": "some", "filters": filters}})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["endpoint_group"]
    return found


def ids(client: Client, path: str) -> set[str]:
    answer = client.get("identity", f"{BASE}/{path}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["links"]["self"].endswith(path)
    return {item["id"] for item in answer.json()[path.rpartition("/")[2]]}


def catalog(client: Client) -> dict[str, set[str]]:
    """The endpoints of each service that the caller sees, by the token's document and by its own call."""
    token = client.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": client.token}).json()["token"]
    found = client.get("identity", "/v3/auth/catalog").json()["catalog"]
    assert token["catalog"] == found
    return {service["id"]: {endpoint["id"] for endpoint in service["endpoints"]} for service in found}


def test_a_project_that_was_given_endpoints_sees_just_those(cloud: RunningCloud, admin: Client) -> None:
    service, bare = make(admin, "service", type="filtered"), make(admin, "service", type="bare")
    first, second = endpoint_of(admin, service), endpoint_of(admin, service, interface="admin")
    project = make(admin, "project")
    member = persona(cloud, admin, "member", f"projects/{project['id']}")
    path = f"{BASE}/projects/{project['id']}/endpoints/{first['id']}"
    unfiltered = catalog(member)
    assert unfiltered[service["id"]] == {first["id"], second["id"]}
    assert unfiltered[bare["id"]] == set()
    for method in ("GET", "HEAD", "DELETE"):
        assert admin.request(method, "identity", path).status_code == 404
    assert admin.put("identity", path).status_code == 204
    assert admin.put("identity", path).status_code == 409
    for method in ("GET", "HEAD"):
        assert admin.request(method, "identity", path).status_code == 204
    assert catalog(member) == {service["id"]: {first["id"]}}
    assert ids(admin, f"projects/{project['id']}/endpoints") == {first["id"]}
    assert ids(admin, f"endpoints/{first['id']}/projects") == {project["id"]}
    assert ids(admin, f"endpoints/{second['id']}/projects") == set()
    assert admin.delete("identity", path).status_code == 204
    assert catalog(member) == unfiltered
    tail = ["endpoint added", "endpoint removed"]
    assert records(cloud, first["id"]) == ["endpoint created", *tail]


def test_a_project_that_was_given_what_is_disabled_sees_nothing(cloud: RunningCloud, admin: Client) -> None:
    region_id = region_in(admin)
    endpoint = endpoint_of(admin, make(admin, "service", type="dark"), region_id=region_id, enabled=False)
    project = make(admin, "project")
    member = persona(cloud, admin, "member", f"projects/{project['id']}")
    group = made_group(admin, region_id=region_id)
    assert admin.put("identity", f"{GROUPS}/{group['id']}/projects/{project['id']}").status_code == 204
    assert catalog(member) == {}
    assert ids(admin, f"projects/{project['id']}/endpoints") == {endpoint["id"]}
    admin.patch("identity", f"/v3/endpoints/{endpoint['id']}", json={"endpoint": {"enabled": True}})
    assert catalog(member) == {endpoint["service_id"]: {endpoint["id"]}}


def test_other_scopes_and_other_projects_see_everything(cloud: RunningCloud, admin: Client) -> None:
    endpoint = endpoint_of(admin, make(admin, "service", type="chosen"))
    one, other = make(admin, "project"), make(admin, "project")
    assert admin.put("identity", f"{BASE}/projects/{one['id']}/endpoints/{endpoint['id']}").status_code == 204
    assert len(catalog(persona(cloud, admin, "member", f"projects/{other['id']}"))) > 1
    system = cloud.login({"system": {"all": True}})
    token = system.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": system.token}).json()["token"]
    assert len(token["catalog"]) > 1


def test_an_endpoint_group_is_made_shown_changed_and_deleted(cloud: RunningCloud, admin: Client) -> None:
    body = {"name": "Public ones", "description": "Of all", "filters": {"interface": "public", "region_id": None}}
    created = admin.post("identity", GROUPS, json={"endpoint_group": body})
    assert created.status_code == 201
    group = created.json()["endpoint_group"]
    path = f"{GROUPS}/{group['id']}"
    assert group == {"id": group["id"], "links": {"self": f"{cloud.url('identity')}{path}"}, **body}
    assert admin.get("identity", path).json()["endpoint_group"] == group
    assert admin.request("HEAD", "identity", path).status_code == 200
    change = {"name": "Others", "filters": {"interface": "admin"}, "description": None}
    changed = admin.patch("identity", path, json={"endpoint_group": change})
    assert (changed.status_code, changed.json()["endpoint_group"]) == (200, {**group, **change})
    unsaid = {"name": None, "filters": None, "description": "Kept"}
    kept = admin.patch("identity", path, json={"endpoint_group": unsaid}).json()["endpoint_group"]
    assert kept == {**group, **change, "description": "Kept"}
    for name, found in (("Others", [kept]), ("Public ones", [])):
        assert admin.get("identity", GROUPS, params={"name": name}).json()["endpoint_groups"] == found
    assert admin.delete("identity", path).status_code == 204
    for method in ("GET", "HEAD", "DELETE"):
        assert admin.request(method, "identity", path).status_code == 404
    assert admin.patch("identity", path, json={"endpoint_group": change}).status_code == 404
    updates = ["endpoint_group updated"] * 2
    assert records(cloud, group["id"]) == ["endpoint_group created", *updates, "endpoint_group deleted"]


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": 7},
        {"name": "a" * 256},
        {"description": 7},
        {"filters": {"region": "RegionOne"}},
        {"filters": {"enabled": True}},
        {"filters": {"interface": "sideways"}},
        {"filters": {"service_id": None}},
        {"filters": []},
        {"color": "red"},
    ],
)
def test_an_endpoint_group_that_makes_no_sense_is_refused(admin: Client, fields: dict[str, Any]) -> None:
    group = made_group(admin, interface="public")
    body = {"name": "Nonsense", "filters": {"interface": "public"}, **fields}
    assert admin.post("identity", GROUPS, json={"endpoint_group": body}).status_code == 400
    assert admin.patch("identity", f"{GROUPS}/{group['id']}", json={"endpoint_group": fields}).status_code == 400
    assert admin.get("identity", f"{GROUPS}/{group['id']}").json()["endpoint_group"] == group
    assert admin.get("identity", GROUPS, params={"name": "Nonsense"}).json()["endpoint_groups"] == []


def test_a_new_endpoint_group_needs_a_name_and_filters(admin: Client) -> None:
    for body in ({"name": "x"}, {"filters": {"interface": "public"}}, {"name": "x", "filters": None}):
        assert admin.post("identity", GROUPS, json={"endpoint_group": body}).status_code == 400
    empty = admin.post("identity", GROUPS, json={"endpoint_group": {"name": "x", "filters": {}}})
    said = "filters field is required and cannot be empty"
    assert (empty.status_code, empty.json()["error"]["message"]) == (400, said)
    group = made_group(admin, interface="public")
    assert admin.patch("identity", f"{GROUPS}/{group['id']}", json={"endpoint_group": {}}).status_code == 400


def test_an_endpoint_group_takes_what_fits_all_its_filters(admin: Client) -> None:
    region_id, service, other = region_in(admin), make(admin, "service", type="a"), make(admin, "service", type="b")
    one = endpoint_of(admin, service, region_id=region_id)
    two = endpoint_of(admin, service, interface="admin")
    three = endpoint_of(admin, other, region_id=region_id)
    for filters, found in (
        ({"service_id": service["id"]}, {one["id"], two["id"]}),
        ({"region_id": region_id}, {one["id"], three["id"]}),
        ({"region_id": None, "service_id": service["id"]}, {two["id"]}),
        ({"region_id": region_id, "service_id": service["id"], "interface": "public"}, {one["id"]}),
        ({"region_id": region_id, "interface": "admin"}, set()),
        ({"service_id": NOWHERE}, set()),
    ):
        assert ids(admin, f"endpoint_groups/{made_group(admin, **filters)['id']}/endpoints") == found, filters


def test_a_project_that_was_given_a_group_sees_what_the_group_takes(cloud: RunningCloud, admin: Client) -> None:
    service = make(admin, "service", type="grouped")
    public, direct = endpoint_of(admin, service), endpoint_of(admin, service, interface="internal")
    group, project = made_group(admin, service_id=service["id"], interface="public"), make(admin, "project")
    member = persona(cloud, admin, "member", f"projects/{project['id']}")
    unfiltered = catalog(member)
    path = f"{GROUPS}/{group['id']}/projects/{project['id']}"
    for method in ("GET", "HEAD", "DELETE"):
        assert admin.request(method, "identity", path).status_code == 404
    assert admin.put("identity", path).status_code == 204
    assert admin.put("identity", path).status_code == 409
    given = admin.get("identity", path).json()["project_endpoint_group"]
    assert (given["endpoint_group_id"], given["project_id"]) == (group["id"], project["id"])
    assert given["links"]["self"].endswith(path)
    assert admin.request("HEAD", "identity", path).status_code == 200
    assert ids(admin, f"endpoint_groups/{group['id']}/projects") == {project["id"]}
    assert ids(admin, f"projects/{project['id']}/endpoint_groups") == {group["id"]}
    assert catalog(member) == {service["id"]: {public["id"]}}
    assert admin.put("identity", f"{BASE}/projects/{project['id']}/endpoints/{direct['id']}").status_code == 204
    assert catalog(member) == {service["id"]: {public["id"], direct["id"]}}
    later = endpoint_of(admin, service, region_id=region_in(admin))
    assert ids(admin, f"projects/{project['id']}/endpoints") == {public["id"], direct["id"], later["id"]}
    change = {"endpoint_group": {"filters": {"service_id": service["id"], "interface": "admin"}}}
    assert admin.patch("identity", f"{GROUPS}/{group['id']}", json=change).status_code == 200
    assert catalog(member) == {service["id"]: {direct["id"]}}
    admin.delete("identity", f"{BASE}/projects/{project['id']}/endpoints/{direct['id']}")
    # A group that takes nothing filters nothing.
    assert catalog(member).keys() == unfiltered.keys()
    assert admin.delete("identity", path).status_code == 204
    assert ids(admin, f"projects/{project['id']}/endpoint_groups") == set()
    assert records(cloud, group["id"])[1::2] == ["endpoint_group added", "endpoint_group removed"]


def test_what_is_deleted_is_given_to_nobody(cloud: RunningCloud, admin: Client) -> None:
    service = make(admin, "service", type="short-lived")
    endpoint, kept = endpoint_of(admin, service), endpoint_of(admin, make(admin, "service", type="kept"))
    group = made_group(admin, service_id=service["id"])
    gone, project = make(admin, "project"), make(admin, "project")
    member = persona(cloud, admin, "member", f"projects/{project['id']}")
    for one in (gone, project):
        assert admin.put("identity", f"{GROUPS}/{group['id']}/projects/{one['id']}").status_code == 204
        for given in (endpoint, kept):
            assert admin.put("identity", f"{BASE}/projects/{one['id']}/endpoints/{given['id']}").status_code == 204
    assert admin.delete("identity", f"/v3/projects/{gone['id']}").status_code == 204
    assert ids(admin, f"endpoints/{endpoint['id']}/projects") == {project["id"]}
    assert ids(admin, f"endpoint_groups/{group['id']}/projects") == {project["id"]}
    assert admin.delete("identity", f"/v3/services/{service['id']}").status_code == 204
    assert ids(admin, f"projects/{project['id']}/endpoints") == {kept["id"]}
    assert admin.delete("identity", f"{GROUPS}/{group['id']}").status_code == 204
    assert ids(admin, f"projects/{project['id']}/endpoint_groups") == set()
    assert catalog(member).keys() == {kept["service_id"]}
    assert admin.delete("identity", f"/v3/endpoints/{kept['id']}").status_code == 204
    assert len(catalog(member)) > 1


def test_what_is_not_there_is_given_to_nobody(admin: Client) -> None:
    endpoint = endpoint_of(admin, make(admin, "service", type="lonely"))
    group, project = made_group(admin, interface="public"), make(admin, "project")
    for path in (
        f"projects/{NOWHERE}/endpoints/{endpoint['id']}",
        f"projects/{project['id']}/endpoints/{NOWHERE}",
        f"endpoint_groups/{group['id']}/projects/{NOWHERE}",
        f"endpoint_groups/{NOWHERE}/projects/{project['id']}",
    ):
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            assert admin.request(method, "identity", f"{BASE}/{path}").status_code == 404, (method, path)
    for path in (
        f"projects/{NOWHERE}/endpoints",
        f"projects/{NOWHERE}/endpoint_groups",
        f"endpoints/{NOWHERE}/projects",
        f"endpoint_groups/{NOWHERE}/projects",
        f"endpoint_groups/{NOWHERE}/endpoints",
    ):
        assert admin.get("identity", f"{BASE}/{path}").status_code == 404, path


def test_lists_come_in_pages(admin: Client) -> None:
    service, project = make(admin, "service", type="paged"), make(admin, "project")
    wanted = sorted(endpoint_of(admin, service)["id"] for _ in range(3))
    group = made_group(admin, service_id=service["id"])
    assert admin.put("identity", f"{GROUPS}/{group['id']}/projects/{project['id']}").status_code == 204
    seen: list[str] = []
    url: str | None = f"{BASE}/projects/{project['id']}/endpoints?limit=2"
    while url is not None:
        page = admin.get("identity", url[url.index("/v3") :]).json()
        seen += [endpoint["id"] for endpoint in page["endpoints"]]
        url = page["links"]["next"]
    assert seen == wanted


def test_readers_of_the_system_see_and_change_nothing_and_members_see_nothing(
    cloud: RunningCloud, admin: Client
) -> None:
    endpoint = endpoint_of(admin, make(admin, "service", type="seen"))
    group, project = made_group(admin, interface="public"), make(admin, "project")
    own, of_group = f"{BASE}/projects/{project['id']}", f"{GROUPS}/{group['id']}"
    admin.put("identity", f"{own}/endpoints/{endpoint['id']}")
    admin.put("identity", f"{of_group}/projects/{project['id']}")
    reads = (
        GROUPS,
        of_group,
        f"{of_group}/endpoints",
        f"{of_group}/projects",
        f"{of_group}/projects/{project['id']}",
        f"{own}/endpoints",
        f"{own}/endpoint_groups",
        f"{own}/endpoints/{endpoint['id']}",
        f"{BASE}/endpoints/{endpoint['id']}/projects",
    )
    body = {"endpoint_group": {"name": "x", "filters": {"interface": "public"}}}
    writes: tuple[tuple[str, str, Any], ...] = (
        ("POST", GROUPS, body),
        ("PATCH", of_group, body),
        ("DELETE", of_group, None),
        ("PUT", f"{of_group}/projects/{project['id']}", None),
        ("DELETE", f"{of_group}/projects/{project['id']}", None),
        ("PUT", f"{own}/endpoints/{endpoint['id']}", None),
        ("DELETE", f"{own}/endpoints/{endpoint['id']}", None),
    )
    people = {
        persona(cloud, admin, "reader", "system"): (200, 204),
        persona(cloud, admin, "manager", f"projects/{project['id']}"): (403,),
        persona(cloud, admin, "admin", f"domains/{project['domain_id']}"): (403,),
    }
    for person, statuses in people.items():
        for path in reads:
            assert person.get("identity", path).status_code in statuses, path
        for method, path, json in writes:
            assert person.request(method, "identity", path, json=json).status_code == 403, (method, path)
