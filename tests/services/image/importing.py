"""What tests of imports share: the calls, and waiting for how they end."""

from typing import Any

import httpx
from tests.services.image.shelf import BYTES, show, store_folder
from tests.services.image.wire import until
from tests.support.cloud import Client, RunningCloud


def stage(client: Client, image_id: str, content: bytes) -> httpx.Response:
    return client.put("image", f"/v2/images/{image_id}/stage", content=content, headers=BYTES)


def imported(client: Client, image_id: str, method: str = "glance-direct", **body: Any) -> httpx.Response:
    headers = body.pop("headers", {})
    named = {"method": {"name": method, **body.pop("said", {})}, **body}
    return client.post("image", f"/v2/images/{image_id}/import", json=named, headers=headers)


def download(client: Client, image_id: str, uri: str, **body: Any) -> httpx.Response:
    return imported(client, image_id, "web-download", said={"uri": uri}, **body)


def ended(client: Client, image_id: str) -> dict[str, Any]:
    """The image once no operation is at work on it."""
    until(lambda: "os_glance_import_task" not in show(client, image_id))
    return show(client, image_id)


def task_of(client: Client, image_id: str) -> dict[str, Any]:
    """The image's newest task."""
    found: list[dict[str, Any]] = client.get("image", f"/v2/images/{image_id}/tasks").json()["tasks"]
    return found[-1]


def left_of(cloud: RunningCloud, image_id: str) -> list[str]:
    """The files of an image in any store, staging among them."""
    stores = [backend.name for backend in cloud.cloud.images.backends.every]
    paths = [path for store in stores for path in store_folder(cloud, store).iterdir()]
    return sorted(f"{path.parent.name}/{path.name}" for path in paths if path.name.startswith(image_id))
