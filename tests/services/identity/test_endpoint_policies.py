"""Policies, and the endpoints that follow them. Source: Identity API v3, policies and OS-ENDPOINT-POLICY."""

from typing import Any

import pytest
from tests.services.identity.entries import endpoint_of, records, region_in
from tests.services.identity.people import make, persona
from tests.support.cloud import Client, RunningCloud

NOWHERE = "0123456789abcdef0123456789abcdef"
POLICIES = "/v3/policies"


def made_policy(admin: Client, **fields: Any) -> dict[str, Any]:
    body = {"blob": '{"get_all": "role:reader"}', "type": "application/json", **fields}
    answer = admin.post("identity", POLICIES, json={"policy": body})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["policy"]
    return found


def at(policy: dict[str, Any], place: str) -> str:
    """Where a policy's association with a place stands: `endpoints/ID`, `services/ID` or `services/ID/regions/ID`."""
    return f"{POLICIES}/{policy['id']}/OS-ENDPOINT-POLICY/{place}"


def policy_of(client: Client, endpoint: dict[str, Any]) -> str | None:
    answer = client.get("identity", f"/v3/endpoints/{endpoint['id']}/OS-ENDPOINT-POLICY/policy")
    head = client.request("HEAD", "identity", f"/v3/endpoints/{endpoint['id']}/OS-ENDPOINT-POLICY/policy")
    assert head.status_code == answer.status_code
    return str(answer.json()["policy"]["id"]) if answer.status_code == 200 else None


def following(client: Client, policy: dict[str, Any]) -> set[str]:
    answer = client.get("identity", at(policy, "endpoints"))
    assert answer.status_code == 200, answer.text
    return {endpoint["id"] for endpoint in answer.json()["endpoints"]}


def test_a_policy_is_made_shown_changed_and_deleted(cloud: RunningCloud, admin: Client) -> None:
    policy = made_policy(admin, blob="é" * 40_000, type="text/rules", room=3)
    path = f"{POLICIES}/{policy['id']}"
    assert policy == {
        "id": policy["id"],
        "blob": "é" * 40_000,
        "type": "text/rules",
        "room": 3,
        "links": {"self": f"{cloud.url('identity')}{path}"},
    }
    assert admin.get("identity", path).json()["policy"] == policy
    changed = admin.patch("identity", path, json={"policy": {"blob": "{}", "floor": 4}}).json()["policy"]
    assert changed == {**policy, "blob": "{}", "floor": 4}
    assert admin.get("identity", POLICIES, params={"type": "text/rules"}).json()["policies"] == [changed]
    assert admin.get("identity", POLICIES, params={"type": "text/none"}).json()["policies"] == []
    assert admin.delete("identity", path).status_code == 204
    for method in ("GET", "HEAD", "DELETE"):
        assert admin.request(method, "identity", path).status_code == 404
    assert records(cloud, policy["id"]) == ["policy created", "policy updated", "policy deleted"]


@pytest.mark.parametrize(
    "body", [{}, {"blob": "{}"}, {"type": "x"}, {"blob": {}, "type": "x"}, {"blob": "{}", "type": "a" * 256}]
)
def test_a_policy_that_makes_no_sense_is_refused(admin: Client, body: dict[str, Any]) -> None:
    assert admin.post("identity", POLICIES, json={"policy": body}).status_code == 400


def test_an_update_of_nothing_or_of_the_id_is_refused(admin: Client) -> None:
    path = f"{POLICIES}/{made_policy(admin)['id']}"
    for body in ({}, {"id": NOWHERE}, {"blob": None}, {"type": 7}):
        assert admin.patch("identity", path, json={"policy": body}).status_code == 400, body


@pytest.mark.parametrize("place", ["endpoints/{endpoint}", "services/{service}", "services/{service}/regions/{region}"])
def test_a_policy_is_associated_and_another_takes_its_place(cloud: RunningCloud, admin: Client, place: str) -> None:
    region_id, service = region_in(admin), make(admin, "service", type="ruled")
    endpoint = endpoint_of(admin, service, region_id=region_id)
    place = place.format(endpoint=endpoint["id"], service=service["id"], region=region_id)
    policy, other = made_policy(admin), made_policy(admin)
    for method in ("GET", "HEAD"):
        assert admin.request(method, "identity", at(policy, place)).status_code == 404
    for _ in range(2):
        assert admin.put("identity", at(policy, place)).status_code == 204
    for method in ("GET", "HEAD"):
        assert admin.request(method, "identity", at(policy, place)).status_code == 204
    assert following(admin, policy) == {endpoint["id"]}
    assert policy_of(admin, endpoint) == policy["id"]
    assert admin.put("identity", at(other, place)).status_code == 204
    assert admin.get("identity", at(policy, place)).status_code == 404
    assert (following(admin, policy), following(admin, other)) == (set(), {endpoint["id"]})
    for _ in range(2):
        assert admin.delete("identity", at(policy, place)).status_code == 204
    assert policy_of(admin, endpoint) == other["id"]
    assert admin.delete("identity", at(other, place)).status_code == 204
    assert policy_of(admin, endpoint) is None
    assert records(cloud, other["id"]) == ["policy created", "policy added", "policy removed"]


def test_the_nearest_policy_holds(admin: Client) -> None:
    outer = region_in(admin)
    middle = region_in(admin, outer)
    inner = region_in(admin, middle)
    service, stranger = make(admin, "service", type="layered"), make(admin, "service", type="layered")
    endpoint, homeless = endpoint_of(admin, service, region_id=inner), endpoint_of(admin, service)
    foreign = endpoint_of(admin, stranger, region_id=inner)
    expected: str | None = None
    for place in (
        f"services/{service['id']}",
        f"services/{service['id']}/regions/{outer}",
        f"services/{service['id']}/regions/{middle}",
        f"services/{service['id']}/regions/{inner}",
        f"endpoints/{endpoint['id']}",
    ):
        assert policy_of(admin, endpoint) == expected
        policy = made_policy(admin)
        assert admin.put("identity", at(policy, place)).status_code == 204
        expected = policy["id"]
        of_service = {endpoint["id"], homeless["id"]}
        wanted = of_service if place.count("/") == 1 and place.startswith("services") else {endpoint["id"]}
        assert following(admin, policy) == wanted, place
    assert policy_of(admin, endpoint) == expected
    assert policy_of(admin, foreign) is None
    refused = admin.get("identity", f"/v3/endpoints/{foreign['id']}/OS-ENDPOINT-POLICY/policy")
    said = f"No policy is associated with endpoint {foreign['id']}."
    assert (refused.status_code, refused.json()["error"]["message"]) == (404, said)


def test_an_endpoint_that_follows_in_two_ways_is_listed_once(admin: Client) -> None:
    service = make(admin, "service", type="twice")
    endpoint, policy = endpoint_of(admin, service), made_policy(admin)
    for place in (f"endpoints/{endpoint['id']}", f"services/{service['id']}"):
        assert admin.put("identity", at(policy, place)).status_code == 204
    found = admin.get("identity", at(policy, "endpoints")).json()["endpoints"]
    assert [one["id"] for one in found] == [endpoint["id"]]


def test_what_is_deleted_has_no_policy(admin: Client) -> None:
    region_id, service = region_in(admin), make(admin, "service", type="fleeting")
    endpoint, kept = endpoint_of(admin, service), endpoint_of(admin, make(admin, "service", type="lasting"))
    policy = made_policy(admin)
    for place, gone in (
        (f"endpoints/{endpoint['id']}", f"endpoints/{endpoint['id']}"),
        (f"services/{service['id']}/regions/{region_id}", f"regions/{region_id}"),
        (f"services/{service['id']}", f"services/{service['id']}"),
    ):
        assert admin.put("identity", at(policy, place)).status_code == 204
        assert admin.delete("identity", f"/v3/{gone}").status_code == 204
        assert admin.get("identity", at(policy, place)).status_code == 404
        assert following(admin, policy) == set()
    assert admin.put("identity", at(policy, f"endpoints/{kept['id']}")).status_code == 204
    assert admin.delete("identity", f"{POLICIES}/{policy['id']}").status_code == 204
    assert policy_of(admin, kept) is None


def test_what_is_not_there_is_not_associated(admin: Client) -> None:
    service = make(admin, "service", type="unruled")
    endpoint, policy = endpoint_of(admin, service), made_policy(admin)
    lost = {"id": NOWHERE}
    for path in (
        at(lost, f"endpoints/{endpoint['id']}"),
        at(lost, f"services/{service['id']}"),
        at(lost, f"services/{service['id']}/regions/RegionOne"),
        at(policy, f"endpoints/{NOWHERE}"),
        at(policy, f"services/{NOWHERE}"),
        at(policy, f"services/{NOWHERE}/regions/RegionOne"),
        at(policy, f"services/{service['id']}/regions/nowhere"),
    ):
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            assert admin.request(method, "identity", path).status_code == 404, (method, path)
    assert admin.get("identity", at(lost, "endpoints")).status_code == 404
    assert admin.get("identity", f"/v3/endpoints/{NOWHERE}/OS-ENDPOINT-POLICY/policy").status_code == 404


def test_readers_of_the_system_see_policies_and_only_administrators_change_them(
    cloud: RunningCloud, admin: Client
) -> None:
    service, policy = make(admin, "service", type="watched"), made_policy(admin)
    endpoint = endpoint_of(admin, service, region_id="RegionOne")
    places = (
        f"endpoints/{endpoint['id']}",
        f"services/{service['id']}",
        f"services/{service['id']}/regions/RegionOne",
    )
    for place in places:
        admin.put("identity", at(policy, place))
    own = f"{POLICIES}/{policy['id']}"
    shown = f"/v3/endpoints/{endpoint['id']}/OS-ENDPOINT-POLICY/policy"
    reads = (POLICIES, own, shown, at(policy, "endpoints"), *(at(policy, place) for place in places))
    people = {
        persona(cloud, admin, "reader", "system"): (200, 204),
        persona(cloud, admin, "manager", f"projects/{make(admin, 'project')['id']}"): (403,),
        persona(cloud, admin, "admin", "domains/default"): (403,),
    }
    body = {"policy": {"blob": "{}", "type": "x"}}
    for person, statuses in people.items():
        for path in reads:
            assert person.get("identity", path).status_code in statuses, path
        assert person.post("identity", POLICIES, json=body).status_code == 403
        assert person.patch("identity", own, json=body).status_code == 403
        for path in (own, *(at(policy, place) for place in places)):
            assert person.delete("identity", path).status_code == 403, path
        for place in places:
            assert person.put("identity", at(policy, place)).status_code == 403, place
