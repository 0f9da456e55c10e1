import pytest
from tests.services.block_storage.kinds import (
    BLOCKS,
    PRIVATE,
    YES,
    at,
    kind,
    names,
    newest,
    refusal,
    someone,
    volume,
)
from tests.support.cloud import Client, RunningCloud, running_cloud
from tests.support.members import project_of

MISSING = "11111111-2222-4333-8444-555555555555"


@pytest.fixture(scope="module")
def admin(cloud: RunningCloud) -> Client:
    return newest(cloud.login())


@pytest.fixture(scope="module")
def member(cloud: RunningCloud) -> Client:
    return someone(cloud, "garden")


def test_a_type_is_created_shown_changed_and_deleted(admin: Client) -> None:
    made = kind(admin, "fast", description="On flash", extra_specs={"volume_backend_name": "flash"})
    path = f"/v3/types/{made['id']}"
    assert made == {
        "id": made["id"],
        "name": "fast",
        "description": "On flash",
        "is_public": True,
        "os-volume-type-access:is_public": True,
        "extra_specs": {"volume_backend_name": "flash"},
    }
    assert admin.get(BLOCKS, path).json() == {"volume_type": {**made, "qos_specs_id": None}}
    changed = admin.put(BLOCKS, path, json={"volume_type": {"name": "faster", "is_public": "no"}}).json()
    assert changed["volume_type"] == {
        "id": made["id"],
        "name": "faster",
        "description": "On flash",
        "is_public": False,
        "extra_specs": {"volume_backend_name": "flash"},
    }
    assert admin.delete(BLOCKS, path).status_code == 202
    assert refusal(admin.get(BLOCKS, path)) == (404, f"Volume type {made['id']} could not be found.")
    assert admin.delete(BLOCKS, path).status_code == 404
    assert admin.put(BLOCKS, path, json={"volume_type": {"name": "slow"}}).status_code == 404


def test_names_stand_once(admin: Client) -> None:
    one, other = kind(admin, "once"), kind(admin, "twice")
    sentence = "Volume Type once already exists."
    assert refusal(admin.post(BLOCKS, "/v3/types", json={"volume_type": {"name": "once"}})) == (409, sentence)
    renamed = admin.put(BLOCKS, f"/v3/types/{other['id']}", json={"volume_type": {"name": "once"}})
    assert refusal(renamed) == (409, sentence)
    same = admin.put(BLOCKS, f"/v3/types/{one['id']}", json={"volume_type": {"name": "once"}})
    assert same.status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"name": ""},
        {"name": "   "},
        {"name": "n" * 256},
        {"name": "n", "description": "d" * 256},
        {"name": "n", "description": "bell \x07"},
        {"name": "n", "extra_specs": {"a?": "b"}},
        {"name": "n", "extra_specs": {"a": 1}},
        {"name": "n", "os-volume-type-access:is_public": "maybe"},
        {"name": "n", "colour": "blue"},
    ],
)
def test_a_body_that_does_not_fit_is_refused(admin: Client, wrong: dict[str, object]) -> None:
    assert admin.post(BLOCKS, "/v3/types", json={"volume_type": wrong}).status_code == 400


def test_a_change_has_to_say_something(admin: Client) -> None:
    path = f"/v3/types/{kind(admin, 'unchanged')['id']}"
    assert refusal(admin.put(BLOCKS, path, json={"volume_type": {"description": None}})) == (
        400,
        "Specify volume type name, description, is_public or a combination thereof.",
    )
    blank = admin.put(BLOCKS, path, json={"volume_type": {"name": "  "}})
    assert refusal(blank) == (400, "Volume type name can not be empty.")


def test_only_admins_change_types(admin: Client, member: Client) -> None:
    path = f"/v3/types/{kind(admin, 'settled')['id']}"
    assert member.post(BLOCKS, "/v3/types", json={"volume_type": {"name": "own"}}).status_code == 403
    assert member.put(BLOCKS, path, json={"volume_type": {"name": "own"}}).status_code == 403
    assert member.delete(BLOCKS, path).status_code == 403
    assert member.get(BLOCKS, path).status_code == 200


def test_who_is_no_admin_sees_few_specs(cloud: RunningCloud, admin: Client, member: Client) -> None:
    specs = {"volume_backend_name": "flash", "multiattach": YES, "RESKEY:availability_zones": "nova"}
    made = kind(admin, "open", extra_specs=specs)
    shown = member.get(BLOCKS, f"/v3/types/{made['id']}").json()["volume_type"]
    assert shown["extra_specs"] == {"multiattach": YES, "RESKEY:availability_zones": "nova"}
    assert "qos_specs_id" not in shown
    assert shown["os-volume-type-access:is_public"] is True
    seen = someone(cloud, "readers", "reader").get(BLOCKS, f"/v3/types/{made['id']}").json()["volume_type"]
    assert "os-volume-type-access:is_public" not in seen


def test_the_list_is_paged_sorted_and_bounded(cloud: RunningCloud, admin: Client, member: Client) -> None:
    hidden = kind(admin, "p-hidden", **PRIVATE)
    for number in (1, 2, 3):
        kind(admin, f"p{number}", description="paged")
    assert [name for name in names(admin, sort="name:asc") if name.startswith("p")] == ["p1", "p2", "p3"]
    assert "p-hidden" in names(admin, is_public="None")
    assert "p-hidden" in names(admin, is_public="false")
    assert "p1" not in names(admin, is_public="0")
    assert "p-hidden" not in names(member, is_public="none")
    assert names(admin, description="paged", sort_key="name", sort_dir="asc", offset="1") == ["p2", "p3"]
    assert names(admin, name="p2") == ["p2"]
    assert names(admin, colour="blue") == []
    query = {"description": "paged", "limit": "2", "sort": "name"}
    page = admin.get(BLOCKS, "/v3/types", params=query).json()
    assert [one["name"] for one in page["volume_types"]] == ["p3", "p2"]
    following = page["volume_type_links"][0]["href"].removeprefix(cloud.url(BLOCKS))
    last = admin.get(BLOCKS, following).json()
    assert [one["name"] for one in last["volume_types"]] == ["p1"]
    assert "volume_type_links" not in last
    assert refusal(admin.get(BLOCKS, "/v3/types", params={"is_public": "maybe"})) == (
        400,
        "Invalid is_public filter [maybe]",
    )
    marked = member.get(BLOCKS, "/v3/types", params={"marker": hidden["id"]})
    assert refusal(marked) == (404, f"Volume type {hidden['id']} could not be found.")
    for wrong in ({"limit": "-1"}, {"offset": "-1"}, {"sort_key": "colour"}):
        assert admin.get(BLOCKS, "/v3/types", params=wrong).status_code == 400, wrong


def test_types_are_found_by_their_specs(admin: Client, member: Client) -> None:
    specs = {"multiattach": YES, "vendor_name": "Acme", "RESKEY:availability_zones": "west, east"}
    kind(admin, "s1", extra_specs=specs)
    kind(admin, "s2", extra_specs={"vendor_name": "Acme%"})
    assert names(admin, extra_specs="{'vendor_name': 'Acme'}") == ["s1"]
    assert names(admin, extra_specs="{'vendor_name': 'Acme', 'multiattach': '<is> False'}") == []
    assert "s1" in names(member, extra_specs=f"{{'multiattach': '{YES}'}}")
    assert names(member, extra_specs="{'RESKEY:availability_zones': 'east'}") == ["s1"]
    assert names(member, extra_specs="{'vendor_name': 'Acme'}") == []
    assert "s2" in names(at(member, "3.51"), extra_specs="{'vendor_name': 'Acme'}")
    wrong = "Invalid filters extra_specs are found in query options."
    assert refusal(admin.get(BLOCKS, "/v3/types", params={"extra_specs": "[1"})) == (400, wrong)
    named = member.get(BLOCKS, "/v3/types", params={"name": "s1"})
    assert refusal(named) == (400, "Invalid filters name are found in query options.")


def test_what_is_in_use_or_a_default_stays(admin: Client, member: Client) -> None:
    used = kind(admin, "used")
    volume(member, volume_type="used")
    refused = admin.delete(BLOCKS, f"/v3/types/{used['id']}")
    assert refusal(refused) == (400, "Target volume type is still in use.")
    default = admin.get(BLOCKS, "/v3/types/default").json()["volume_type"]
    assert default["name"] == "__DEFAULT__"
    assert refusal(admin.delete(BLOCKS, f"/v3/types/{default['id']}")) == (
        400,
        f"The volume type {default['id']} is a default volume type and cannot be deleted.",
    )
    own = kind(admin, "own default")
    path = f"/v3/default-types/{project_of(member)}"
    assert admin.put(BLOCKS, path, json={"default_type": {"volume_type": "own default"}}).status_code == 200
    kept = admin.delete(BLOCKS, f"/v3/types/{own['id']}")
    assert refusal(kept)[1] == f"The volume type {own['id']} is a default volume type and cannot be deleted."
    assert admin.delete(BLOCKS, path).status_code == 204
    assert admin.delete(BLOCKS, f"/v3/types/{own['id']}").status_code == 202


def test_the_configured_default_has_to_be_there() -> None:
    with running_cloud(block_storage={"default_type": "gold"}) as cloud:
        admin = newest(cloud.login())
        missing = "The request cannot be fulfilled as the default volume type gold cannot be found."
        assert refusal(admin.get(BLOCKS, "/v3/types/default")) == (500, missing)
        gold = kind(admin, "gold")
        assert admin.get(BLOCKS, "/v3/types/default").json()["volume_type"]["name"] == "gold"
        assert volume(admin)["volume_type"] == "gold"
        assert refusal(admin.delete(BLOCKS, f"/v3/types/{gold['id']}"))[0] == 400
        (first,) = [one for one in admin.get(BLOCKS, "/v3/types").json()["volume_types"] if one["name"] != "gold"]
        assert refusal(admin.delete(BLOCKS, f"/v3/types/{first['id']}"))[0] == 400
