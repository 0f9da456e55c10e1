"""What the image service of another region may answer to glance-download."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.services.image.importing import ended, imported, left_of, task_of
from tests.services.image.shelf import create
from tests.services.image.web import Web, web_server
from tests.services.image.wire import until
from tests.support.cloud import Client, RunningCloud, running_cloud

SOURCE = "36d4b546-64a2-4bb9-bdd0-ba676aa48f2c"
SHOWN = f"/glance/v2/images/{SOURCE}"
ACTIVE = {"status": "active", "size": 5, "disk_format": "raw", "container_format": "bare"}


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    with running_cloud(image={"import_methods": ["glance-download"]}) as running:
        yield running


@pytest.fixture
def web(admin: Client) -> Iterator[Web]:
    """The image service of the region of this name, as far as the catalog goes."""
    with web_server() as server:
        region = admin.post("identity", "/v3/regions", json={"region": {}}).json()["region"]["id"]
        (glance,) = admin.get("identity", "/v3/services?type=image").json()["services"]
        endpoint = {"service_id": glance["id"], "interface": "internal", "url": server.url("/glance"), "region": region}
        assert admin.post("identity", "/v3/endpoints", json={"endpoint": endpoint}).status_code == 201
        server.region = region
        yield server


def told(web: Web, **fields: Any) -> None:
    web.put(SHOWN, json.dumps({**ACTIVE, **fields}).encode())


def downloaded(client: Client, web: Web) -> dict[str, Any]:
    """A new image, once its download has ended."""
    image = create(client, disk_format="iso", os_type="windows")
    method = {"glance_region": web.region.upper(), "glance_image_id": SOURCE, "glance_service_interface": "internal"}
    assert imported(client, image["id"], "glance-download", said=method).status_code == 202
    return ended(client, image["id"])


def test_the_caller_s_token_is_shown_to_the_endpoint(alice: Client, web: Web) -> None:
    told(web, os_type="linux", hw_big=1, os_distro=["no text"])
    web.put(f"{SHOWN}/file", b"bytes")
    image = downloaded(alice, web)
    assert (image["status"], image["disk_format"], image["os_type"]) == ("active", "raw", "linux")
    assert {"hw_big", "os_distro"}.isdisjoint(image)
    assert web.tokens == [alice.token, alice.token]


def test_but_to_nobody_to_whom_that_redirects(alice: Client, web: Web) -> None:
    web.moved[SHOWN] = web.url("/other")
    image = downloaded(alice, web)
    assert (image["status"], web.asked) == ("queued", [SHOWN])
    assert task_of(alice, image["id"])["message"] == "The server redirects what was asked with credentials."


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"status": "queued"}, "Source image status should be active instead of queued"),
        ({"size": None}, "Size attribute of remote image could not be determined."),
        ({"size": 6}, "The remote image's data has 5 bytes in place of the expected 6."),
        ({"disk_format": "floppy"}, "does not match schema 'image': disk_format"),
        ({f"hw_{number}": "x" for number in range(200)}, "The limit has been exceeded on the number of allowed image"),
    ],
)
def test_what_cannot_be_copied_changes_nothing(
    cloud: RunningCloud, alice: Client, web: Web, fields: dict[str, Any], sentence: str
) -> None:
    told(web, os_type="linux", **fields)
    web.put(f"{SHOWN}/file", b"bytes")
    image = downloaded(alice, web)
    assert (image["status"], image["disk_format"], image["os_type"]) == ("queued", "iso", "windows")
    assert sentence in task_of(alice, image["id"])["message"]
    until(lambda: left_of(cloud, image["id"]) == [])


def test_an_answer_that_is_none_changes_nothing(alice: Client, web: Web) -> None:
    web.put(SHOWN, b"<html>")
    image = downloaded(alice, web)
    message = task_of(alice, image["id"])["message"]
    assert (image["status"], message) == ("queued", "The answer of the remote image service can't be understood.")
