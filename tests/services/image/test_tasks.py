"""Tasks: what the service does in the background, and those of type import that administrators create."""

from collections.abc import Iterator
from html import unescape
from typing import Any

import httpx
import pytest
from tests.services.image.importing import download, ended, left_of, stage, task_of
from tests.services.image.shelf import create, names, qcow2
from tests.services.image.web import OPEN, Web, web_server
from tests.services.image.wire import until
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.kernel.clock import now
from haneul.services.image.tasks import logic
from haneul.services.image.tasks.models import tasks


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    with running_cloud(image={"fetch": OPEN}) as running:
        yield running


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as server:
        yield server


def asked(uri: str, **properties: Any) -> dict[str, Any]:
    wanted = {"disk_format": "qcow2", "container_format": "bare", **properties}
    return {"type": "import", "input": {"import_from": uri, "import_from_format": "qcow2", "image_properties": wanted}}


def posted(client: Client, body: Any) -> httpx.Response:
    return client.post("image", "/v2/tasks", json=body)


def becomes(client: Client, task_id: str, status: str) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        task: dict[str, Any] = client.get("image", f"/v2/tasks/{task_id}").json()
        return task

    until(lambda: look()["status"] not in ("pending", "processing"))
    assert look()["status"] == status
    return look()


def test_a_task_makes_an_image(cloud: RunningCloud, admin: Client, web: Web) -> None:
    content = qcow2()
    answer = posted(admin, asked(web.put("/disk", content), name="by a task", visibility="public", color="red"))
    task = answer.json()
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/v2/tasks/{task['id']}")
    assert (task["status"], task["type"], task["result"], task["message"]) == ("pending", "import", None, "")
    assert (task["self"], task["schema"]) == (f"/v2/tasks/{task['id']}", "/v2/schemas/task")
    assert {"image_id", "expires_at"}.isdisjoint(task)
    assert task["request_id"] == answer.headers["x-openstack-request-id"]
    done = becomes(admin, task["id"], "success")
    assert done["expires_at"] > done["updated_at"]
    image = ended(admin, done["result"]["image_id"])
    assert (image["status"], image["name"], image["visibility"], image["size"]) == (
        "active",
        "by a task",
        "public",
        len(content),
    )
    assert image["color"] == "red"


def test_a_task_that_fails_leaves_no_image(cloud: RunningCloud, admin: Client, web: Web) -> None:
    task = posted(admin, asked(web.url("/nothing"), name="never", protected=True)).json()
    failed = becomes(admin, task["id"], "failure")
    assert (failed["message"], failed["result"]) == ("The server answers with the status 404.", None)
    assert names(admin, "name=never") == []


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"input": {}}, "Task 'type' is required"),
        ({"type": "import"}, "Task 'input' is required"),
        ({"type": "export", "input": {}}, "does not match schema 'task'"),
        ({"type": "import", "input": []}, "does not match schema 'task'"),
        ({"type": "import", "input": {}}, "Invalid location: None"),
        (asked("file:///etc/passwd"), "File based imports are not allowed."),
        (asked("swift://x/y"), "The given uri is not valid."),
        (asked("http://10.0.0.1/disk"), "URI for legacy import task does not pass filtering: http://10.0.0.1/disk"),
        ({"type": "import", "input": {"import_from": "http://127.0.0.1/"}}, "does not contain 'import_from_format'"),
        (asked("http://127.0.0.1/", disk_format="floppy"), "does not match schema 'image'"),
    ],
)
def test_a_task_that_cannot_be_is_refused(admin: Client, body: Any, sentence: str) -> None:
    answer = posted(admin, body)
    assert (answer.status_code, sentence in unescape(answer.text)) == (400, True), answer.text


def test_tasks_are_for_administrators(admin: Client, alice: Client, web: Web) -> None:
    task = posted(admin, asked(web.put("/disk", qcow2()))).json()
    becomes(admin, task["id"], "success")
    calls = (posted(alice, asked("http://127.0.0.1/")), alice.get("image", "/v2/tasks"))
    for answer in (*calls, alice.get("image", f"/v2/tasks/{task['id']}")):
        assert (answer.status_code, "not authorized to complete tasks_api_access" in answer.text) == (403, True)
    unknown = admin.get("image", "/v2/tasks/36d4b546-64a2-4bb9-bdd0-ba676aa48f2c")
    assert (unknown.status_code, "No task found with ID 36d4b546" in unknown.text) == (404, True)


def test_tasks_are_listed_by_pages(admin: Client, web: Web) -> None:
    made = [posted(admin, asked(web.put("/disk", qcow2()))).json()["id"] for _ in range(3)]
    for task_id in made:
        becomes(admin, task_id, "success")
    first = admin.get("image", "/v2/tasks?limit=2&type=import").json()
    assert [task["id"] for task in first["tasks"]] == made[:0:-1]
    assert (first["first"], first["schema"]) == ("/v2/tasks?limit=2&type=import", "/v2/schemas/tasks")
    assert set(first["tasks"][0]).isdisjoint({"input", "result", "message"})
    after = admin.get("image", first["next"]).json()
    assert after["tasks"][0]["id"] == made[0]
    forward = admin.get("image", "/v2/tasks?sort_key=status&sort_dir=asc").json()["tasks"]
    assert [task["status"] for task in forward] == sorted(task["status"] for task in forward)
    assert {one["status"] for one in admin.get("image", "/v2/tasks?status=failure").json()["tasks"]} <= {"failure"}


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("limit=x", "limit param must be an integer"),
        ("limit=-1", "limit param must be positive"),
        ("marker=x", "Invalid marker format"),
        ("sort_dir=up", "Invalid sort direction: up"),
        ("sort_key=input", "Sort key supplied is invalid: input"),
        ("status=done", "Invalid status value: done"),
        ("type=export", "Invalid type value: export"),
        ("marker=36d4b546-64a2-4bb9-bdd0-ba676aa48f2c", "36d4b546-64a2-4bb9-bdd0-ba676aa48f2c"),
    ],
)
def test_a_list_that_cannot_be_is_refused(admin: Client, query: str, sentence: str) -> None:
    answer = admin.get("image", f"/v2/tasks?{query}")
    assert (answer.status_code, sentence in unescape(answer.text)) == (400, True), answer.text


def test_an_image_tells_its_tasks_to_who_sees_it(cloud: RunningCloud, alice: Client, bob: Client, web: Web) -> None:
    image = create(alice, visibility="community")
    asked_for = download(alice, image["id"], web.put("/held", bytes(64 << 10), held=True))
    until(lambda: task_of(alice, image["id"])["status"] == "processing")
    until(lambda: bool(left_of(cloud, image["id"])))
    web.let_go.set()
    ended(alice, image["id"])
    task = task_of(alice, image["id"])
    assert (task["status"], task["request_id"]) == ("success", asked_for.headers["x-openstack-request-id"])
    assert (task["image_id"], task["result"]) == (image["id"], {"image_id": image["id"]})
    assert bob.get("image", f"/v2/images/{image['id']}/tasks").json() == {"tasks": []}
    hidden = bob.get("image", f"/v2/images/{create(alice)['id']}/tasks")
    assert (hidden.status_code, "No image found" in hidden.text) == (404, True)


def test_a_task_says_how_far_it_is(cloud: RunningCloud, alice: Client, web: Web) -> None:
    image = create(alice)
    assert download(alice, image["id"], web.put("/held", bytes(6 << 20), held=True)).status_code == 202
    until(lambda: task_of(alice, image["id"])["message"] == "Copied 3 MiB")
    web.let_go.set()
    ended(alice, image["id"])
    assert task_of(alice, image["id"])["message"] == ""


def test_ended_tasks_are_forgotten(cloud: RunningCloud, admin: Client, web: Web) -> None:
    task_id = posted(admin, asked(web.put("/disk", qcow2()))).json()["id"]
    becomes(admin, task_id, "success")
    store = cloud.cloud.store
    store.write(lambda db: db.update(tasks, {"id": task_id}, expires_at=now()))
    assert admin.get("image", f"/v2/tasks/{task_id}").status_code == 404
    assert task_id not in {task["id"] for task in admin.get("image", "/v2/tasks").json()["tasks"]}
    logic.forget_expired(store)
    assert store.read(lambda db: db.one(logic.BY_ID, id=task_id)) is None


def test_tasks_are_not_deleted_by_hand(admin: Client, alice: Client) -> None:
    assert alice.delete("image", "/v2/tasks/any").status_code == 403
    answer = admin.delete("image", "/v2/tasks/any")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
    assert "They are auto deleted after reaching the time based on their expires_at property." in answer.text


def test_tasks_are_described(admin: Client) -> None:
    one = admin.get("image", "/v2/schemas/task").json()
    many = admin.get("image", "/v2/schemas/tasks").json()
    assert (one["name"], "input" in one["properties"]) == ("task", True)
    assert (many["name"], "input" in many["properties"]["tasks"]["items"]["properties"]) == ("tasks", False)


def test_a_staged_image_has_no_task_yet(alice: Client) -> None:
    image = create(alice)
    assert stage(alice, image["id"], b"bytes").status_code == 204
    assert alice.get("image", f"/v2/images/{image['id']}/tasks").json() == {"tasks": []}
