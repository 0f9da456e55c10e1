from typing import Any

import pytest
from tests.services.placement.making import BASE, allocate, at, claim, error, generation, new_class, new_id, provider
from tests.support.cloud import Client


def held(admin: Client, consumer: str, version: str = "1.39") -> dict[str, Any]:
    found: dict[str, Any] = at(admin, version).get("placement", f"/allocations/{consumer}").json()
    return found


def used(admin: Client, provider_id: str) -> dict[str, int]:
    found: dict[str, int] = at(admin).get("placement", f"{BASE}/{provider_id}/usages").json()["usages"]
    return found


def test_a_consumer_holds_just_what_it_was_given_last(admin: Client) -> None:
    name, consumer = new_class(admin), new_id()
    first, second = provider(admin, has={name: 10}), provider(admin, has={name: 10})
    assert allocate(admin, consumer, {first: {name: 4}, second: {name: 1}}).status_code == 204
    assert held(admin, consumer) == {
        "allocations": {
            first: {"resources": {name: 4}, "generation": 2},
            second: {"resources": {name: 1}, "generation": 2},
        },
        "project_id": "garden",
        "user_id": "gardener",
        "consumer_generation": 1,
        "consumer_type": "INSTANCE",
    }
    assert allocate(admin, consumer, {second: {name: 5}}, consumer_generation=1).status_code == 204
    assert (used(admin, first), used(admin, second)) == ({name: 0}, {name: 5})
    assert at(admin).get("placement", f"{BASE}/{second}/allocations").json() == {
        "allocations": {consumer: {"resources": {name: 5}, "consumer_generation": 2}},
        "resource_provider_generation": 3,
    }
    busy = at(admin).delete("placement", f"{BASE}/{second}")
    assert (busy.status_code, error(busy)["code"]) == (409, "placement.resource_provider.inuse")
    assert at(admin).delete("placement", f"/allocations/{consumer}").status_code == 204
    assert held(admin, consumer) == {"allocations": {}}
    gone = at(admin).delete("placement", f"/allocations/{consumer}")
    assert (gone.status_code, f"No allocations for consumer '{consumer}'" in error(gone)["detail"]) == (404, True)


@pytest.mark.parametrize(
    ("version", "left_out"),
    [
        ("1.12", ("consumer_generation", "consumer_type")),
        ("1.27", ("consumer_generation", "consumer_type")),
        ("1.28", ("consumer_type",)),
        ("1.37", ("consumer_type",)),
        ("1.38", ()),
    ],
)
def test_each_version_takes_and_shows_its_own_form(admin: Client, version: str, left_out: tuple[str, ...]) -> None:
    name, consumer = new_class(admin), new_id()
    provider_id = provider(admin, has={name: 10})
    path = f"/allocations/{consumer}"
    full = claim({provider_id: {name: 1}})
    body = {key: value for key, value in full.items() if key not in left_out}
    for wrong in [{**body, key: full[key]} for key in left_out] + [{k: v for k, v in body.items() if k != "user_id"}]:
        assert at(admin, version).put("placement", path, json=wrong).status_code == 400
    assert at(admin, version).put("placement", path, json=body).status_code == 204
    assert set(held(admin, consumer, version)) == set(body)


def test_the_oldest_versions_list_what_is_held(admin: Client) -> None:
    name, consumer = new_class(admin), new_id()
    provider_id = provider(admin, has={name: 10})
    listed = {"allocations": [{"resource_provider": {"uuid": provider_id}, "resources": {name: 3}}]}
    assert at(admin, "1.7").put("placement", f"/allocations/{consumer}", json=listed).status_code == 204
    assert held(admin, consumer, "1.11") == {
        "allocations": {provider_id: {"resources": {name: 3}, "generation": 2}},
    }
    assert held(admin, consumer)["project_id"] == "00000000-0000-0000-0000-000000000000"
    assert held(admin, consumer)["consumer_type"] == "unknown"
    owned = {**listed, "project_id": "p", "user_id": "u"}
    assert at(admin, "1.7").put("placement", f"/allocations/{consumer}", json=owned).status_code == 400
    assert at(admin, "1.8").put("placement", f"/allocations/{consumer}", json=owned).status_code == 204
    assert held(admin, consumer)["project_id"] == "p"


def test_a_consumers_generation_guards_it(admin: Client) -> None:
    name, consumer = new_class(admin), new_id()
    wanted = {provider(admin, has={name: 10}): {name: 1}}
    early = allocate(admin, consumer, wanted, consumer_generation=5)
    assert (early.status_code, error(early)["code"]) == (409, "placement.concurrent_update")
    assert "consumer generation conflict - expected null but got 5" in error(early)["detail"]
    assert allocate(admin, consumer, wanted).status_code == 204
    again = allocate(admin, consumer, wanted)
    assert "expected 1 but got None" in error(again)["detail"]
    assert allocate(admin, consumer, {}, consumer_generation=1).status_code == 204
    assert allocate(admin, consumer, wanted).status_code == 204


def test_what_does_not_fit_leaves_everything_as_it_was(admin: Client) -> None:
    name, other = new_class(admin), new_class(admin)
    figures = {"total": 10, "min_unit": 2, "max_unit": 8, "step_size": 2}
    provider_id, consumer = provider(admin, has={name: figures, other: 10}), new_id()
    before = generation(admin, provider_id)
    for amount, sentence in (
        (1, "would violate inventory constraints"),
        (5, "would violate inventory constraints"),
        (10, "would violate inventory constraints"),
    ):
        refused = allocate(admin, consumer, {provider_id: {other: 1, name: amount}})
        assert (refused.status_code, sentence in error(refused)["detail"]) == (409, True)
    assert allocate(admin, new_id(), {provider_id: {name: 8}}).status_code == 204
    full = allocate(admin, consumer, {provider_id: {other: 1, name: 4}})
    assert (full.status_code, "would exceed the capacity" in error(full)["detail"]) == (409, True)
    assert (used(admin, provider_id), generation(admin, provider_id)) == ({name: 8, other: 0}, before + 1)
    assert held(admin, consumer) == {"allocations": {}}
    none = allocate(admin, consumer, {provider_id: {"VCPU": 1}})
    assert f"Inventory for 'VCPU' on resource provider '{provider_id}' invalid." in error(none)["detail"]


def test_who_is_over_capacity_may_take_less_but_not_more(admin: Client) -> None:
    name, consumer = new_class(admin), new_id()
    provider_id = provider(admin, has={name: 10})
    assert allocate(admin, consumer, {provider_id: {name: 8}}).status_code == 204
    shrunk = {"inventories": {name: {"total": 4}}, "resource_provider_generation": generation(admin, provider_id)}
    assert at(admin).put("placement", f"{BASE}/{provider_id}/inventories", json=shrunk).status_code == 200
    assert allocate(admin, consumer, {provider_id: {name: 9}}, consumer_generation=1).status_code == 409
    assert allocate(admin, consumer, {provider_id: {name: 7}}, consumer_generation=1).status_code == 204


def test_several_consumers_change_together_or_not_at_all(admin: Client) -> None:
    name, server, migration = new_class(admin), new_id(), new_id()
    source, target = provider(admin, has={name: 4}), provider(admin, has={name: 4})
    assert allocate(admin, server, {source: {name: 3}}).status_code == 204
    swap = {
        server: claim({target: {name: 3}}, consumer_generation=1),
        migration: claim({source: {name: 3}}, consumer_type="MIGRATION"),
    }
    assert at(admin).post("placement", "/allocations", json=swap).status_code == 204
    assert (used(admin, source), used(admin, target)) == ({name: 3}, {name: 3})
    assert held(admin, migration)["consumer_type"] == "MIGRATION"
    too_much = {
        server: claim({}, consumer_generation=2),
        migration: claim({target: {name: 5}}, consumer_type="MIGRATION", consumer_generation=1),
    }
    assert at(admin).post("placement", "/allocations", json=too_much).status_code == 409
    assert (used(admin, source), used(admin, target)) == ({name: 3}, {name: 3})
    too_much[migration] = claim({target: {name: 4}}, consumer_type="MIGRATION", consumer_generation=1)
    assert at(admin).post("placement", "/allocations", json=too_much).status_code == 204
    assert held(admin, server) == {"allocations": {}}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"allocations": ...}, "'allocations' is a required property"),
        ({"allocations": {"here": {"resources": {"VCPU": 1}}}}, "'here' does not match any of the regexes"),
        ({"allocations": {"provider": {"resources": {}}}}, "{} should be non-empty"),
        ({"allocations": {"provider": {"resources": {"VCPU": 0}}}}, "0 is less than the minimum of 1"),
        ({"allocations": {"provider": {"resources": {"vcpu": 1}}}}, "'vcpu' does not match any of the regexes"),
        ({"project_id": ""}, "Failed validating 'minLength'"),
        ({"user_id": "x" * 256}, "Failed validating 'maxLength'"),
        ({"consumer_type": "instance"}, "'instance' does not match '^[A-Z0-9_]+$'"),
        ({"consumer_generation": "one"}, "'one' is not of type 'integer', 'null'"),
        ({"mappings": {}}, "{} should be non-empty"),
        ({"mappings": {"a": "beta"}}, "'beta' is not of type 'array'"),
        ({"color": "blue"}, "Additional properties are not allowed ('color' was unexpected)"),
        ({"allocations": {"provider": {"resources": {"CUSTOM_PONY": 1}}}}, "No such resource class CUSTOM_PONY."),
        ({"allocations": {"nobody": {"resources": {"VCPU": 1}}}}, "that does not exist."),
    ],
)
def test_a_body_that_makes_no_sense_says_why(admin: Client, change: dict[str, Any], sentence: str) -> None:
    ids = {"provider": provider(admin, has={"VCPU": 1}), "nobody": new_id()}
    if isinstance(change.get("allocations"), dict):
        change = {"allocations": {ids.get(key, key): value for key, value in change["allocations"].items()}}
    refused = allocate(admin, new_id(), {ids["provider"]: {"VCPU": 1}}, **change)
    assert refused.status_code == 400
    assert sentence in error(refused)["detail"]


def test_a_consumer_is_named_by_a_uuid(admin: Client) -> None:
    refused = allocate(admin, "somebody", {provider(admin, has={"VCPU": 1}): {"VCPU": 1}})
    assert (refused.status_code, "Malformed consumer_uuid: somebody" in error(refused)["detail"]) == (400, True)
