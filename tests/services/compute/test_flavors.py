from collections.abc import Iterator

import pytest
from tests.support.cloud import Client, RunningCloud

NANO = {"name": "nano", "id": "n1", "ram": 128, "vcpus": 1, "disk": 1}


def at(client: Client, version: str) -> Client:
    return client.with_headers(X_OpenStack_Nova_API_Version=version)


@pytest.fixture
def flavors(admin: Client) -> Iterator[Client]:
    """An admin whose flavors are gone after the test."""
    yield admin
    listed = admin.get("compute", "/v2.1/flavors", params={"is_public": "none"}).json()["flavors"]
    for flavor in listed:
        admin.delete("compute", f"/v2.1/flavors/{flavor['id']}")


def make(client: Client, **values: object) -> dict[str, object]:
    answer = client.post("compute", "/v2.1/flavors", json={"flavor": {**NANO, **values}})
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()["flavor"]
    return found


def ids(client: Client, **query: str) -> list[str]:
    answer = client.get("compute", "/v2.1/flavors", params=query)
    assert answer.status_code == 200, answer.text
    return [flavor["id"] for flavor in answer.json()["flavors"]]


def test_a_flavor_is_created_shown_and_deleted(cloud: RunningCloud, flavors: Client) -> None:
    base = cloud.url("compute")
    created = make(flavors)
    assert created == {
        "id": "n1",
        "name": "nano",
        "ram": 128,
        "disk": 1,
        "swap": "",
        "vcpus": 1,
        "OS-FLV-EXT-DATA:ephemeral": 0,
        "OS-FLV-DISABLED:disabled": False,
        "os-flavor-access:is_public": True,
        "rxtx_factor": 1.0,
        "links": [
            {"rel": "self", "href": f"{base}/v2.1/flavors/n1"},
            {"rel": "bookmark", "href": f"{base}/flavors/n1"},
        ],
    }
    assert flavors.get("compute", "/v2.1/flavors/n1").json()["flavor"] == created
    assert flavors.delete("compute", "/v2.1/flavors/n1").status_code == 202
    gone = flavors.get("compute", "/v2.1/flavors/n1")
    assert gone.status_code == 404
    assert gone.json() == {"itemNotFound": {"code": 404, "message": "Flavor n1 could not be found."}}


def test_the_shape_follows_the_microversion(flavors: Client) -> None:
    make(flavors)
    shapes = {
        version: at(flavors, version).get("compute", "/v2.1/flavors/n1").json()["flavor"]
        for version in ("2.1", "2.55", "2.61", "2.75")
    }
    assert "description" not in shapes["2.1"]
    assert shapes["2.55"]["description"] is None
    assert "extra_specs" not in shapes["2.55"]
    assert shapes["2.61"]["extra_specs"] == {}
    assert shapes["2.61"]["swap"] == ""
    assert shapes["2.75"]["swap"] == 0
    (detailed,) = at(flavors, "2.74").get("compute", "/v2.1/flavors/detail").json()["flavors"]
    assert detailed == shapes["2.61"]
    (brief,) = at(flavors, "2.55").get("compute", "/v2.1/flavors").json()["flavors"]
    assert sorted(brief) == ["description", "id", "links", "name"]


def test_a_description_can_be_given_and_changed_from_2_55(flavors: Client) -> None:
    body = {"flavor": {**NANO, "description": "Small"}}
    refused = at(flavors, "2.54").post("compute", "/v2.1/flavors", json=body)
    assert refused.status_code == 400
    newer = at(flavors, "2.55")
    assert newer.post("compute", "/v2.1/flavors", json=body).json()["flavor"]["description"] == "Small"
    change = {"flavor": {"description": None}}
    assert newer.put("compute", "/v2.1/flavors/n1", json=change).json()["flavor"]["description"] is None
    assert flavors.put("compute", "/v2.1/flavors/n1", json=change).status_code == 404


def test_numbers_may_come_as_text_and_an_id_is_made_where_none_is_given(flavors: Client) -> None:
    made = make(flavors, id=None, ram="256", vcpus="2", **{"os-flavor-access:is_public": "false"})
    assert (made["ram"], made["vcpus"], made["os-flavor-access:is_public"]) == (256, 2, False)
    assert len(str(made["id"])) == 36
    assert make(flavors, id=7, name="seven")["id"] == "7"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": " nano"},
        {"ram": 0},
        {"ram": 2**31},
        {"vcpus": "two"},
        {"disk": -1},
        {"id": "no/slash"},
        {"rxtx_factor": 0},
        {"colour": "blue"},
    ],
)
def test_a_body_that_does_not_fit_is_refused(flavors: Client, wrong: dict[str, object]) -> None:
    answer = flavors.post("compute", "/v2.1/flavors", json={"flavor": {**NANO, **wrong}})
    assert answer.status_code == 400
    assert answer.json()["badRequest"]["code"] == 400


def test_ids_and_names_stand_once(flavors: Client) -> None:
    make(flavors)
    same_id = flavors.post("compute", "/v2.1/flavors", json={"flavor": {**NANO, "name": "other"}})
    assert same_id.status_code == 409
    assert same_id.json()["conflictingRequest"]["message"] == "Flavor with ID n1 already exists."
    same_name = flavors.post("compute", "/v2.1/flavors", json={"flavor": {**NANO, "id": "n2"}})
    assert same_name.status_code == 409
    assert same_name.json()["conflictingRequest"]["message"] == "Flavor with name nano already exists."


def test_the_list_is_filtered_sorted_and_paged(cloud: RunningCloud, flavors: Client) -> None:
    for number, ram in ((1, 512), (2, 128), (3, 256)):
        make(flavors, id=str(number), name=f"f{number}", ram=ram, disk=number)
    make(flavors, id="4", name="f4", **{"os-flavor-access:is_public": False})
    assert ids(flavors) == ["1", "2", "3"]
    assert ids(flavors, is_public="false") == ["4"]
    assert ids(flavors, is_public="None") == ["1", "2", "3", "4"]
    assert ids(flavors, minRam="256") == ["1", "3"]
    assert ids(flavors, minDisk="3") == ["3"]
    assert ids(flavors, sort_key="memory_mb") == ["2", "3", "1"]
    assert ids(flavors, sort_key="memory_mb", sort_dir="desc") == ["1", "3", "2"]
    page = flavors.get("compute", "/v2.1/flavors", params={"limit": "2"}).json()
    assert [flavor["id"] for flavor in page["flavors"]] == ["1", "2"]
    following = page["flavors_links"][0]["href"].removeprefix(cloud.url("compute"))
    assert [flavor["id"] for flavor in flavors.get("compute", following).json()["flavors"]] == ["3"]
    for query in ({"sort_key": "weight"}, {"minRam": "much"}, {"is_public": "maybe"}, {"marker": "9"}, {"limit": "-1"}):
        assert flavors.get("compute", "/v2.1/flavors", params=query).status_code == 400, query


def test_a_private_flavor_is_seen_by_the_projects_that_have_access(
    cloud: RunningCloud, flavors: Client, member: Client
) -> None:
    make(flavors, **{"os-flavor-access:is_public": False})
    assert ids(member) == []
    assert member.get("compute", "/v2.1/flavors/n1").status_code == 404
    project_id = member.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": member.token}).json()["token"][
        "project"
    ]["id"]
    grant = {"addTenantAccess": {"tenant": project_id}}
    granted = flavors.post("compute", "/v2.1/flavors/n1/action", json=grant)
    assert granted.status_code == 200
    assert granted.json() == {"flavor_access": [{"flavor_id": "n1", "tenant_id": project_id}]}
    assert flavors.post("compute", "/v2.1/flavors/n1/action", json=grant).status_code == 409
    assert flavors.get("compute", "/v2.1/flavors/n1/os-flavor-access").json() == granted.json()
    assert ids(member) == ["n1"]
    assert ids(member, is_public="none") == ["n1"]
    assert member.get("compute", "/v2.1/flavors/n1").status_code == 200
    taken = flavors.post("compute", "/v2.1/flavors/n1/action", json={"removeTenantAccess": {"tenant": project_id}})
    assert taken.json() == {"flavor_access": []}
    assert ids(member) == []


def test_a_public_flavor_has_no_access_list(flavors: Client) -> None:
    make(flavors)
    assert flavors.get("compute", "/v2.1/flavors/n1/os-flavor-access").status_code == 404
    grant = {"addTenantAccess": {"tenant": "someone"}}
    assert at(flavors, "2.7").post("compute", "/v2.1/flavors/n1/action", json=grant).status_code == 409
    unknown = flavors.post("compute", "/v2.1/flavors/n1/action", json={"paint": {}})
    assert unknown.status_code == 400


def test_a_member_can_not_create_a_flavor(member: Client) -> None:
    answer = member.post("compute", "/v2.1/flavors", json={"flavor": NANO})
    assert answer.status_code == 403
    assert answer.json() == {
        "forbidden": {
            "code": 403,
            "message": "Policy doesn't allow os_compute_api:os-flavor-manage:create to be performed.",
        }
    }


def test_extra_specs_are_set_shown_and_deleted(flavors: Client) -> None:
    make(flavors)
    path = "/v2.1/flavors/n1/os-extra_specs"
    made = flavors.post("compute", path, json={"extra_specs": {"hw:cpu_cores": 2, "colour": "blue"}})
    assert (made.status_code, made.json()) == (200, {"extra_specs": {"hw:cpu_cores": 2, "colour": "blue"}})
    assert flavors.get("compute", path).json() == {"extra_specs": {"hw:cpu_cores": "2", "colour": "blue"}}
    changed = flavors.put("compute", f"{path}/colour", json={"colour": "red"})
    assert (changed.status_code, changed.json()) == (200, {"colour": "red"})
    assert flavors.get("compute", f"{path}/colour").json() == {"colour": "red"}
    assert flavors.put("compute", f"{path}/colour", json={"size": "big"}).status_code == 400
    assert flavors.delete("compute", f"{path}/colour").status_code == 200
    missing = flavors.get("compute", f"{path}/colour")
    assert missing.json()["itemNotFound"]["message"] == "Flavor n1 has no extra specs with key colour."
    shown = at(flavors, "2.61").get("compute", "/v2.1/flavors/n1").json()["flavor"]
    assert shown["extra_specs"] == {"hw:cpu_cores": "2"}


@pytest.mark.parametrize(
    ("key", "value", "fits"),
    [
        ("hw:cpu_policy", "dedicated", True),
        ("hw:cpu_policy", "sometimes", False),
        ("hw:numa_nodes", "1", True),
        ("hw:numa_nodes", "0", False),
        ("hw:numa_nodes", "many", False),
        ("hw:boot_menu", "yes", True),
        ("hw:boot_menu", "yah", False),
        ("hw:mem_page_size", "2kbits", False),
        ("hw:foo", "bar", False),
        ("resources1:VCPU", "2", True),
        ("trait:HW_CPU_X86_AVX2", "required", True),
        ("trait:HW_CPU_X86_AVX2", "welcome", False),
        ("own:foo", "bar", True),
    ],
)
def test_extra_specs_are_checked_from_2_86(flavors: Client, key: str, value: str, fits: bool) -> None:
    make(flavors)
    body = {"extra_specs": {key: value}}
    checked = at(flavors, "2.86").post("compute", "/v2.1/flavors/n1/os-extra_specs", json=body)
    assert checked.status_code == (200 if fits else 400)
    if not fits:
        assert checked.json()["badRequest"]["message"].startswith("Validation failed; ")
    assert flavors.post("compute", "/v2.1/flavors/n1/os-extra_specs", json=body).status_code == 200


def test_a_minimum_that_is_no_number_is_the_callers_mistake(flavors: Client) -> None:
    for text in ("--5", "5-", "-", "five", "٣"):
        assert flavors.get("compute", "/v2.1/flavors", params={"minRam": text}).status_code == 400, text
