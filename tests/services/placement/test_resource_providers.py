import pytest
from tests.services.placement.making import BASE, at, error, new_class, new_id, new_trait, provider
from tests.support.cloud import Client


def test_a_provider_is_created_shown_renamed_and_deleted(admin: Client) -> None:
    wanted, name = new_id(), new_id()
    made = at(admin).post("placement", BASE, json={"name": name, "uuid": wanted.replace("-", "")})
    path = f"{BASE}/{wanted}"
    assert (made.status_code, made.headers["Location"][-len(path) :]) == (200, path)
    assert made.json() | {"links": []} == {
        "uuid": wanted,
        "name": name,
        "generation": 0,
        "parent_provider_uuid": None,
        "root_provider_uuid": wanted,
        "links": [],
    }
    assert at(admin).get("placement", path).json() == made.json()
    renamed = at(admin).put("placement", path, json={"name": name + "!"})
    assert (renamed.status_code, renamed.json()["name"]) == (200, name + "!")
    assert at(admin).delete("placement", path).status_code == 204
    gone = at(admin).get("placement", path)
    assert gone.status_code == 404
    assert f"No resource provider with uuid {wanted} found" in error(gone)["detail"]


def test_older_versions_answer_in_older_forms(admin: Client) -> None:
    made = at(admin, "1.0").post("placement", BASE, json={"name": new_id()})
    assert (made.status_code, made.content) == (201, b"")
    assert "content-type" not in made.headers
    path = made.headers["Location"][made.headers["Location"].index(BASE) :]
    oldest = at(admin, "1.0").get("placement", path).json()
    assert set(oldest) == {"uuid", "name", "generation", "links"}
    assert [link["rel"] for link in oldest["links"]] == ["self", "inventories", "usages"]
    assert [link["rel"] for link in at(admin, "1.11").get("placement", path).json()["links"]] == [
        "self",
        "inventories",
        "usages",
        "aggregates",
        "traits",
        "allocations",
    ]
    refused = at(admin, "1.13").post("placement", BASE, json={"name": new_id(), "parent_provider_uuid": None})
    assert refused.status_code == 400
    assert "Additional properties are not allowed ('parent_provider_uuid' was unexpected)" in error(refused)["detail"]


def test_links_carry_the_prefix_that_the_client_sees(admin: Client) -> None:
    provider_id = provider(admin)
    assert at(admin).get("placement", f"{BASE}/{provider_id}").json()["links"][0] == {
        "rel": "self",
        "href": f"{BASE}/{provider_id}",
    }


def test_names_and_ids_stand_once(admin: Client) -> None:
    body = {"name": new_id(), "uuid": new_id()}
    assert at(admin).post("placement", BASE, json=body).status_code == 200
    for taken, sentence in (
        ({"name": body["name"]}, f"Conflicting resource provider name: {body['name']} already exists."),
        ({**body, "name": new_id()}, f"Conflicting resource provider uuid: {body['uuid']} already exists."),
    ):
        refused = at(admin).post("placement", BASE, json=taken)
        assert refused.status_code == 409
        assert error(refused)["code"] == "placement.duplicate_name"
        assert sentence in error(refused)["detail"]


def test_a_tree_moves_with_its_root_and_never_into_itself(admin: Client) -> None:
    old, new = provider(admin), provider(admin)
    child = provider(admin, parent=old)
    grandchild = provider(admin, parent=child)

    def hang(provider_id: str, parent: str | None, version: str = "1.37") -> int:
        body = {"name": new_id(), "parent_provider_uuid": parent}
        return at(admin, version).put("placement", f"{BASE}/{provider_id}", json=body).status_code

    assert hang(child, new, "1.36") == 400
    assert hang(child, None, "1.36") == 400
    assert hang(child, new) == 200
    assert at(admin).get("placement", f"{BASE}/{grandchild}").json()["root_provider_uuid"] == new
    assert hang(child, grandchild) == 400
    assert hang(child, None) == 200
    assert at(admin).get("placement", f"{BASE}/{grandchild}").json()["root_provider_uuid"] == child
    kept = at(admin).delete("placement", f"{BASE}/{child}")
    assert (kept.status_code, error(kept)["code"]) == (409, "placement.resource_provider.cannot_delete_parent")


def test_a_list_is_narrowed_down_by_everything_that_is_asked(admin: Client) -> None:
    name, kind, other, group = new_class(admin), new_trait(admin), new_trait(admin), new_id()
    big = provider(admin, has={name: 10}, traits=(kind,), aggregates=(group,))
    small = provider(admin, has={name: 2}, traits=(kind, other), parent=big)

    def listed(query: str) -> set[str]:
        answer = at(admin).get("placement", f"{BASE}?{query}")
        assert answer.status_code == 200, answer.text
        return {one["uuid"] for one in answer.json()["resource_providers"]}

    assert listed(f"in_tree={small}") == {big, small}
    assert listed(f"resources={name}:1") == {big, small}
    assert listed(f"resources={name}:3") == {big}
    assert listed(f"required={kind}") == {big, small}
    assert listed(f"required={kind},!{other}") == {big}
    assert listed(f"required=in:{kind},{other}&required={other}") == {small}
    assert listed(f"member_of={group}") == {big}
    assert listed(f"required={kind}&member_of=!in:{group},{new_id()}") == {small}
    assert listed(f"uuid={small}&resources={name}:3") == set()
    assert listed(f"in_tree={new_id()}") == set()


@pytest.mark.parametrize(
    ("version", "query", "sentence"),
    [
        ("1.0", "member_of=x", "Additional properties are not allowed ('member_of' was unexpected)"),
        ("1.17", "required=X", "Additional properties are not allowed ('required' was unexpected)"),
        ("1.39", "resources=", "Got: empty string."),
        ("1.39", "resources=VCPU", "Got: VCPU."),
        ("1.39", "resources=VCPU:fred", "expected positive integer amount. Got: fred."),
        ("1.39", "resources=VCPU:0", "requires amount >= 1. Got: 0."),
        ("1.39", "resources=CUSTOM_NOTHING:1", "No such resource class CUSTOM_NOTHING."),
        ("1.39", "required=BOGUS_TRAIT", "No such trait(s): BOGUS_TRAIT."),
        ("1.39", "required=", "Got an empty trait in: "),
        ("1.21", "required=!HW_CPU_X86_VMX", "Got: !HW_CPU_X86_VMX"),
        ("1.38", "required=in:HW_CPU_X86_VMX", "only supported since microversion 1.39"),
        ("1.39", "member_of=here", "Expected 'member_of' parameter to contain valid UUID(s). Got: here"),
        ("1.39", "uuid=here", "'here' is not a 'uuid'"),
        ("1.39", "name=%ff", "Malformed query string."),
    ],
)
def test_a_query_that_makes_no_sense_says_why(admin: Client, version: str, query: str, sentence: str) -> None:
    refused = at(admin, version).get("placement", f"{BASE}?{query}")
    assert refused.status_code == 400
    assert sentence in error(refused)["detail"]
