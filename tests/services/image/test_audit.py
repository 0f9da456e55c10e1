"""What `haneul image doctor` finds, and what it may put right."""

import os
from datetime import timedelta

import pytest
from sqlalchemy import update
from tests.services.image.shelf import create, show, store_folder, uploaded
from tests.services.image.test_imports import stage
from tests.services.image.wire import until
from tests.support.cloud import Client, RunningCloud

from haneul.kernel.auth import Caller, Origin
from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.services.image.files.audit import Audit, Odd
from haneul.services.image.files.repair import repairable, repaired
from haneul.services.image.locations.logic import new_key
from haneul.services.image.locations.models import deletions, locations
from haneul.services.image.tasks import logic as tasks
from haneul.services.image.tasks.logic import NewTask
from haneul.services.image.tasks.models import tasks as task_rows

OLD = now() - timedelta(days=2)


def found(cloud: RunningCloud, image_id: str, *, verifies: bool = False) -> list[Odd]:
    """What is odd about an image."""
    audit = Audit(cloud.cloud.store, cloud.cloud.images.backends, verifies=verifies)
    return [one for one in audit.run() if one.image_id == image_id]


def kinds(cloud: RunningCloud, image_id: str, *, verifies: bool = False) -> list[str]:
    return [one.kind for one in found(cloud, image_id, verifies=verifies)]


def the_file(cloud: RunningCloud, image_id: str) -> str:
    (path,) = store_folder(cloud).glob(f"{image_id}*")
    return str(path)


def test_all_is_well(cloud: RunningCloud, alice: Client) -> None:
    image_id = uploaded(alice)["id"]
    assert kinds(cloud, image_id, verifies=True) == []


def test_bytes_that_are_lost_cut_or_changed_are_found(cloud: RunningCloud, admin: Client) -> None:
    lost, cut, changed = (uploaded(admin)["id"] for _ in range(3))
    os.unlink(the_file(cloud, lost))
    for image_id, content in ((cut, b"byte"), (changed, b"BYTES")):
        with open(the_file(cloud, image_id), "wb") as file:
            file.write(content)
    assert (kinds(cloud, lost), kinds(cloud, cut), kinds(cloud, changed)) == (["lost"], ["size"], [])
    assert kinds(cloud, changed, verifies=True) == ["hash"]


def test_only_bytes_of_an_image_that_was_deleted_here_may_go(cloud: RunningCloud, admin: Client) -> None:
    store, backends, folder = cloud.cloud.store, cloud.cloud.images.backends, store_folder(cloud)
    gone, here, unknown = uploaded(admin)["id"], uploaded(admin)["id"], "00000000-0000-4000-8000-000000000000"
    assert admin.delete("image", f"/v2/images/{gone}").status_code == 204
    for image_id in (gone, here, unknown):
        (folder / new_key(image_id)).write_bytes(b"orphan")
    (folder / "strange").write_bytes(b"orphan")
    odd = [one for one in Audit(store, backends).run() if one.kind == "orphan"]
    assert {gone, here, unknown, ""} <= {one.image_id for one in odd}
    assert store.read(lambda db: repairable(db, odd, backends)) == []
    for path in folder.iterdir():
        os.utime(path, (OLD.timestamp(), OLD.timestamp()))
    able = store.read(lambda db: repairable(db, odd, backends))
    assert [one.image_id for one in able] == [gone]
    store.write(lambda db: repaired(db, odd, backends))
    until(lambda: not list(folder.glob(f"{gone}*")))
    assert all(list(folder.glob(f"{name}*")) for name in (here, unknown, "strange"))
    for name in (unknown, "strange"):
        for path in folder.glob(f"{name}*"):
            path.unlink()


def test_staged_bytes_that_nobody_imports_and_late_deletions_are_told(cloud: RunningCloud, admin: Client) -> None:
    image_id = create(admin)["id"]
    assert stage(admin, image_id, b"bytes").status_code == 204
    assert kinds(cloud, image_id) == []
    age = update(locations).where(locations.c.image_id == image_id).values(created_at=OLD)
    cloud.cloud.store.write(lambda db: db.run(age))
    assert kinds(cloud, image_id) == ["stale"]

    def forgotten(db: Db) -> None:
        db.insert_numbered(deletions, image_id="late", store="no-such-store", key="k", due_at=OLD)

    cloud.cloud.store.write(forgotten)
    assert kinds(cloud, "late") == ["overdue"]
    cloud.cloud.store.write(lambda db: db.delete(deletions, image_id="late"))


@pytest.mark.parametrize("status", ["pending", "processing"])
def test_a_task_that_nobody_works_on_is_ended(cloud: RunningCloud, admin: Client, status: str) -> None:
    store, backends = cloud.cloud.store, cloud.cloud.images.backends
    image_id = create(admin)["id"]
    asker = Origin(caller=Caller(user_id="u", project_id="p"), request_id="r")
    wanted = NewTask(type="api_image_import", input={}, image_id=image_id)
    task = store.write(lambda db: tasks.create(db, wanted, asker))
    assert kinds(cloud, image_id) == []
    age = update(task_rows).where(task_rows.c.id == task.id).values(updated_at=OLD, status=status)
    store.write(lambda db: db.run(age))
    odd = found(cloud, image_id)
    assert [one.kind for one in odd] == ["task"]
    store.write(lambda db: repaired(db, odd, backends))
    assert kinds(cloud, image_id) == []
    assert show(admin, image_id)["status"] == "queued"
