"""What attackers and unlucky moments bring: nothing is lost, and no request costs more than it may."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from tests.services.image.importing import download, ended, imported, left_of, stage, task_of
from tests.services.image.shelf import PATCH, change, create, show, upload, uploaded
from tests.services.image.test_recovery import again, claimed
from tests.services.image.web import OPEN, Web, web_server
from tests.services.image.wire import until
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.kernel.db import Db, Query, Store, columns_of
from haneul.kernel.operations import unfinished
from haneul.services.image.drivers.file import FileStore
from haneul.services.image.files import logic, uploads
from haneul.services.image.files.logic import Received
from haneul.services.image.images.bin import restore
from haneul.services.image.images.logic import save
from haneul.services.image.images.models import images
from haneul.services.image.images.queries import BY_ID
from haneul.services.image.imports.logic import LOCK
from haneul.services.image.locations.logic import Place, get, incoming, new_key
from haneul.services.image.locations.models import ACTIVE, Location
from haneul.services.image.transfers.logic import keep
from haneul.services.image.transfers.models import Transfer, transfers

SETTINGS = {
    "stores": {"file": {}, "second": {}, "web": {"driver": "http"}},
    "fetch": OPEN,
    "show_multiple_locations": True,
    "show_direct_url": True,
    "keep_deleted_s": 3600,
}


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    with running_cloud(image=SETTINGS) as running:
        yield running


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as server:
        yield server


def test_an_upload_that_ends_while_others_are_recovered_keeps_its_bytes(
    cloud: RunningCloud, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id, key = claimed(cloud, admin)
    draft = cloud.cloud.images.backends.default.store.open_draft(key)
    draft.write(b"whole")
    draft.keep()
    (row,) = [one for one in cloud.cloud.store.read(incoming) if one.key == key]
    look = FileStore.is_abandoned

    def looked(store: FileStore, asked: str) -> bool:
        if asked == key and show(admin, image_id)["status"] == "saving":
            received = Received(5, "md5", "sha512", "hash", 5)
            cloud.cloud.store.write(lambda db: logic.activate(db, image_id, row.id, received))
            draft.release()
        return look(store, asked)

    monkeypatch.setattr(FileStore, "is_abandoned", looked)
    again(cloud)
    assert show(admin, image_id)["status"] == "active"
    assert admin.get("image", f"/v2/images/{image_id}/file").content == b"whole"


def test_an_upload_that_is_cancelled_too_late_keeps_its_bytes(
    cloud: RunningCloud, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the cloud is stopped in that moment: the server cancels what takes too long."""
    running: list[tuple[asyncio.AbstractEventLoop, Any]] = []
    known, activate = uploads.IntakeRules, logic.activate

    def rules(*told: Any) -> Any:
        running.append((asyncio.get_running_loop(), asyncio.current_task()))
        return known(*told)

    def cancelled(db: Db, **told: Any) -> None:
        activate(db, **told)
        (loop, task), seen = running[-1], threading.Event()
        loop.call_soon_threadsafe(lambda: (task.cancel(), loop.call_later(0.02, seen.set)))
        assert seen.wait(10)

    monkeypatch.setattr(uploads, "IntakeRules", rules)
    monkeypatch.setattr(logic, "activate", cancelled)
    image = create(alice)
    upload_that_breaks(alice, image["id"])
    until(lambda: show(alice, image["id"])["status"] == "active")
    assert alice.get("image", image["file"]).content == b"whole"


def upload_that_breaks(client: Client, image_id: str) -> None:
    answer = upload(client, image_id, b"whole")
    assert answer.status_code == 500, answer.text


@pytest.mark.parametrize("bring", [upload, stage])
def test_an_image_that_gets_a_location_gets_no_other_bytes(
    cloud: RunningCloud, alice: Client, web: Web, bring: Callable[[Client, str, bytes], Any]
) -> None:
    image_id = create(alice)["id"]

    def lock(db: Db) -> None:
        """As `POST .../locations` does until the size is known."""
        image = db.one(BY_ID, id=image_id)
        assert image is not None
        save(db, image, replace(image, properties={LOCK: "task"}))

    cloud.cloud.store.write(lock)
    answer = bring(alice, image_id, b"bytes")
    assert (answer.status_code, "Image has active task" in answer.text) == (409, True), answer.text
    place = {"op": "add", "path": "/locations/-", "value": {"url": web.put("/third", b"3"), "metadata": {}}}
    answer = change(alice, image_id, place)
    assert (answer.status_code, "Image has active task" in answer.text) == (409, True), answer.text


def test_formats_that_change_under_an_import_are_not_believed(
    cloud: RunningCloud, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id = create(alice)["id"]
    assert stage(alice, image_id, b"plain bytes").status_code == 204
    keep = FileStore.open

    def opened(store: FileStore, key: str) -> Any:
        if key.startswith(image_id):
            answer = change(alice, image_id, {"op": "replace", "path": "/disk_format", "value": "qcow2"})
            assert answer.status_code == 200
        return keep(store, key)

    monkeypatch.setattr(FileStore, "open", opened)
    assert imported(alice, image_id).status_code == 202
    image = ended(alice, image_id)
    assert (image["status"], image["disk_format"]) == ("active", "raw")


def test_an_image_deleted_while_it_is_copied_comes_back_free(cloud: RunningCloud, admin: Client, web: Web) -> None:
    image_id = create(admin)["id"]
    url = web.put("/place", b"bytes", held=False)
    place = {"op": "add", "path": "/locations/-", "value": {"url": url, "metadata": {}}}
    assert change(admin, image_id, place).status_code == 200
    web.held.add("/place")
    assert imported(admin, image_id, "copy-image", stores=["second"]).status_code == 202
    assert web.holds.wait(10)
    assert admin.delete("image", f"/v2/images/{image_id}").status_code == 204
    web.let_go.set()
    web.held.clear()
    cloud.cloud.store.write(lambda db: restore(db, image_id))
    image = show(admin, image_id)
    assert (image["status"], [name for name in image if name.startswith("os_glance")]) == ("active", [])
    assert imported(admin, image_id, "copy-image", stores=["second"]).status_code == 202
    assert ended(admin, image_id)["stores"] == "web,second", task_of(admin, image_id)


def test_an_image_deleted_while_it_is_imported_does_not_come_back(cloud: RunningCloud, alice: Client) -> None:
    """Half of an import would be for ever under way."""
    image = uploaded(alice)
    cloud.cloud.store.write(lambda db: db.update(images, {"id": image["id"]}, status="importing"))
    assert alice.delete("image", f"/v2/images/{image['id']}").status_code == 204
    until(lambda: left_of(cloud, image["id"]) == [])


@pytest.mark.parametrize(
    ("name", "value", "count"), [("colour", "red", 1001), ("locations", [], 33)], ids=["any", "of locations"]
)
def test_no_request_changes_an_image_for_ever(alice: Client, name: str, value: Any, count: int) -> None:
    image_id = create(alice)["id"]
    operations = [{"op": "replace", "path": f"/{name}", "value": value}] * count
    answer = alice.patch("image", f"/v2/images/{image_id}", json=operations, headers=PATCH)
    assert (answer.status_code, f"At most {count - 1} operations" in answer.text) == (400, True), answer.text


def test_a_broken_upload_leaves_anothers_bytes_alone(cloud: RunningCloud, alice: Client) -> None:
    """SQLite gives the number of a row that is gone to the next one."""
    first, second = create(alice)["id"], create(alice)["id"]
    mine, theirs = claimed_for(cloud, first), claimed_for(cloud, second)
    for one in (mine, theirs):
        cloud.cloud.store.write(lambda db, one=one: logic.give_up(db, one.id, mine.key))
    assert [show(alice, one)["status"] for one in (first, second)] == ["queued", "saving"]
    assert cloud.cloud.store.write(lambda db: logic.give_up(db, theirs.id, theirs.key))
    assert cloud.cloud.store.write(lambda db: logic.give_up(db, theirs.id, theirs.key))


def claimed_for(cloud: RunningCloud, image_id: str) -> Location:
    place = Place("file", new_key(image_id))

    def begin(db: Db) -> Location:
        image = db.one(BY_ID, id=image_id)
        assert image is not None
        found = get(db, logic.claim(db, image, place, ACTIVE))
        assert found is not None
        return found

    return cloud.cloud.store.write(begin)


def test_a_location_that_comes_to_nothing_leaves_anothers_alone(
    cloud: RunningCloud, alice: Client, bob: Client, web: Web
) -> None:
    """The image goes while its location is read, and another one gets the number of its row."""
    url = web.put("/long", b"long bytes", held=True)
    image_id = create(alice)["id"]
    assert alice.post("image", f"/v2/images/{image_id}/locations", json={"url": url}).status_code == 202
    until(lambda: show(alice, image_id)["status"] == "active" and web.asked.count("/long") > 1)
    assert alice.delete("image", f"/v2/images/{image_id}").status_code == 204
    other = uploaded(bob, b"of another")
    web.let_go.set()
    until(lambda: not cloud.cloud.store.read(lambda db: unfinished(db, image_id)))
    assert bob.get("image", other["file"]).content == b"of another"


def test_downloads_that_hang_hold_up_nobody_else(alice: Client, bob: Client, web: Web) -> None:
    url = web.put("/hangs", b"slow" * 1000, held=True)
    image_id = create(alice)["id"]
    place = {"op": "add", "path": "/locations/-", "value": {"url": url, "metadata": {}}}
    assert change(alice, image_id, place).status_code == 200
    hanging = [threading.Thread(target=alice.get, args=("image", f"/v2/images/{image_id}/file")) for _ in range(40)]
    for one in hanging:
        one.start()
    until(lambda: web.asked.count("/hangs") > 30)
    begun = time.monotonic()
    assert uploaded(bob, b"quick")["status"] == "active"
    assert time.monotonic() - begun < 5
    web.let_go.set()
    for one in hanging:
        one.join(20)


def test_a_transfer_that_nobody_wants_is_not_taken_for_the_next_one(
    cloud: RunningCloud, alice: Client, web: Web
) -> None:
    """SQLite gives the number of a transfer that was forgotten to the next one."""
    slow, quick = create(alice)["id"], create(alice)["id"]
    assert download(alice, slow, web.put("/slow", b"slow bytes", held=True)).status_code == 202
    assert web.holds.wait(10)
    store = cloud.cloud.store
    (old,) = store.read(lambda db: of_image(db, slow))
    assert alice.delete("image", f"/v2/images/{slow}").status_code == 204
    until(lambda: not store.read(lambda db: of_image(db, slow)))
    web.holds.clear()
    assert download(alice, quick, web.put("/quick", b"quick bytes", held=True)).status_code == 202
    assert web.holds.wait(10)
    (new,) = store.read(lambda db: of_image(db, quick))
    assert (is_there(store, old), is_there(store, new)) == (False, True)
    web.let_go.set()
    assert ended(alice, quick)["status"] == "active"
    assert alice.get("image", f"/v2/images/{quick}/file").content == b"quick bytes"


def of_image(db: Db, image_id: str) -> list[Transfer]:
    return db.all(Query(Transfer, columns_of(Transfer, transfers).where(transfers.c.image_id == image_id)))


def is_there(store: Store, transfer: Transfer) -> bool:
    return store.write(lambda db: keep(db, transfer, 0))


def test_two_deletions_at_once_end_alike(cloud: RunningCloud, alice: Client) -> None:
    image_id = uploaded(alice)["id"]
    together = threading.Barrier(4)
    answers: list[int] = []

    def delete() -> None:
        together.wait()
        answers.append(alice.delete("image", f"/v2/images/{image_id}").status_code)

    deleting = [threading.Thread(target=delete) for _ in range(4)]
    for one in deleting:
        one.start()
    for one in deleting:
        one.join()
    assert sorted(answers) == [204, 404, 404, 404]
