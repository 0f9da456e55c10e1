"""Calls upon images: records, bytes, places, members, tasks, stores and the cache."""

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.laws.matrix.image_scene import BYTES, IMAGE_VISIBILITIES, NOWHERE, PATCH, Case, ImageScene, Made, named

IMAGE = "/v2/images/{image_id}"
RENAMED = [{"op": "replace", "path": "/name", "value": "renamed"}]
NO_PLACE = [{"op": "remove", "path": "/locations/0"}]
ONE_PLACE = [{"op": "add", "path": "/locations/-", "value": {"url": NOWHERE, "metadata": {}}}]
COPY = {"method": {"name": "copy-image"}, "stores": ["file2"]}
WEB_IMPORT = {"method": {"name": "web-download", "uri": NOWHERE}}
TASK = {
    "type": "import",
    "input": {"import_from": NOWHERE, "import_from_format": "raw", "image_properties": {}},
}
TASKS = ("tasks_api_access",)
SHARED = ("shared",)
BUSY = 409


def nothing(scene: ImageScene) -> Made:
    return Made()


def upon(
    body: Any = None, *, active: bool = False, query: str = "", media_type: str = "", **ids: str
) -> Callable[[str], Callable[[ImageScene], Made]]:
    """Calls upon a new image of each visibility; `ids` are what else stands in the path."""
    given = {"query": query, **({"media_type": media_type} if media_type else {})}

    def of(visibility: str) -> Callable[[ImageScene], Made]:
        def made(scene: ImageScene) -> Made:
            found = {"image_id": scene.image(visibility, active=active), **ids}
            return Made(found, body(scene) if callable(body) else body, scene.image_seen(visibility), **given)

        return made

    return of


def each(
    of: Callable[[str], Callable[[ImageScene], Made]],
    kind: str = "image",
    visibilities: tuple[str, ...] = IMAGE_VISIBILITIES,
    **options: Any,
) -> list[Case]:
    return [Case(of(visibility), visibility, kind, **options) for visibility in visibilities]


def changing_to(visibility: str) -> Callable[[str], Callable[[ImageScene], Made]]:
    return upon([{"op": "replace", "path": "/visibility", "value": visibility}], media_type=PATCH)


def membership(body: Any = None) -> Callable[[str], Callable[[ImageScene], Made]]:
    """Upon the project that a new image is shared with."""

    def of(visibility: str) -> Callable[[ImageScene], Made]:
        def made(scene: ImageScene) -> Made:
            ids = {"image_id": scene.image(visibility), "member_id": scene.member}
            return Made(ids, body, scene.image_seen(visibility))

        return made

    return of


def creating(scene: ImageScene, visibility: str, *, is_another: bool = False) -> Made:
    body = {"name": named("image"), "disk_format": "raw", "container_format": "bare", "visibility": visibility}
    owner = {"owner": scene.home} if is_another else {}
    target = {"visibility": visibility, **({"project_id": scene.home, **owner} if is_another else {})}
    return Made(body={**body, **owner}, target=target)


def task(scene: ImageScene) -> Made:
    return Made({"task_id": scene.must("POST", "/v2/tasks", TASK)["id"]})


CREATIONS = [
    Case(partial(creating, visibility="private"), "of one's own"),
    Case(partial(creating, visibility="private", is_another=True), "of the project"),
    Case(partial(creating, visibility="public"), "for everyone", also=("publicize_image",)),
    Case(partial(creating, visibility="community"), "for the community", also=("communitize_image",)),
]
CASES: dict[str, list[Case]] = {
    "add_image": CREATIONS,
    "get_image": each(upon()),
    "get_images": [Case(nothing)],
    "modify_image": each(upon(RENAMED, media_type=PATCH)),
    "delete_image": each(upon(), spends=True),
    "publicize_image": each(changing_to("public"), also=("modify_image",), spends=True),
    "communitize_image": each(changing_to("community"), also=("modify_image",), spends=True),
    "download_image": each(upon(active=True)),
    "download_from_store": each(upon(active=True, query="?prefer=file"), also=("download_image",)),
    "upload_image": each(upon(b"bytes", media_type=BYTES), spends=True),
    "set_image_location": each(upon(ONE_PLACE, media_type=PATCH), later=("Invalid location",)),
    "delete_image_location": each(upon(NO_PLACE, active=True, media_type=PATCH), later=("last location",)),
    "get_image_location": each(
        upon(active=True, store_id="file"), also=("delete_image_location",), later=("from the only store",)
    ),
    "add_image_location": each(upon({"url": NOWHERE, "validation_data": {}}), spends=True),
    "fetch_image_location": each(upon()),
    "add_member": each(upon(lambda scene: {"member": named("project")}), visibilities=SHARED, later=(BUSY,)),
    "get_member": each(membership(), "member", SHARED),
    "get_members": each(membership(), visibilities=SHARED),
    "modify_member": each(membership({"status": "accepted"}), visibilities=SHARED),
    "delete_member": each(membership(), visibilities=SHARED, spends=True),
    "deactivate": each(upon(active=True)),
    "reactivate": each(upon(active=True)),
    "copy_image": each(upon(COPY, active=True), later=(BUSY, "is already present")),
    "get_task": [Case(task, also=TASKS)],
    "get_tasks": [Case(nothing, also=TASKS)],
    # Nobody deletes a task: Glance asks its rule, and then has no such method.
    "modify_task": [Case(task, also=TASKS, later=(405,))],
    "add_task": [Case(lambda scene: Made(body=TASK), also=TASKS)],
    "cache_image": each(upon(active=True), "cached"),
    "cache_list": [Case(nothing)],
    "cache_delete": [Case(nothing)],
    "cache_clean": [Case(nothing)],
    "cache_prune": [Case(nothing)],
    "list_cached_nodes": [Case(lambda scene: Made({"image_id": scene.image("public")}), later=(BUSY,))],
    "stores_info_detail": [Case(nothing)],
}
# Calls that the table leaves out, or that differ from its rule's other ones.
CALLS: dict[tuple[str, str, str], list[Case]] = {
    ("cache_delete", "DELETE", "/v2/cache/{image_id}"): each(upon(), "cached"),
    ("tasks_api_access", "GET", "/v2/tasks/{task_id}"): CASES["get_task"],
    ("tasks_api_access", "GET", "/v2/tasks"): CASES["get_tasks"],
    ("tasks_api_access", "POST", "/v2/tasks"): CASES["add_task"],
    ("tasks_api_access", "DELETE", "/v2/tasks/{task_id}"): CASES["modify_task"],
    ("modify_image", "PUT", f"{IMAGE}/tags/{{tag}}"): each(upon(tag="a")),
    ("modify_image", "DELETE", f"{IMAGE}/tags/{{tag}}"): each(upon(tag="old"), spends=True),
    ("upload_image", "PUT", f"{IMAGE}/stage"): each(upon(b"bytes", media_type=BYTES), spends=True),
    ("modify_image", "POST", f"{IMAGE}/import"): each(upon(WEB_IMPORT), spends=True),
    ("get_image", "GET", f"{IMAGE}/tasks"): each(upon()),
}
