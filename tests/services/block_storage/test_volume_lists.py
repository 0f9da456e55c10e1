"""Lists and sums of volumes: filters, order, pages, counts, and who sees what."""

from collections.abc import Iterator

import pytest
from tests.services.block_storage.shelf import CINDER, NEWEST, act, refusal, shown, volume
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import simulated_host


@pytest.fixture(scope="module")
def cinder(cloud: RunningCloud) -> Iterator[Client]:
    with simulated_host(cloud):
        yield cloud.login().with_headers(OpenStack_API_Version=NEWEST)


@pytest.fixture(scope="module")
def gardener(cinder: Client, member: Client) -> Client:
    return member.with_headers(OpenStack_API_Version=NEWEST)


@pytest.fixture(scope="module")
def three(cinder: Client) -> list[str]:
    """`oak`, `elm` and `fir`, in that order."""
    made = [
        volume(cinder, name="oak", size=1, metadata={"kind": "tree", "leaf": "lobed"}),
        volume(cinder, name="elm", size=2, metadata={"kind": "tree"}),
        volume(cinder, name="fir", size=3, description="green"),
    ]
    act(cinder, f"/v3/volumes/{made[1]}/action", "os-set_bootable", bootable=True)
    act(cinder, f"/v3/volumes/{made[1]}/action", "os-set_image_metadata", metadata={"os_distro": "debian"})
    act(cinder, f"/v3/volumes/{made[2]}/action", "os-reset_status", status="error")
    return made


def names(cinder: Client, query: str = "", detail: str = "") -> list[str]:
    answer = cinder.get(CINDER, f"/v3/volumes{detail}?{query}")
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["volumes"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["fir", "elm", "oak"]),
        ("sort=created_at:asc", ["oak", "elm", "fir"]),
        ("sort=size", ["fir", "elm", "oak"]),
        ("sort_key=name&sort_dir=asc", ["elm", "fir", "oak"]),
        ("sort=bootable:asc,name:desc", ["oak", "fir", "elm"]),
        ("name=oak", ["oak"]),
        ("name=oa", []),
        ("name~=l", ["elm"]),
        ("name~=%", []),
        ("status=error", ["fir"]),
        ("status=['error','creating']", ["fir"]),
        ("bootable=true", ["elm"]),
        ("bootable=0", ["fir", "oak"]),
        ("size=2", ["elm"]),
        ("size=two", []),
        ("metadata={'kind':'tree'}", ["elm", "oak"]),
        ("metadata={'kind':'tree','leaf':'lobed'}", ["oak"]),
        ('metadata={"kind":"bush"}', []),
        ("metadata=tree", []),
        ("glance_metadata={'os_distro':'debian'}", ["elm"]),
        ("availability_zone=nova", ["fir", "elm", "oak"]),
        ("availability_zone=mars", []),
        ("created_at=gt:2020-01-01T00:00:00", ["fir", "elm", "oak"]),
        ("created_at=gte:2020-01-01T00:00:00,lt:2021-01-01T00:00:00Z", []),
        ("updated_at=neq:2020-01-01", ["fir", "elm", "oak"]),
        ("group_id=11111111-2222-3333-4444-555555555555", []),
        ("migration_status=error", []),
        ("nonsense=1", []),
        ("limit=2", ["fir", "elm"]),
        ("limit=2&offset=1", ["elm", "oak"]),
        ("offset=3", []),
        ("limit=0", []),
    ],
)
def test_filters_order_and_pages(cinder: Client, three: list[str], query: str, found: list[str]) -> None:
    assert names(cinder, query) == found
    assert names(cinder, query, "/detail") == found


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("limit=-1", 400, "limit param must be positive"),
        ("limit=a", 400, "limit param must be an integer"),
        ("offset=-1", 400, "offset must be >= 0"),
        ("offset=a", 400, "offset must be an integer"),
        ("offset=200000", 400, "offset must be <= 100000"),
        ("sort=nonsense", 400, "Invalid input received: Sort key supplied is invalid: nonsense"),
        (
            "sort=name&sort_key=name",
            400,
            "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with the 'sort' parameter.",
        ),
        ("bootable=maybe", 400, "Invalid input received: 'bootable = maybe'"),
        ("created_at=about:2020-01-01", 400, "Invalid about operator"),
        ("created_at=gt:soon", 400, "Invalid soon value"),
        ("with_count=maybe", 400, "Value 'maybe' for 'with_count' is not a boolean."),
        ("name=" + "x" * 5000, 400, "The value of the filter name is too long."),
        ("marker=nobody", 404, "Volume nobody could not be found."),
    ],
)
def test_what_can_not_be_asked_is_refused(cinder: Client, query: str, status: int, sentence: str) -> None:
    assert refusal(cinder.get(CINDER, f"/v3/volumes?{query}")) == (status, sentence)


def test_a_list_says_where_it_goes_on_and_how_long_it_is(cinder: Client, three: list[str]) -> None:
    page = cinder.get(CINDER, "/v3/volumes?limit=2&with_count=True&name~=").json()
    assert page["count"] == 3
    assert page["volumes_links"][0]["rel"] == "next"
    assert f"marker={three[1]}" in page["volumes_links"][0]["href"]
    assert names(cinder, f"limit=2&marker={three[1]}") == ["oak"]
    former = cinder.with_headers(OpenStack_API_Version="volume 3.44")
    assert "count" not in former.get(CINDER, "/v3/volumes?with_count=True").json()


def test_filters_came_with_versions(cinder: Client, gardener: Client, three: list[str]) -> None:
    oldest = cinder.with_headers(OpenStack_API_Version="volume 3.0")
    assert names(oldest, "created_at=gt:2090-01-01") == ["fir", "elm", "oak"]
    assert names(oldest, "bootable=maybe") == ["elm"]
    assert names(gardener.with_headers(OpenStack_API_Version="volume 3.30"), "nonsense=1") == []
    assert refusal(gardener.get(CINDER, "/v3/volumes?nonsense=1&all_tenants=1")) == (
        400,
        "Invalid filters nonsense are found in query options.",
    )
    assert gardener.get(CINDER, "/v3/volumes?all_tenants=1").status_code == 200


def test_projects_see_their_own_and_administrators_all(cinder: Client, gardener: Client, three: list[str]) -> None:
    own = volume(gardener, name="ivy")
    project = shown(gardener, f"/v3/volumes/{own}")["os-vol-tenant-attr:tenant_id"]
    assert names(gardener) == names(gardener, "all_tenants=1") == ["ivy"]
    assert "ivy" not in names(cinder)
    assert "ivy" in names(cinder, "all_tenants=1")
    assert names(cinder, f"all_tenants=1&project_id={project}") == ["ivy"]
    assert refusal(gardener.get(CINDER, f"/v3/volumes?marker={three[0]}"))[0] == 404
    assert gardener.get(CINDER, "/v3/volumes/summary").json()["volume-summary"]["total_count"] == 1


def test_a_summary_adds_up(cinder: Client, three: list[str]) -> None:
    whole = cinder.get(CINDER, "/v3/volumes/summary").json()["volume-summary"]
    assert (whole["total_count"], whole["total_size"]) == (3, 6)
    assert whole["metadata"] == {"kind": ["tree"], "leaf": ["lobed"]}
    everywhere = cinder.get(CINDER, "/v3/volumes/summary?all_tenants=True").json()["volume-summary"]
    assert everywhere["total_count"] >= 3
    former = cinder.with_headers(OpenStack_API_Version="volume 3.12")
    assert "metadata" not in former.get(CINDER, "/v3/volumes/summary").json()["volume-summary"]
    oldest = cinder.with_headers(OpenStack_API_Version="volume 3.11")
    assert oldest.get(CINDER, "/v3/volumes/summary").status_code == 404
