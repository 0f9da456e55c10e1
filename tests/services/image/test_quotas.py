"""Limits of images that are registered with identity, in Glance's words."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.services.image.shelf import BYTES, MIB, create, upload, uploaded, user_of
from tests.support.cloud import Client, RunningCloud

from haneul.services.image.locations.logic import Described, Place, insert, new_key

BREACHED = (
    "The request returned a 413 Request Entity Too Large. This generally means that rate limiting or a quota threshold "
    "was breached.\n\nThe response body:\nProject {project} is over a limit for [Resource {name} is over limit of "
    "{limit} due to current usage {usage} and delta {delta}]"
)
JSON = {"Accept": "application/json"}


class Registry:
    """Registers limits of the image service, and takes them away again."""

    def __init__(self, admin: Client) -> None:
        self.admin = admin
        (service,) = admin.get("identity", "/v3/services", params={"type": "image"}).json()["services"]
        self.service_id: str = service["id"]
        self.made: list[str] = []

    def register(self, name: str, limit: int) -> None:
        body = {"service_id": self.service_id, "resource_name": name, "default_limit": limit}
        answer = self.admin.post("identity", "/v3/registered_limits", json={"registered_limits": [body]})
        assert answer.status_code == 201, answer.text
        self.made += [one["id"] for one in answer.json()["registered_limits"]]

    def forget(self) -> None:
        for one in self.made:
            assert self.admin.delete("identity", f"/v3/registered_limits/{one}").status_code == 204


@pytest.fixture
def registry(admin: Client) -> Iterator[Registry]:
    found = Registry(admin)
    yield found
    found.forget()


@pytest.fixture
def carol(cloud: RunningCloud, request: pytest.FixtureRequest) -> Client:
    """A member of a project of this test's own."""
    return user_of(cloud, f"quota-{request.node.name[:40]}")


def project_of(client: Client) -> str:
    shown = client.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": client.token}).json()
    return str(shown["token"]["project"]["id"])


def message(answer: Any) -> str:
    return str(answer.json()["message"])


def test_one_image_more_than_registered_is_refused(carol: Client, registry: Registry) -> None:
    registry.register("image_count_total", 1)
    first = create(carol)
    refused = carol.post("image", "/v2/images", json={}, headers=JSON)
    assert refused.status_code == 413
    assert "Project" in refused.text
    said = BREACHED.format(project=project_of(carol), name="image_count_total", limit=1, usage=1, delta=1)
    assert said.splitlines()[-1] in refused.text
    assert carol.delete("image", f"/v2/images/{first['id']}").status_code == 204
    assert carol.post("image", "/v2/images", json={}).status_code == 201


def test_bytes_are_limited_in_mebibytes(carol: Client, registry: Registry) -> None:
    registry.register("image_size_total", 2)
    uploaded(carol, bytes(MIB))
    image = create(carol)
    refused = upload(carol, image["id"], bytes(2 * MIB))
    assert refused.status_code == 413
    assert "Resource image_size_total is over limit of 2 due to current usage 1 and delta 2" in refused.text
    assert carol.get("image", f"/v2/images/{image['id']}").json()["status"] == "queued"
    assert upload(carol, image["id"], bytes(MIB)).status_code == 204


def test_where_no_upload_is_allowed_none_begins(carol: Client, registry: Registry) -> None:
    registry.register("image_count_uploading", 0)
    image = create(carol)
    refused = upload(carol, image["id"], b"bytes")
    assert refused.status_code == 413
    assert "Resource image_count_uploading is over limit of 0 due to current usage 1 and delta 0" in refused.text
    assert carol.get("image", f"/v2/images/{image['id']}").json()["status"] == "queued"


def test_usage_is_told_of_what_is_registered(carol: Client, registry: Registry) -> None:
    assert carol.get("image", "/v2/info/usage").json() == {"usage": {}}
    for name in ("image_count_total", "image_size_total", "image_count_uploading"):
        registry.register(name, 10)
    uploaded(carol, bytes(3 * MIB))
    assert carol.get("image", "/v2/info/usage").json()["usage"] == {
        "image_size_total": {"limit": 10, "usage": 3},
        "image_count_total": {"limit": 10, "usage": 1},
        "image_count_uploading": {"limit": 10, "usage": 0},
    }


def stage(client: Client, image_id: str, content: bytes) -> Any:
    return client.put("image", f"/v2/images/{image_id}/stage", content=content, headers=BYTES)


def usage(client: Client) -> dict[str, int]:
    shown = client.get("image", "/v2/info/usage").json()["usage"]
    return {name: one["usage"] for name, one in shown.items()}


def test_bytes_that_wait_for_their_import_are_limited(carol: Client, registry: Registry) -> None:
    for name, limit in (("image_stage_total", 2), ("image_count_uploading", 5), ("image_size_total", 5)):
        registry.register(name, limit)
    first, second = create(carol)["id"], create(carol)["id"]
    assert stage(carol, first, bytes(MIB)).status_code == 204
    assert usage(carol) == {"image_stage_total": 1, "image_count_uploading": 1, "image_size_total": 0}
    refused = stage(carol, second, bytes(2 * MIB))
    assert refused.status_code == 413
    assert "Resource image_stage_total is over limit of 2 due to current usage 1 and delta 2" in refused.text
    assert carol.get("image", f"/v2/images/{second}").json()["status"] == "queued"
    assert stage(carol, second, bytes(MIB)).status_code == 204


def test_more_than_may_be_staged_at_once_is_refused(carol: Client, registry: Registry) -> None:
    registry.register("image_count_uploading", 1)
    assert stage(carol, create(carol)["id"], b"bytes").status_code == 204
    refused = stage(carol, create(carol)["id"], b"bytes")
    assert refused.status_code == 413
    assert "Resource image_count_uploading is over limit of 1 due to current usage 2 and delta 0" in refused.text


def test_nobody_who_has_too_much_imports_more(carol: Client, registry: Registry) -> None:
    uploaded(carol, bytes(2 * MIB))
    image_id = create(carol)["id"]
    assert stage(carol, image_id, b"bytes").status_code == 204
    registry.register("image_size_total", 1)
    refused = carol.post("image", f"/v2/images/{image_id}/import", json={"method": {"name": "glance-direct"}})
    assert refused.status_code == 413
    assert "Resource image_size_total is over limit of 1 due to current usage 2 and delta 0" in refused.text


def test_an_image_counts_as_often_as_it_lies_somewhere(registry: Registry, cloud: RunningCloud) -> None:
    """Counted as if it were in another store too: the places are rows."""
    dora = user_of(cloud, "quota-places")
    registry.register("image_size_total", 10)
    image_id = uploaded(dora, bytes(2 * MIB))["id"]
    assert usage(dora)["image_size_total"] == 2
    cloud.cloud.store.write(lambda db: insert(db, image_id, Place("file", new_key(image_id)), Described(2 * MIB)))
    assert usage(dora)["image_size_total"] == 4
