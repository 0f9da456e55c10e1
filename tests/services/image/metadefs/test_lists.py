from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.services.image.metadefs.shelf import NAMESPACES, listed, made, refused
from tests.services.image.shelf import user_of
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.kernel.db import Db
from haneul.services.image.images.access import Viewer
from haneul.services.image.metadefs.access import visible
from haneul.services.image.metadefs.namespaces.listing import list_
from haneul.services.image.metadefs.namespaces.views import brief, whole

FLAVOR, SERVER = {"name": "OS::Nova::Flavor"}, {"name": "OS::Nova::Server", "prefix": "s:"}


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    """A cloud whose namespaces are just these."""
    with running_cloud() as running:
        admin = running.login()
        made(admin, namespace="anise", visibility="public", display_name="Z", resource_type_associations=[FLAVOR])
        made(admin, namespace="basil", visibility="public", protected=True, resource_type_associations=[SERVER, FLAVOR])
        made(admin, namespace="clove")
        made(admin, namespace="dill", display_name="A", owner="another", resource_type_associations=[SERVER])
        admin.put("image", f"{NAMESPACES}/anise", json={"namespace": "anise", "visibility": "public"})
        yield running


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["dill", "clove", "basil", "anise"]),
        ("visibility=public", ["basil", "anise"]),
        ("visibility=private", ["dill", "clove"]),
        ("visibility=", ["dill", "clove", "basil", "anise"]),
        ("resource_types=OS::Nova::Flavor", ["basil", "anise"]),
        ("resource_types=OS::Nova::Flavor,OS::Nova::Server", ["dill", "basil", "anise"]),
        ("resource_types=OS::Nova::Server&visibility=public", ["basil"]),
        ("resource_types=OS::Nova::Nothing", []),
        ("resource_types=", []),
        ("sort_key=namespace&sort_dir=asc", ["anise", "basil", "clove", "dill"]),
        ("sort_key=namespace", ["dill", "clove", "basil", "anise"]),
        ("sort_key=id&sort_dir=asc", ["anise", "basil", "clove", "dill"]),
        ("sort_key=created_at&sort_dir=asc", ["anise", "basil", "clove", "dill"]),
        ("sort_key=updated_at", ["anise", "dill", "clove", "basil"]),
        ("sort_key=protected", ["basil", "dill", "clove", "anise"]),
        ("sort_key=visibility&sort_dir=asc", ["clove", "dill", "anise", "basil"]),
        ("sort_key=display_name", ["dill", "clove", "basil", "anise"]),
        ("limit=2", ["dill", "clove"]),
        ("limit=0", []),
        ("limit=5000", ["dill", "clove", "basil", "anise"]),
        ("marker=clove", ["basil", "anise"]),
        ("marker=basil&sort_key=namespace&sort_dir=asc", ["clove", "dill"]),
        ("marker=anise", []),
        ("colour=green", ["dill", "clove", "basil", "anise"]),
    ],
)
def test_a_query_finds(admin: Client, query: str, found: list[str]) -> None:
    assert listed(admin, query) == found


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("limit=few", 400, "limit param must be an integer"),
        ("limit=-1", 400, "limit param must be positive"),
        ("sort_dir=up", 400, "Invalid sort direction: up"),
        ("sort_key=colour", 400, "Sort key supplied is invalid: colour"),
        ("visibility=shared", 400, "Invalid visibility value: shared"),
        ("marker=", 404, "Metadata definition namespace= was not found."),
        ("marker=fennel", 404, "Metadata definition namespace=fennel was not found."),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(admin: Client, query: str, status: int, sentence: str) -> None:
    refused(admin.get("image", f"{NAMESPACES}?{query}"), status, sentence)


def test_one_that_is_shown_alone_takes_a_visibility_too(admin: Client) -> None:
    assert admin.get("image", f"{NAMESPACES}/anise?visibility=public").status_code == 200
    refused(admin.get("image", f"{NAMESPACES}/anise?visibility=shared"), 400, "Invalid visibility value: shared")


def test_a_list_tells_resource_types_and_nothing_else_that_namespaces_hold(admin: Client) -> None:
    basil = admin.get("image", f"{NAMESPACES}?visibility=public").json()["namespaces"][0]
    kinds = [(one["name"], one.get("prefix")) for one in basil.pop("resource_type_associations")]
    assert kinds == [("OS::Nova::Flavor", None), ("OS::Nova::Server", "s:")]
    assert set(basil) == {
        *("namespace", "visibility", "protected", "owner", "created_at", "updated_at", "self", "schema"),
    }


def test_pages_follow_each_other(admin: Client) -> None:
    page = admin.get("image", f"{NAMESPACES}?limit=2&sort_dir=asc").json()
    assert page["first"] == f"{NAMESPACES}?limit=2&sort_dir=asc"
    assert page["schema"] == "/v2/schemas/metadefs/namespaces"
    assert page["next"] == f"{NAMESPACES}?limit=2&sort_dir=asc&marker=basil"
    found = [one["namespace"] for one in page["namespaces"]]
    while "next" in page:
        page = admin.get("image", page["next"]).json()
        found += [one["namespace"] for one in page["namespaces"]]
    assert found == ["anise", "basil", "clove", "dill"]
    assert "first" in page
    assert "marker" not in page["first"]


def test_others_see_what_is_public_and_their_own(cloud: RunningCloud, admin: Client) -> None:
    alice = user_of(cloud, "garden", "reader")
    assert listed(alice) == ["basil", "anise"]
    assert listed(alice, "visibility=private") == []
    refused(alice.get("image", f"{NAMESPACES}?marker=clove"), 404, "namespace=clove was not found.")
    own = alice.get("identity", "/v3/auth/projects").json()["projects"][0]["id"]
    admin.put("image", f"{NAMESPACES}/clove", json={"namespace": "clove", "owner": own})
    assert listed(alice) == ["clove", "basil", "anise"]
    assert listed(alice, "marker=clove&limit=1") == ["basil"]
    assert listed(alice, "resource_types=OS::Nova::Server") == ["basil"]


def statements(cloud: RunningCloud, body: Callable[[Db], object]) -> int:
    """How many statements reading so takes."""

    def traced(db: Db) -> int:
        driver: Any = db.connection.connection.dbapi_connection
        seen: list[str] = []
        driver.set_trace_callback(seen.append)
        try:
            body(db)
        finally:
            driver.set_trace_callback(None)
        return len(seen)

    return cloud.cloud.store.read(traced)


def test_a_page_is_twenty_five_and_no_page_costs_more_statements_than_another() -> None:
    with running_cloud() as fresh:
        admin, viewer = fresh.login(), Viewer(None, is_admin=True)
        kinds = [FLAVOR, SERVER]
        for number in range(26):
            things = [{"name": str(one)} for one in range(number)]
            made(admin, namespace=f"n{number:02}", resource_type_associations=kinds, tags=things, objects=things)
        page = admin.get("image", NAMESPACES).json()
        assert len(page["namespaces"]) == 25
        assert [one["namespace"] for one in admin.get("image", page["next"]).json()["namespaces"]] == ["n00"]

        def page_of(limit: int) -> int:
            return statements(fresh, lambda db: brief(db, list_(db, {"limit": [str(limit)]}, viewer)))

        def one(name: str) -> int:
            return statements(fresh, lambda db: whole(db, visible(db, name, viewer), "OS::Nova::Server"))

        assert page_of(25) == page_of(1) == 2
        assert one("n25") == one("n00") == 5
