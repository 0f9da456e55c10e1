"""Importing from the web and from other image services, copying between stores, and what is told of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

import pytest
from msgspec.structs import replace
from tests.services.image.importing import download, ended, imported, left_of, stage, task_of
from tests.services.image.shelf import create, qcow2, show, store_folder, uploaded
from tests.services.image.web import OPEN, Web, web_server
from tests.services.image.wire import until
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.kernel.db import Db
from haneul.kernel.operations import of_resource
from haneul.services.image.images.queries import BY_ID
from haneul.services.image.imports import logic
from haneul.services.image.transfers.logic import of_operation
from haneul.services.image.transfers.worker import ROOMS

METHODS = ["glance-direct", "web-download", "glance-download", "copy-image"]
STORES = {"fast": {}, "slow": {}, "web": {"driver": "http"}}
HERE = {"glance_region": "RegionOne", "glance_service_interface": "public"}
NOBODY = "36d4b546-64a2-4bb9-bdd0-ba676aa48f2c"


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    settings = {"import_methods": METHODS, "stores": STORES, "fetch": OPEN}
    with running_cloud(image=settings) as running:
        yield running


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as server:
        yield server


@contextmanager
def missing(cloud: RunningCloud, store: str) -> Iterator[None]:
    """Nothing can be put into the store."""
    folder = store_folder(cloud, store)
    away = folder.rename(folder.with_name("away"))
    try:
        yield
    finally:
        away.rename(folder)


def test_what_an_url_names_is_imported(cloud: RunningCloud, alice: Client, web: Web) -> None:
    image = create(alice, disk_format="qcow2")
    content = qcow2()
    assert download(alice, image["id"], web.put("/disk", content)).status_code == 202
    done = ended(alice, image["id"])
    assert (done["status"], done["size"], done["virtual_size"]) == ("active", len(content), 64 << 20)
    assert (done["stores"], done["os_glance_failed_import"]) == ("fast", "")
    until(lambda: len(left_of(cloud, image["id"])) == 1)
    task = task_of(alice, image["id"])
    assert (task["type"], task["status"], task["result"]) == ("api_image_import", "success", {"image_id": image["id"]})
    assert task["input"]["import_req"]["method"] == {"name": "web-download", "uri": web.url("/disk")}


def test_what_is_not_there_leaves_the_image_queued(cloud: RunningCloud, alice: Client, web: Web) -> None:
    image = create(alice)
    assert download(alice, image["id"], web.url("/nothing")).status_code == 202
    done = ended(alice, image["id"])
    assert (done["status"], done["size"], done["os_glance_failed_import"]) == ("queued", None, "fast")
    assert (task_of(alice, image["id"])["status"], left_of(cloud, image["id"])) == ("failure", [])
    assert task_of(alice, image["id"])["message"] == "The server answers with the status 404."
    assert download(alice, image["id"], web.put("/nothing", b"now it is")).status_code == 202
    again = ended(alice, image["id"])
    assert (again["status"], again["os_glance_failed_import"]) == ("active", "")


@pytest.mark.parametrize("uri", ["ftp://127.0.0.1/disk", "http://10.1.2.3/disk", "file:///etc/passwd", ""])
def test_an_url_that_may_not_be_read_is_refused(alice: Client, uri: str) -> None:
    answer = download(alice, create(alice)["id"], uri)
    assert (answer.status_code, f"URI for web-download does not pass filtering: {uri}" in unescape(answer.text)) == (
        400,
        True,
    )


def test_another_import_waits_for_its_turn(alice: Client, web: Web) -> None:
    image = create(alice)
    assert download(alice, image["id"], web.put("/held", b"bytes", held=True)).status_code == 202
    until(lambda: web.asked == ["/held"])
    again = download(alice, image["id"], web.url("/held"))
    assert (again.status_code, "needs to be in 'queued' state" in unescape(again.text)) == (409, True)
    web.let_go.set()
    assert ended(alice, image["id"])["status"] == "active"


def test_nothing_is_left_of_an_image_deleted_while_it_is_fetched(cloud: RunningCloud, alice: Client, web: Web) -> None:
    image = create(alice)
    assert download(alice, image["id"], web.put("/held", bytes(1 << 20), held=True)).status_code == 202
    until(lambda: bool(left_of(cloud, image["id"])))
    assert alice.delete("image", f"/v2/images/{image['id']}").status_code == 204
    web.let_go.set()
    until(lambda: left_of(cloud, image["id"]) == [])
    admin = cloud.login()
    until(lambda: admin.get("image", f"/v2/tasks?image_id={image['id']}").json()["tasks"][0]["status"] == "failure")


def test_staged_bytes_come_to_every_store(alice: Client) -> None:
    image = create(alice)
    assert stage(alice, image["id"], b"bytes").status_code == 204
    assert imported(alice, image["id"], all_stores=True).status_code == 202
    done = ended(alice, image["id"])
    assert (done["status"], set(done["stores"].split(","))) == ("active", {"fast", "slow"})


def test_what_is_kept_of_a_request_is_what_it_means(alice: Client) -> None:
    image = create(alice)
    assert stage(alice, image["id"], b"bytes").status_code == 204
    more = {"stores": ["slow", "slow"], "padding": "x" * 1000, "said": {"uri": "http://127.0.0.1/"}}
    assert imported(alice, image["id"], **more).status_code == 202
    ended(alice, image["id"])
    asked = task_of(alice, image["id"])["input"]["import_req"]
    assert asked == {"method": {"name": "glance-direct"}, "stores": ["slow"]}


def test_a_store_may_be_named_by_a_header(alice: Client) -> None:
    image = create(alice)
    assert stage(alice, image["id"], b"bytes").status_code == 204
    answer = imported(alice, image["id"], headers={"x-image-meta-store": "slow"})
    assert (answer.status_code, ended(alice, image["id"])["stores"]) == (202, "slow")


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"stores": ["none"]}, 409, "Unknown scheme 'none' found in URI"),
        ({"stores": ["web"]}, 409, "Unknown scheme 'web' found in URI"),
        ({"all_stores": True, "stores": ["fast"]}, 400, "All_stores parameter can't be used with"),
        ({"stores": ["fast"], "headers": {"x-image-meta-store": "fast"}}, 400, "can't be both specified"),
        ({"stores": []}, 400, "'stores' must be a list of names of stores."),
        ({"stores": "fast"}, 400, "'stores' must be a list of names of stores."),
        ({"all_stores_must_succeed": "no"}, 400, "'all_stores_must_succeed' must be boolean value only"),
    ],
)
def test_stores_that_cannot_be_are_refused(alice: Client, body: dict[str, Any], status: int, sentence: str) -> None:
    image = create(alice)
    assert stage(alice, image["id"], b"bytes").status_code == 204
    answer = imported(alice, image["id"], **body)
    assert (answer.status_code, sentence in unescape(answer.text)) == (status, True), answer.text
    assert show(alice, image["id"])["status"] == "uploading"


@pytest.mark.parametrize("must_succeed", [True, False])
def test_a_store_that_fails(cloud: RunningCloud, alice: Client, must_succeed: bool) -> None:
    image = create(alice)
    assert stage(alice, image["id"], b"bytes").status_code == 204
    with missing(cloud, "slow"):
        assert imported(alice, image["id"], all_stores=True, all_stores_must_succeed=must_succeed).status_code == 202
        done = ended(alice, image["id"])
    assert (done["os_glance_importing_to_stores"], done["os_glance_failed_import"]) == ("", "slow")
    if must_succeed:
        assert (done["status"], done["size"], "stores" in done) == ("queued", None, False)
        until(lambda: left_of(cloud, image["id"]) == [])
    else:
        assert (done["status"], done["stores"]) == ("active", "fast")
        until(lambda: len(left_of(cloud, image["id"])) == 1)


def test_an_image_is_copied_into_further_stores(cloud: RunningCloud, admin: Client) -> None:
    image = uploaded(admin, b"precious")
    assert imported(admin, image["id"], "copy-image", stores=["slow"]).status_code == 202
    done = ended(admin, image["id"])
    assert (done["status"], set(done["stores"].split(","))) == ("active", {"fast", "slow"})
    assert (done["checksum"], len(left_of(cloud, image["id"]))) == (image["checksum"], 2)
    again = imported(admin, image["id"], "copy-image", stores=["slow"])
    assert (again.status_code, "Image is already present at store 'slow'" in unescape(again.text)) == (400, True)
    assert imported(admin, image["id"], "copy-image", all_stores=True).status_code == 202
    assert "os_glance_import_task" not in show(admin, image["id"])


def test_a_copy_that_fails_leaves_the_image_active(cloud: RunningCloud, admin: Client) -> None:
    image = uploaded(admin, b"precious")
    with missing(cloud, "slow"):
        assert imported(admin, image["id"], "copy-image", all_stores=True).status_code == 202
        done = ended(admin, image["id"])
    assert (done["status"], done["stores"], done["os_glance_failed_import"]) == ("active", "fast", "slow")
    assert (done["checksum"], len(left_of(cloud, image["id"]))) == (image["checksum"], 1)
    assert task_of(admin, image["id"])["status"] == "failure"


def test_copies_are_for_administrators_and_active_images(admin: Client, alice: Client) -> None:
    image = uploaded(alice)
    refused = imported(alice, image["id"], "copy-image", stores=["slow"])
    assert (refused.status_code, "not authorized to complete copy_image" in refused.text) == (403, True)
    queued = imported(admin, create(admin)["id"], "copy-image", stores=["slow"])
    assert (queued.status_code, "Only images with status active can be targeted" in queued.text) == (409, True)


def test_others_do_not_import_into_an_image(cloud: RunningCloud, alice: Client, bob: Client) -> None:
    image = create(alice, visibility="community")
    uri = {"uri": "http://127.0.0.1/disk"}
    assert imported(bob, image["id"], "web-download", said=uri).status_code == 403
    assert imported(bob, create(alice)["id"], "web-download", said=uri).status_code == 404


def test_an_image_is_downloaded_from_an_image_service(alice: Client) -> None:
    told = {"hw_cpu_cores": "5", "trait:STORAGE_DISK_SSD": "required", "os_distro": "rhel", "speed": "88mph"}
    source = uploaded(alice, qcow2(), disk_format="qcow2", **told)
    image = create(alice, disk_format="iso", container_format="ovf", hw_cpu_cores="1", os_distro="windows", mine="yes")
    method = {**HERE, "glance_image_id": source["id"]}
    assert imported(alice, image["id"], "glance-download", said=method).status_code == 202
    done = ended(alice, image["id"])
    assert (done["status"], done["checksum"], done["disk_format"], done["container_format"]) == (
        "active",
        source["checksum"],
        "qcow2",
        "bare",
    )
    assert {name: done.get(name) for name in (*told, "mine")} == {**told, "speed": None, "mine": "yes"}
    assert task_of(alice, image["id"])["status"] == "success"


@pytest.mark.parametrize(
    ("method", "sentence"),
    [
        ({**HERE, "glance_image_id": NOBODY}, "The server answers with the status 404."),
        ({"glance_region": "no region", "glance_image_id": NOBODY}, "public glance endpoint not found for region no"),
    ],
)
def test_a_download_that_fails_changes_nothing(
    cloud: RunningCloud, alice: Client, method: dict[str, str], sentence: str
) -> None:
    image = create(alice, hw_cpu_cores="1", os_distro="windows")
    assert imported(alice, image["id"], "glance-download", said=method).status_code == 202
    done = ended(alice, image["id"])
    assert (done["status"], done["hw_cpu_cores"], done["os_distro"]) == ("queued", "1", "windows")
    task = task_of(alice, image["id"])
    assert (task["status"], sentence in task["message"]) == ("failure", True), task
    until(lambda: left_of(cloud, image["id"]) == [])


def test_what_a_download_had_changed_is_put_back(cloud: RunningCloud, alice: Client) -> None:
    source = uploaded(alice, qcow2(), disk_format="qcow2", os_distro="rhel", os_type="linux")
    image = create(alice, disk_format="iso", os_distro="windows", speed="88mph")
    method = {**HERE, "glance_image_id": source["id"]}
    with missing(cloud, "slow"):
        assert imported(alice, image["id"], "glance-download", said=method, stores=["slow"]).status_code == 202
        done = ended(alice, image["id"])
    assert (done["status"], done["disk_format"], done["size"]) == ("queued", "iso", None)
    assert (done["os_distro"], done["speed"], "os_type" in done) == ("windows", "88mph", False)
    assert done["os_glance_failed_import"] == "slow"
    until(lambda: left_of(cloud, image["id"]) == [])


@pytest.mark.parametrize(
    ("method", "sentence"),
    [
        ({"glance_image_id": NOBODY}, "'glance_region' needs to be set for glance-download import method"),
        ({"glance_region": "RegionOne"}, "'glance_image_id' needs to be set for glance-download import method"),
        ({**HERE, "glance_region": 1, "glance_image_id": NOBODY}, "'glance_region' must be a string"),
        ({**HERE, "glance_image_id": "foo"}, "Remote image id does not look like a UUID: foo"),
    ],
)
def test_a_download_of_no_image_is_refused(alice: Client, method: dict[str, str], sentence: str) -> None:
    answer = imported(alice, create(alice)["id"], "glance-download", said=method)
    assert (answer.status_code, sentence in unescape(answer.text)) == (400, True), answer.text


def test_no_token_outlives_its_use(cloud: RunningCloud, alice: Client) -> None:
    source, image = uploaded(alice), create(alice)
    method = {**HERE, "glance_image_id": source["id"]}
    assert imported(alice, image["id"], "glance-download", said=method).status_code == 202
    assert ended(alice, image["id"])["status"] == "active"
    assert "token" not in str(task_of(alice, image["id"]))
    (operation,) = cloud.cloud.store.read(lambda db: of_resource(db, image["id"]))
    assert alice.token not in str(operation)
    assert cloud.cloud.store.read(lambda db: of_operation(db, operation.id)) == []
    written = [path.read_bytes() for path in (cloud.cloud.wanted.state / "control").glob("haneul.db*")]
    assert written
    assert not [content for content in written if alice.token.encode() in content]


def test_slow_servers_hold_up_their_project_alone(alice: Client, bob: Client, web: Web) -> None:
    uri = web.put("/held", b"bytes", held=True)
    _, of_project = ROOMS["elsewhere"]
    waiting = [create(alice)["id"] for _ in range(of_project + 1)]
    for image_id in waiting:
        assert download(alice, image_id, uri).status_code == 202
    until(lambda: len(web.asked) == of_project)
    other = create(bob)
    assert download(bob, other["id"], web.put("/quick", b"bytes")).status_code == 202
    assert ended(bob, other["id"])["status"] == "active"
    image = create(alice)
    assert stage(alice, image["id"], b"bytes").status_code == 204
    assert imported(alice, image["id"]).status_code == 202
    assert ended(alice, image["id"])["status"] == "active"
    web.let_go.set()
    assert [ended(alice, image_id)["status"] for image_id in waiting] == ["active"] * len(waiting)


def test_an_operation_at_work_keeps_others_out(cloud: RunningCloud, admin: Client) -> None:
    image_id = uploaded(admin)["id"]

    def lock(db: Db) -> None:
        image = db.one(BY_ID, id=image_id)
        assert image is not None
        logic.save_surely(db, image, replace(image, properties={logic.LOCK: "a task"}))

    cloud.cloud.store.write(lock)
    answer = imported(admin, image_id, "copy-image", stores=["slow"])
    assert (answer.status_code, "Image has active task" in answer.text) == (409, True)
