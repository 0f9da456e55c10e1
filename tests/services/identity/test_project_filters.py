"""Lists of projects and domains by parts of their names, by their tags, and whatever else they are asked for."""

from typing import Any

import pytest
from tests.services.identity.people import make, persona
from tests.support.cloud import Client, RunningCloud


@pytest.fixture(scope="module")
def garden(admin: Client) -> dict[str, Any]:
    """A domain with four projects of like names."""
    domain = make(admin, "domain")
    for name in ("Rose_100%", "rosemary", "primrose", "oak*"):
        make(admin, "project", name=name, domain_id=domain["id"], tags=[name[0], "plant"])
    return domain


def names(client: Client, domain: dict[str, Any], **filters: Any) -> list[str]:
    params = {"domain_id": domain["id"], **{name.replace("tags_any", "tags-any"): filters[name] for name in filters}}
    listed = client.get("identity", "/v3/projects", params=params)
    assert listed.status_code == 200, listed.text
    return [project["name"] for project in listed.json()["projects"]]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"name__contains": "rose"}, ["primrose", "rosemary"]),
        ({"name__icontains": "ROSE"}, ["Rose_100%", "primrose", "rosemary"]),
        ({"name__startswith": "rose"}, ["rosemary"]),
        ({"name__istartswith": "rose"}, ["Rose_100%", "rosemary"]),
        ({"name__endswith": "rose"}, ["primrose"]),
        ({"name__iendswith": "ROSE"}, ["primrose"]),
        ({"name__icontains": "e_1"}, ["Rose_100%"]),
        ({"name__icontains": "e%"}, []),
        ({"name__contains": "*"}, ["oak*"]),
        ({"name__contains": "r*e"}, []),
        ({"name__contains": ["rose", "mary"]}, ["rosemary"]),
        ({"name__like": "rose"}, ["Rose_100%", "oak*", "primrose", "rosemary"]),
        ({"name__icontains": "rose", "tags": "plant,R"}, ["Rose_100%"]),
        ({"name__icontains": "rose", "not-tags": "plant,R"}, ["primrose", "rosemary"]),
        ({"tags_any": "p,o", "not-tags-any": "o,R"}, ["primrose"]),
        ({"tags": ""}, []),
        ({"name": "rose_100%"}, []),
        ({"name": "Rose_100%"}, ["Rose_100%"]),
    ],
)
def test_projects_are_found_by_parts_of_names_and_by_tags(
    admin: Client, garden: dict[str, Any], filters: dict[str, Any], found: list[str]
) -> None:
    assert sorted(names(admin, garden, **filters)) == sorted(found)


def test_a_name_in_other_letters_is_another_name(admin: Client, garden: dict[str, Any]) -> None:
    assert make(admin, "project", name="Oak*", domain_id=garden["id"])["name"] == "Oak*"
    assert names(admin, garden, name="Oak*") == ["Oak*"]
    twice = {"project": {"name": " Oak* ", "domain_id": garden["id"]}}
    assert admin.post("identity", "/v3/projects", json=twice).status_code == 409


def test_pages_keep_to_the_filter(admin: Client, garden: dict[str, Any]) -> None:
    filters = {"domain_id": garden["id"], "name__icontains": "rose", "tags": "plant", "limit": 2}
    page = admin.get("identity", "/v3/projects", params=filters).json()
    following = admin.running.http.get(page["links"]["next"], headers={"X-Auth-Token": admin.token}).json()
    found = [project["name"] for project in page["projects"] + following["projects"]]
    assert (len(page["projects"]), sorted(found)) == (2, ["Rose_100%", "primrose", "rosemary"])


def test_a_reader_of_a_domain_finds_no_project_of_another(
    cloud: RunningCloud, admin: Client, garden: dict[str, Any]
) -> None:
    other = make(admin, "domain")
    reader = persona(cloud, admin, "reader", f"domains/{other['id']}")
    for filters in ({"name__contains": "rose"}, {"tags": "plant"}, {"domain_id__startswith": garden["id"][:4]}):
        assert reader.get("identity", "/v3/projects", params=filters).json()["projects"] == []
    found = reader.get("identity", "/v3/domains", params={"name__contains": "domain"}).json()["domains"]
    assert [one["id"] for one in found] == [other["id"]]


def test_domains_are_found_by_parts_of_names(admin: Client) -> None:
    domain = make(admin, "domain", name="Orchard North")
    for filters in ({"name__contains": "hard N"}, {"name__istartswith": "orchard n"}, {"name__iendswith": "D NORTH"}):
        found = admin.get("identity", "/v3/domains", params=filters).json()["domains"]
        assert [one["id"] for one in found] == [domain["id"]], filters
    assert admin.get("identity", "/v3/domains", params={"name__contains": "hard n"}).json()["domains"] == []
    acting = admin.get("identity", "/v3/projects", params={"is_domain": "true", "name__contains": "hard N"}).json()
    assert [one["id"] for one in acting["projects"]] == [domain["id"]]
