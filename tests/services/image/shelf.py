"""What image tests share: files to upload, and the calls that put images there."""

import secrets
import struct
from pathlib import Path
from typing import Any

import httpx
from tests.support.cloud import Client, RunningCloud

MIB = 1 << 20
BYTES = {"Content-Type": "application/octet-stream"}
PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
OLD_PATCH = {"Content-Type": "application/openstack-images-v2.0-json-patch"}
RAW = {"disk_format": "raw", "container_format": "bare"}
QCOW2 = {"disk_format": "qcow2", "container_format": "bare"}


def qcow2(*, size: int = 64 * MIB, backing: bytes = b"") -> bytes:
    """A qcow2 of that virtual size, on a backing file if one is named."""
    cluster = 1 << 16
    at = 104 + 8 if backing else 0
    fixed = struct.pack(
        ">4sIQIIQIIQQIIQ", b"QFI\xfb", 3, at, len(backing), 16, size, 0, 1, cluster, 2 * cluster, 1, 0, 0
    )
    fixed += struct.pack(">QQQII", 0, 0, 0, 4, 104) + bytes(8) + backing
    return fixed.ljust(4 * cluster, b"\0")


def create(client: Client, **fields: Any) -> dict[str, Any]:
    answer = client.post("image", "/v2/images", json={**RAW, **fields})
    assert answer.status_code == 201, answer.text
    image: dict[str, Any] = answer.json()
    return image


def upload(client: Client, image_id: str, content: Any, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.put("image", f"/v2/images/{image_id}/file", content=content, headers={**BYTES, **named})


def uploaded(client: Client, content: bytes = b"bytes", **fields: Any) -> dict[str, Any]:
    """An active image."""
    image = create(client, **fields)
    answer = upload(client, image["id"], content)
    assert answer.status_code == 204, answer.text
    return show(client, image["id"])


def show(client: Client, image_id: str) -> dict[str, Any]:
    answer = client.get("image", f"/v2/images/{image_id}")
    assert answer.status_code == 200, answer.text
    image: dict[str, Any] = answer.json()
    return image


def change(client: Client, image_id: str, *operations: dict[str, Any]) -> httpx.Response:
    return client.patch("image", f"/v2/images/{image_id}", json=list(operations), headers=PATCH)


def names(client: Client, query: str = "") -> list[str]:
    answer = client.get("image", f"/v2/images?{query}")
    assert answer.status_code == 200, answer.text
    return [image["name"] for image in answer.json()["images"]]


def store_folder(cloud: RunningCloud, store: str = "file") -> Path:
    """Where a store of files keeps its bytes."""
    return cloud.cloud.wanted.state / "control" / "images" / store


def files(cloud: RunningCloud) -> list[str]:
    """What lies in the image store, drafts among it."""
    return sorted(path.name for path in store_folder(cloud).iterdir())


def user_of(cloud: RunningCloud, project: str, role: str = "member") -> Client:
    """A new user with this role in a project of this name, logged in."""
    admin = cloud.login()
    name, password = f"user-{secrets.token_hex(4)}", "correct horse"
    found = admin.get("identity", "/v3/projects", params={"name": project}).json()["projects"]
    if not found:
        found = [admin.post("identity", "/v3/projects", json={"project": {"name": project}}).json()["project"]]
    user = admin.post("identity", "/v3/users", json={"user": {"name": name, "password": password}}).json()["user"]
    role_id = admin.get("identity", "/v3/roles", params={"name": role}).json()["roles"][0]["id"]
    granted = admin.put("identity", f"/v3/projects/{found[0]['id']}/users/{user['id']}/roles/{role_id}")
    assert granted.status_code == 204, granted.text
    return cloud.login({"project": {"id": found[0]["id"]}}, name=name, password=password)
