import pytest
from tests.services.identity.limiting import NOWHERE, limit, refused, region_of, register, service_of, wanted
from tests.services.identity.people import make, persona
from tests.support.cloud import Client, RunningCloud

PATH = "/v3/registered_limits"
DUPLICATE = "Conflict occurred attempting to store registered_limit - Duplicate entry."


def test_a_registered_limit_is_created_shown_changed_and_deleted(admin: Client) -> None:
    service_id, region_id = service_of(admin), region_of(admin)
    made = register(admin, service_id, "roses", 5, region_id=region_id, description="In the garden")
    assert made | {"id": "", "links": {}} == {
        "id": "",
        "service_id": service_id,
        "region_id": region_id,
        "resource_name": "roses",
        "default_limit": 5,
        "description": "In the garden",
        "links": {},
    }
    path = f"{PATH}/{made['id']}"
    assert made["links"]["self"].endswith(path)
    assert admin.get("identity", path).json() == {"registered_limit": made}
    assert admin.request("HEAD", "identity", path).status_code == 200
    body = {"registered_limit": {"default_limit": 0, "region_id": None, "description": None}}
    changed = admin.patch("identity", path, json=body)
    assert changed.status_code == 200
    assert changed.json()["registered_limit"] == {**made, "default_limit": 0, "region_id": None, "description": None}
    assert admin.delete("identity", path).status_code == 204
    gone = (404, f"Could not find registered limit for {made['id']}.")
    assert refused(admin.get("identity", path)) == gone
    assert refused(admin.patch("identity", path, json=body)) == gone
    assert refused(admin.delete("identity", path)) == gone


def test_several_are_created_together_or_none(admin: Client) -> None:
    service_id = service_of(admin)
    names = [{"service_id": service_id, "resource_name": name, "default_limit": 1} for name in ("a", "b", "a")]
    answer = admin.post("identity", PATH, json={"registered_limits": names})
    assert refused(answer) == (409, DUPLICATE)
    assert admin.get("identity", PATH, params={"service_id": service_id}).json()["registered_limits"] == []
    answer = admin.post("identity", PATH, json={"registered_limits": names[:2]})
    assert (answer.status_code, list(answer.json())) == (201, ["registered_limits"])
    assert [one["resource_name"] for one in answer.json()["registered_limits"]] == ["a", "b"]


def test_each_region_has_a_limit_of_its_own_and_so_has_none(admin: Client) -> None:
    service_id, region_id = service_of(admin), region_of(admin)
    register(admin, service_id, "roses", 5)
    there = register(admin, service_id, "roses", 6, region_id=region_id)
    for fields in ({}, {"region_id": region_id}):
        body = {"service_id": service_id, "resource_name": "roses", "default_limit": 1, **fields}
        assert refused(admin.post("identity", PATH, json={"registered_limits": [body]})) == (409, DUPLICATE)
    moved = admin.patch("identity", f"{PATH}/{there['id']}", json={"registered_limit": {"region_id": None}})
    assert refused(moved) == (409, DUPLICATE)
    same = admin.patch("identity", f"{PATH}/{there['id']}", json={"registered_limit": {"resource_name": "roses"}})
    assert refused(same) == (409, DUPLICATE)


def test_the_list_is_filtered(admin: Client) -> None:
    service_id, region_id = service_of(admin), region_of(admin)
    here = register(admin, service_id, "roses", 5)
    there = register(admin, service_id, "tulips", 6, region_id=region_id)

    def found(**filters: str) -> list[str]:
        shown = admin.get("identity", PATH, params=filters).json()["registered_limits"]
        return sorted(one["id"] for one in shown if one["service_id"] == service_id)

    assert found() == sorted([here["id"], there["id"]])
    assert found(service_id=service_id, resource_name="roses") == [here["id"]]
    assert found(region_id=region_id) == [there["id"]]
    assert found(service_id=NOWHERE) == []
    assert admin.get("identity", PATH, params={"service_id": "no id"}).status_code == 400
    listed = admin.get("identity", PATH).json()
    assert listed["links"]["self"].endswith(PATH)
    assert admin.request("HEAD", "identity", PATH).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"default_limit": -2},
        {"default_limit": 2**31},
        {"default_limit": "5"},
        {"resource_name": ""},
        {"resource_name": "x" * 256},
        {"service_id": "no id"},
        {"colour": "red"},
        {"description": "x" * 256},
    ],
)
def test_what_can_not_be_is_refused(admin: Client, wrong: dict[str, object]) -> None:
    body = {"service_id": service_of(admin), "resource_name": "roses", "default_limit": 1, **wrong}
    assert admin.post("identity", PATH, json={"registered_limits": [body]}).status_code == 400
    assert admin.post("identity", PATH, json={"registered_limits": []}).status_code == 400


def test_a_service_or_region_that_is_not_there_is_named(admin: Client) -> None:
    known = {"service_id": service_of(admin), "resource_name": "roses", "default_limit": 1}
    for attribute in ("service_id", "region_id"):
        answer = admin.post("identity", PATH, json={"registered_limits": [{**known, attribute: NOWHERE}]})
        assert refused(answer) == (
            400,
            f"Expecting to find {attribute} in registered_limit. The server could not comply with the request since "
            "it is either malformed or otherwise incorrect. The client is assumed to be in error.",
        )


def test_one_that_a_limit_refers_to_stays_as_it_is(admin: Client) -> None:
    service_id = service_of(admin)
    made = register(admin, service_id, "roses", 5)
    (own,) = limit(admin, wanted(service_id, "roses", 7, project_id=make(admin, "project")["id"]))
    path = f"{PATH}/{made['id']}"
    stays = (
        403,
        f"Unable to update or delete registered limit {made['id']} because there are project limits associated with "
        "it.",
    )
    assert refused(admin.delete("identity", path)) == stays
    for change in ({"resource_name": "tulips"}, {"default_limit": 6}):
        assert refused(admin.patch("identity", path, json={"registered_limit": change})) == stays
    assert admin.delete("identity", f"/v3/limits/{own['id']}").status_code == 204
    assert admin.patch("identity", path, json={"registered_limit": {"resource_name": "tulips"}}).status_code == 200
    assert admin.delete("identity", path).status_code == 204


def test_everyone_sees_them_and_only_administrators_change_them(cloud: RunningCloud, admin: Client) -> None:
    made = register(admin, service_of(admin), "roses", 5)
    path, project = f"{PATH}/{made['id']}", make(admin, "project")
    places = (("reader", f"projects/{project['id']}"), ("manager", "domains/default"), ("reader", "system"))
    for client in (persona(cloud, admin, role, place) for role, place in places):
        assert client.get("identity", path).status_code == 200
        assert client.get("identity", PATH).status_code == 200
        assert client.patch("identity", path, json={"registered_limit": {"default_limit": 1}}).status_code == 403
        assert client.delete("identity", path).status_code == 403
        body = {"service_id": made["service_id"], "resource_name": "tulips", "default_limit": 1}
        assert client.post("identity", PATH, json={"registered_limits": [body]}).status_code == 403
    assert cloud.anonymous().get("identity", PATH).status_code == 401


def test_limits_outlive_their_service_and_region_until_somebody_deletes_them(admin: Client) -> None:
    service_id, region_id = service_of(admin), region_of(admin)
    made = register(admin, service_id, "roses", 5, region_id=region_id)
    of_project = wanted(service_id, "roses", 7, project_id=make(admin, "project")["id"], region_id=region_id)
    (own,) = limit(admin, of_project)
    for path in (f"/v3/services/{service_id}", f"/v3/regions/{region_id}"):
        assert admin.delete("identity", path).status_code == 204
    for path, kind, kept in (
        (f"/v3/limits/{own['id']}", "limit", own),
        (f"{PATH}/{made['id']}", "registered_limit", made),
    ):
        assert admin.get("identity", path).json()[kind] == kept
        assert admin.delete("identity", path).status_code == 204
