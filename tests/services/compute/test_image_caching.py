"""Images that an aggregate's hosts fetch before a guest needs them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.services.image.shelf import create, uploaded
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually, simulated_host

HOST = "anna"


@pytest.fixture(scope="module")
def kept(cloud: RunningCloud) -> Iterator[Path]:
    """Where the host anna notes the images that it has."""
    with simulated_host(cloud, HOST):
        yield cloud.cloud.wanted.state / HOST / "agent" / "fake_images"


@pytest.fixture(scope="module")
def aggregate(admin: Client, kept: Path) -> str:
    """The path of an aggregate with the host anna."""
    made = admin.post("compute", "/v2.1/os-aggregates", json={"aggregate": {"name": "attic"}}).json()["aggregate"]
    path = f"/v2.1/os-aggregates/{made['id']}"
    assert admin.post("compute", f"{path}/action", json={"add_host": {"host": HOST}}).status_code == 200
    return path


def cache(client: Client, path: str, *image_ids: str, version: str = "2.81", **more: Any) -> httpx.Response:
    body = {"cache": [{"id": image_id} for image_id in image_ids], **more}
    asked = client.with_headers(X_OpenStack_Nova_API_Version=version)
    return asked.post("compute", f"{path}/images", json=body)


def test_an_aggregates_hosts_fetch_images(admin: Client, aggregate: str, kept: Path) -> None:
    wanted = [uploaded(admin)["id"] for _ in range(2)]
    others = [uploaded(admin)["id"], create(admin)["id"]]
    answer = cache(admin, aggregate, wanted[0], others[1], str(uuid4()))
    assert (answer.status_code, answer.content) == (202, b"")
    assert cache(admin, aggregate, *wanted).status_code == 202
    eventually(lambda: sorted(path.name for path in kept.iterdir()) == sorted(wanted) if kept.exists() else False)


@pytest.mark.parametrize(
    ("ids", "more"),
    [((), {}), (("not-a-uuid",), {}), ((str(uuid4()),), {"hosts": []})],
)
def test_bodies_of_another_shape_are_refused(
    admin: Client, aggregate: str, ids: tuple[str, ...], more: dict[str, Any]
) -> None:
    assert cache(admin, aggregate, *ids, **more).status_code == 400


def test_an_image_is_named_once(admin: Client, aggregate: str) -> None:
    image_id = str(uuid4())
    answer = cache(admin, aggregate, image_id, image_id)
    assert (answer.status_code, "Duplicate images in request" in answer.text) == (400, True)


def test_only_administrators_have_images_fetched(admin: Client, member: Client, aggregate: str) -> None:
    assert cache(member, aggregate, str(uuid4())).status_code == 403
    assert cache(admin, "/v2.1/os-aggregates/999", str(uuid4())).status_code == 404
    assert cache(admin, aggregate, str(uuid4()), version="2.80").status_code == 404
