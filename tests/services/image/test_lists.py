from collections.abc import Iterator

import pytest
from tests.services.image.shelf import QCOW2, create, names, uploaded
from tests.support.cloud import Client, RunningCloud, running_cloud


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    """A cloud whose images are just these."""
    with running_cloud() as running:
        admin = running.login()
        create(admin, name="anise", tags=["herb"], colour="green", min_ram=64)
        uploaded(admin, b"12345", name="basil", tags=["herb", "fresh"], colour="green", shape="leaf", protected=True)
        uploaded(admin, b"1234567890", name="clove", colour="brown", visibility="public")
        create(admin, name="dill, wild", os_hidden=True, **QCOW2)
        create(admin, name="elder", visibility="private", **QCOW2)
        yield running


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["elder", "clove", "basil", "anise"]),
        ("name=basil", ["basil"]),
        ("name=eq:basil", ["basil"]),
        ("name=2020-01-01T00:00:00Z", []),
        ("name=in:basil,elder", ["elder", "basil"]),
        ('name=in:"dill, wild",basil&os_hidden=true', ["dill, wild"]),
        ("status=active", ["clove", "basil"]),
        ("status=in:active,queued", ["elder", "clove", "basil", "anise"]),
        ("visibility=public", ["clove"]),
        ("visibility=private", ["elder"]),
        ("visibility=all", ["elder", "clove", "basil", "anise"]),
        ("disk_format=qcow2", ["elder"]),
        ("container_format=in:bare", ["elder", "clove", "basil", "anise"]),
        ("os_hidden=true", ["dill, wild"]),
        ("protected=true", ["basil"]),
        ("protected=false", ["elder", "clove", "anise"]),
        ("size_min=6", ["clove"]),
        ("size_max=6", ["basil"]),
        ("size=10", ["clove"]),
        ("min_ram=64", ["anise"]),
        ("tag=herb", ["basil", "anise"]),
        ("tag=herb&tag=fresh", ["basil"]),
        ("tag=herb&tag=dry", []),
        ("colour=green", ["basil", "anise"]),
        ("colour=green&shape=leaf", ["basil"]),
        ("colour=green&tag=fresh", ["basil"]),
        ("checksum=e807f1fcf82d132f9bb018ca6738a19f", ["clove"]),
        ("owner=nobody", []),
        ("created_at=gt:2020-01-01T00:00:00Z", ["elder", "clove", "basil", "anise"]),
        ("created_at=lt:2020-01-01T00:00:00Z", []),
        ("updated_at=neq:2020-01-01T00:00:00%2B09:00&name=elder", ["elder"]),
        ("sort=name", ["elder", "clove", "basil", "anise"]),
        ("sort=name:asc", ["anise", "basil", "clove", "elder"]),
        ("sort=status:asc,name:desc", ["clove", "basil", "elder", "anise"]),
        ("sort_key=status&sort_key=name&sort_dir=asc", ["basil", "clove", "anise", "elder"]),
        ("sort_key=status&sort_dir=asc&sort_key=name&sort_dir=desc", ["clove", "basil", "elder", "anise"]),
        ("sort_key=size&sort_dir=asc&status=active", ["basil", "clove"]),
        ("limit=2", ["elder", "clove"]),
        ("limit=0", []),
        ("limit=5000", ["elder", "clove", "basil", "anise"]),
    ],
)
def test_a_filter_finds(admin: Client, query: str, found: list[str]) -> None:
    assert names(admin, query) == found


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("limit=few", "limit param must be an integer"),
        ("limit=-1", "limit param must be positive"),
        ("marker=nothing", "No image found with ID nothing"),
        ("sort_key=colour", "Invalid sort key: colour. It must be one of the following:"),
        ("sort=name:up", "Invalid sort direction: up"),
        ("sort=name&sort_key=name", "Old and new sorting syntax cannot be combined"),
        ("sort_key=name&sort_dir=asc&sort_dir=asc", "Number of sort dirs does not match the number of sort keys"),
        ("visibility=secret", "Invalid visibility value: secret"),
        ("member_status=maybe", "Invalid status: maybe"),
        ("os_hidden=perhaps", "filter. Valid values are"),
        ("protected=True", "filter. Valid values are"),
        ("size_min=big", "Unable to filter on a range with a non-numeric value."),
        ("status=like:act", "Unable to filter by unknown operator"),
        ('name=in:"basil', "The quote is not closed."),
        ("created_at=gt:yesterday", "query filter format. Use ISO 8601 DateTime notation."),
        ("changes-since=2020-01-01", "filter is no longer available on v2."),
        ("&".join(f"tag={number}" for number in range(31)), "At most 30 tags and properties"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(admin: Client, query: str, sentence: str) -> None:
    answer = admin.get("image", f"/v2/images?{query}")
    assert (answer.status_code, sentence in answer.text) == (400, True), answer.text


def test_a_created_second_finds_its_images(admin: Client) -> None:
    image = admin.get("image", "/v2/images?name=basil").json()["images"][0]
    moment = image["created_at"]
    for operator, found in (("eq", True), ("lte", True), ("gte", True), ("lt", False), ("gt", False), ("neq", False)):
        assert ("basil" in names(admin, f"created_at={operator}:{moment}")) is found, operator
    assert "basil" in names(admin, f"created_at={moment}")


def test_pages_follow_each_other(admin: Client) -> None:
    page = admin.get("image", "/v2/images?limit=2&sort=name:asc").json()
    assert page["first"] == "/v2/images?limit=2&sort=name%3Aasc"
    assert page["schema"] == "/v2/schemas/images"
    found = [image["name"] for image in page["images"]]
    while "next" in page:
        page = admin.get("image", page["next"]).json()
        found += [image["name"] for image in page["images"]]
    assert found == ["anise", "basil", "clove", "elder"]


def test_links_lead_from_the_version_on_under_the_common_port(cloud: RunningCloud, admin: Client) -> None:
    port = cloud.cloud.ports()[-1]
    answer = cloud.http.get(
        f"http://127.0.0.1:{port}/image/v2/images?limit=1", headers={"X-Auth-Token": admin.token}
    ).json()
    assert answer["next"].startswith("/v2/images?limit=1&marker=")


def test_twenty_five_make_a_page() -> None:
    with running_cloud() as fresh:
        admin = fresh.login()
        for number in range(26):
            create(admin, name=f"image-{number:02}")
        page = admin.get("image", "/v2/images").json()
        assert len(page["images"]) == 25
        assert [image["name"] for image in admin.get("image", page["next"]).json()["images"]] == ["image-00"]
