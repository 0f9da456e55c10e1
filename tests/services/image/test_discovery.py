import pytest
from tests.support.cloud import Client, RunningCloud, running_cloud


@pytest.mark.parametrize(("path", "status"), [("/", 300), ("/versions", 200)])
def test_versions_are_told_to_anybody(cloud: RunningCloud, path: str, status: int) -> None:
    answer = cloud.anonymous().get("image", path)
    assert answer.status_code == status
    versions = {version["id"]: version for version in answer.json()["versions"]}
    assert list(versions) == [f"v2.{number}" for number in (15, 13, 12, 11, 10, 9, 8, 17, 7, 6, 5, 4, 3, 2, 1, 0)]
    assert versions.pop("v2.17") == {
        "id": "v2.17",
        "status": "CURRENT",
        "links": [{"rel": "self", "href": f"http://127.0.0.1:{cloud.url('image').rpartition(':')[2]}/v2/"}],
    }
    assert {version["status"] for version in versions.values()} == {"SUPPORTED"}


def test_a_cache_brings_versions_of_its_own() -> None:
    with running_cloud(image={"cache": {"enabled": True}}) as caching:
        versions = caching.anonymous().get("image", "/versions").json()["versions"]
    numbers = [version["id"] for version in versions]
    assert numbers == [f"v2.{number}" for number in reversed(range(19))]
    assert [version["id"] for version in versions if version["status"] == "CURRENT"] == ["v2.18"]


def test_the_import_methods_and_stores_that_are_built(admin: Client) -> None:
    assert admin.get("image", "/v2/info/import").json()["import-methods"]["value"] == [
        "glance-direct",
        "web-download",
        "copy-image",
    ]
    assert admin.get("image", "/v2/info/stores").json() == {"stores": [{"id": "file", "default": "true"}]}


def test_schemas_describe_images_and_members(admin: Client) -> None:
    image = admin.get("image", "/v2/schemas/image").json()
    assert image["name"] == "image"
    assert image["additionalProperties"] == {"type": "string"}
    assert "qcow2" in image["properties"]["disk_format"]["enum"]
    assert image["properties"]["status"]["readOnly"] is True
    assert image["properties"]["os_distro"]["is_base"] is False
    assert image["properties"]["locations"]["items"]["required"] == ["url", "metadata"]
    assert admin.get("image", "/v2/schemas/images").json()["properties"]["images"]["items"] == image
    member = admin.get("image", "/v2/schemas/member").json()
    assert admin.get("image", "/v2/schemas/members").json()["properties"]["members"]["items"] == member


def test_without_a_token_nothing_else_is_told(cloud: RunningCloud) -> None:
    for path in ("/v2/images", "/v2/schemas/image", "/v2/info/stores"):
        assert cloud.anonymous().get("image", path).status_code == 401


def test_a_slash_at_the_end_names_nothing(admin: Client) -> None:
    statuses = [admin.request(method, "image", "/v2/images/").status_code for method in ("GET", "DELETE", "PATCH")]
    assert statuses == [404, 404, 404]


def test_tokens_are_for_projects(cloud: RunningCloud) -> None:
    whole = cloud.login({"system": {"all": True}})
    assert whole.get("image", "/v2/images").status_code == 403
    assert whole.post("image", "/v2/images", json={"name": "nobody's"}).status_code == 403
