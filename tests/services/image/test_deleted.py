"""Deleted images whose bytes are kept for a while, and what becomes of them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from tests.services.image.shelf import create, show, store_folder, uploaded
from tests.services.image.test_imports import stage
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.kernel.clock import now
from haneul.kernel.errors import Conflict, NotFound
from haneul.services.image.files.removal import ByteRemoval
from haneul.services.image.images.bin import kept, restore
from haneul.services.image.locations.models import deletions


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    with running_cloud(image={"keep_deleted_s": 3600, "show_direct_url": True}) as running:
        yield running


def shared(alice: Client, bob: Client) -> dict[str, Any]:
    """A deactivated image of Alice's that Bob may see."""
    image = uploaded(alice, tags=["b", "a"], colour="red", name="rose")
    project = create(bob)["owner"]
    assert alice.post("image", f"/v2/images/{image['id']}/members", json={"member": project}).status_code == 200
    assert alice.post("image", f"/v2/images/{image['id']}/actions/deactivate").status_code == 204
    return show(alice, image["id"])


def delete(client: Client, image: dict[str, Any]) -> None:
    assert client.delete("image", f"/v2/images/{image['id']}").status_code == 204
    assert client.get("image", f"/v2/images/{image['id']}").status_code == 404


def its_files(cloud: RunningCloud, image: dict[str, Any]) -> list[str]:
    return [path.name for path in store_folder(cloud).glob(f"{image['id']}*")]


def scrub(cloud: RunningCloud) -> int:
    return ByteRemoval(cloud.cloud.images.backends).remove_due(cloud.cloud.store)


def test_a_deleted_image_comes_back_as_it_was(cloud: RunningCloud, alice: Client, bob: Client) -> None:
    image = shared(alice, bob)
    delete(alice, image)
    assert scrub(cloud) == 0
    assert its_files(cloud, image)
    assert alice.post("image", "/v2/images", json={"id": image["id"]}).status_code == 409
    store = cloud.cloud.store
    assert [one["name"] for one in store.read(kept) if one["id"] == image["id"]] == ["rose"]
    store.write(lambda db: restore(db, image["id"]))
    assert show(alice, image["id"]) == image
    assert show(bob, image["id"])["name"] == "rose"
    assert alice.post("image", f"/v2/images/{image['id']}/actions/reactivate").status_code == 204
    assert alice.get("image", image["file"]).content == b"bytes"
    with pytest.raises(NotFound):
        store.write(lambda db: restore(db, image["id"]))
    delete(alice, image)
    assert image["id"] in [one["id"] for one in store.read(kept)]


def test_when_its_time_has_come_nothing_remains(cloud: RunningCloud, alice: Client) -> None:
    image = uploaded(alice)
    delete(alice, image)
    store = cloud.cloud.store
    due = update(deletions).where(deletions.c.image_id == image["id"]).values(due_at=now() - timedelta(seconds=1))
    store.write(lambda db: db.run(due))
    with pytest.raises(Conflict, match="are being deleted already"):
        store.write(lambda db: restore(db, image["id"]))
    assert alice.get("image", f"/v2/images/{image['id']}").status_code == 404
    assert scrub(cloud) == 1
    assert its_files(cloud, image) == []
    assert image["id"] not in [one["id"] for one in store.read(kept)]
    with pytest.raises(NotFound):
        store.write(lambda db: restore(db, image["id"]))


def test_bytes_that_only_waited_go_at_once(cloud: RunningCloud, alice: Client) -> None:
    image = create(alice)
    assert stage(alice, image["id"], b"bytes").status_code == 204
    delete(alice, image)
    folder = store_folder(cloud, "os_glance_staging_store")
    assert not list(folder.glob(f"{image['id']}*"))
    assert image["id"] not in [one["id"] for one in cloud.cloud.store.read(kept)]
