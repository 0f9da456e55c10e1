"""`haneul image` on a cloud that runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.cli.commands import CommandedCloud, Said, cloud_to_command
from tests.cli.in_process import run_here

from haneul.cli.main import main


@pytest.fixture(scope="module")
def keeping() -> Iterator[CommandedCloud]:
    """A cloud that keeps deleted images for an hour."""
    with cloud_to_command() as cloud:
        said = cloud.up(HANEUL_IMAGE_KEEP_DELETED_S="3600")
        assert said.code == 0, said
        yield cloud


def image(cloud: CommandedCloud, *words: str) -> Said:
    return run_here(main, ("image", *words, "--json", "--state", str(cloud.state)))


def send(cloud: CommandedCloud, method: str, path: str, **more: Any) -> httpx.Response:
    headers = {"X-Auth-Token": cloud.token(), "Content-Type": "application/octet-stream", **more.pop("headers", {})}
    return httpx.request(method, cloud.url("image", path), headers=headers, timeout=20, **more)


def uploaded(cloud: CommandedCloud) -> str:
    body = {"name": "rose", "disk_format": "raw", "container_format": "bare"}
    made = send(cloud, "POST", "/v2/images", json=body, headers={"Content-Type": "application/json"})
    assert made.status_code == 201, made.text
    assert send(cloud, "PUT", f"/v2/images/{made.json()['id']}/file", content=b"bytes").status_code == 204
    return str(made.json()["id"])


def store(cloud: CommandedCloud) -> Path:
    return cloud.state / "control" / "images" / "file"


def test_a_deleted_image_is_shown_and_restored(keeping: CommandedCloud) -> None:
    image_id = uploaded(keeping)
    assert send(keeping, "DELETE", f"/v2/images/{image_id}").status_code == 204
    assert image(keeping, "scrub").json == {"deleted": 0}
    (deleted,) = [one for one in image(keeping, "deleted").json["deleted"] if one["id"] == image_id]
    assert deleted["name"] == "rose"
    assert image(keeping, "restore", image_id).json == {"id": image_id, "status": "active"}
    assert send(keeping, "GET", f"/v2/images/{image_id}/file").content == b"bytes"
    again = image(keeping, "restore", image_id)
    assert (again.code, "There is no deleted image" in again.out + again.err) == (1, True)


def test_doctor_tells_what_is_lost_and_repairs_only_when_told_twice(keeping: CommandedCloud) -> None:
    well = image(keeping, "doctor", "--verify")
    assert (well.code, well.json["wrong"]) == (0, 0)
    image_id = uploaded(keeping)
    (path,) = store(keeping).glob(f"{image_id}*")
    stray = store(keeping) / f"{'0' * 8}-0000-4000-8000-{'0' * 12}.{'a' * 12}"
    stray.write_bytes(b"of a newer database")
    path.unlink()
    ill = image(keeping, "doctor")
    assert (ill.code, ill.json["wrong"]) == (1, 1)
    facts = {one["fact"].partition(":")[0]: one["verdict"] for one in ill.json["findings"]}
    assert facts == {"lost": "wrong", "orphan": "note"}
    alone = image(keeping, "doctor", "--yes")
    assert (alone.code, "--yes belongs to --repair." in alone.out + alone.err) == (1, True)
    assert image(keeping, "doctor", "--repair", "--yes").code == 1
    assert stray.exists()
