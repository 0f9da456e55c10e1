"""Volumes: made of nothing, of others and of images, changed, grown, reverted and deleted."""

from collections.abc import Iterator

import pytest
from tests.services.block_storage.shelf import (
    CINDER,
    NEWEST,
    act,
    becomes,
    made,
    refusal,
    shown,
    snapshot,
    vanishes,
    volume,
)
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import simulated_host

NOBODY = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def cinder(cloud: RunningCloud) -> Iterator[Client]:
    with simulated_host(cloud):
        yield cloud.login().with_headers(OpenStack_API_Version=NEWEST)


@pytest.fixture(scope="module")
def gardener(cinder: Client, member: Client) -> Client:
    return member.with_headers(OpenStack_API_Version=NEWEST)


@pytest.fixture(scope="module")
def image(cinder: Client) -> str:
    body = {
        "name": "blank",
        "disk_format": "raw",
        "container_format": "bare",
        "min_disk": 2,
        "os_distro": "debian",
        "visibility": "public",
    }
    found = cinder.post("image", "/v2/images", json=body).json()
    headers = {"Content-Type": "application/octet-stream"}
    uploaded = cinder.put("image", f"/v2/images/{found['id']}/file", content=bytes(1 << 16), headers=headers)
    assert uploaded.status_code == 204, uploaded.text
    return str(found["id"])


@pytest.fixture(autouse=True)
def _tidy(cinder: Client) -> Iterator[None]:
    """No test leaves volumes to the next one's quota."""
    yield
    for one in cinder.get(CINDER, "/v3/volumes?all_tenants=1").json()["volumes"]:
        cinder.delete(CINDER, f"/v3/volumes/{one['id']}?cascade=true&force=true")


def asked(cinder: Client, hints: object = None, **wanted: object) -> tuple[int, str]:
    body = {"volume": wanted, **({} if hints is None else {"OS-SCH-HNT:scheduler_hints": hints})}
    return refusal(cinder.post(CINDER, "/v3/volumes", json=body))


def test_a_volume_comes_and_goes(cinder: Client) -> None:
    found = made(cinder, name=" oak ", description=" a tree ", metadata={"a": "b"})
    assert (found["status"], found["name"], found["description"]) == ("creating", "oak", "a tree")
    path = f"/v3/volumes/{found['id']}"
    becomes(cinder, path, "available")
    assert shown(cinder, path)["metadata"] == {"a": "b"}
    assert cinder.delete(CINDER, path).status_code == 202
    vanishes(cinder, path)
    assert refusal(cinder.delete(CINDER, path)) == (404, f"Volume {found['id']} could not be found.")


@pytest.mark.parametrize("size", [0, -1, "x", 1.5, True, "", 1 << 40])
def test_sizes_that_can_not_be_are_refused(cinder: Client, size: object) -> None:
    assert asked(cinder, size=size)[0] == 400


def test_requests_that_can_not_be_are_refused(cinder: Client) -> None:
    assert asked(cinder, name="x") == (
        400,
        "Invalid input received: Invalid volume size provided for create request: None (size argument must be an "
        "integer (or string representation of an integer) and greater than zero).",
    )
    assert asked(cinder, size=1, source_volid=NOBODY) == (404, f"Volume {NOBODY} could not be found.")
    assert asked(cinder, size=1, source_volid=NOBODY, imageRef=NOBODY)[0] == 400
    assert asked(cinder, size=1, nonsense=1)[0] == 400
    assert asked(cinder, size=1, metadata={"a": 1})[0] == 400
    assert asked(cinder, size=1, metadata={"x" * 256: ""})[0] == 400
    assert asked(cinder, size=1, name="x" * 256)[0] == 400
    assert asked(cinder, size=1, imageRef=NOBODY) == (
        400,
        "Invalid image identifier or unable to access requested image.",
    )
    former = cinder.with_headers(OpenStack_API_Version="volume 3.52")
    assert former.post(CINDER, "/v3/volumes", json={"volume": {"size": 1, "nonsense": 1}}).status_code == 202


def test_a_copy_is_as_large_as_its_source_and_independent(cinder: Client) -> None:
    whole = volume(cinder, size=2)
    act(cinder, f"/v3/volumes/{whole}/action", "os-set_bootable", bootable="true")
    act(cinder, f"/v3/volumes/{whole}/action", "os-set_image_metadata", metadata={"os_distro": "debian"})
    copy = volume(cinder, source_volid=whole)
    found = shown(cinder, f"/v3/volumes/{copy}")
    assert (found["size"], found["source_volid"], found["bootable"]) == (2, whole, "true")
    assert found["volume_image_metadata"] == {"os_distro": "debian"}
    assert asked(cinder, source_volid=whole, size=1) == (
        400,
        "Invalid input received: Volume size '1'GB cannot be smaller than original volume size  2GB. They must be >= "
        "original volume size.",
    )
    act(cinder, f"/v3/volumes/{whole}/action", "os-reset_status", status="error")
    assert asked(cinder, source_volid=whole) == (
        400,
        "Invalid volume: Originating source volume status must be one of 'available, in-use' values",
    )
    assert cinder.delete(CINDER, f"/v3/volumes/{whole}").status_code == 202
    vanishes(cinder, f"/v3/volumes/{whole}")
    assert shown(cinder, f"/v3/volumes/{copy}")["status"] == "available"


def test_a_volume_of_an_image_remembers_it(cinder: Client, image: str) -> None:
    found = shown(cinder, f"/v3/volumes/{volume(cinder, size=2, imageRef=image)}")
    assert found["bootable"] == "true"
    kept = found["volume_image_metadata"]
    assert (kept["image_id"], kept["os_distro"], kept["min_disk"]) == (image, "debian", "2")
    assert asked(cinder, size=1, imageRef=image)[0] == 400


def test_hints_are_kept_or_refused(cinder: Client) -> None:
    whole = volume(cinder)
    near = made_with(cinder, {"same_host": [whole], "unknown": "x"})
    becomes(cinder, f"/v3/volumes/{near}", "available")
    apart = made_with(cinder, {"different_host": whole})
    becomes(cinder, f"/v3/volumes/{apart}", "error")
    lost = made_with(cinder, {"same_host": NOBODY})
    becomes(cinder, f"/v3/volumes/{lost}", "error")
    assert asked(cinder, {"same_host": ["x"]}, size=1)[0] == 400
    assert asked(cinder, {"different_host": whole}, source_volid=whole) == (
        400,
        "Invalid input received: the scheduler hints exclude the back end of the volume's source.",
    )
    assert asked(cinder, {"local_to_instance": NOBODY}, size=1)[0] == 501
    assert asked(cinder, {"query": "[]"}, size=1)[0] == 501


def made_with(cinder: Client, hints: object) -> str:
    body = {"volume": {"size": 1}, "OS-SCH-HNT:scheduler_hints": hints}
    answer = cinder.post(CINDER, "/v3/volumes", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["volume"]["id"])


def test_names_descriptions_and_metadata_change(cinder: Client) -> None:
    path = f"/v3/volumes/{volume(cinder, name='oak')}"
    answer = cinder.put(CINDER, path, json={"volume": {"name": " elm ", "metadata": {"a": "b"}}})
    assert (answer.status_code, answer.json()["volume"]["name"]) == (200, "elm")
    assert shown(cinder, path)["metadata"] == {"a": "b"}
    assert cinder.put(CINDER, path, json={"volume": {"display_description": "x"}}).status_code == 200
    assert shown(cinder, path)["description"] == "x"
    assert cinder.put(CINDER, path, json={"volume": {"size": 3}}).status_code == 400
    act(cinder, f"{path}/action", "os-reset_status", status="maintenance")
    assert refusal(cinder.put(CINDER, path, json={"volume": {"name": "x"}})) == (
        400,
        "Invalid volume: The volume cannot be updated during maintenance.",
    )


def test_metadata_are_read_and_written(cinder: Client) -> None:
    volume_id = volume(cinder, metadata={"a": "b"})
    path = f"/v3/volumes/{volume_id}/metadata"
    read = cinder.get(CINDER, path)
    assert read.json() == {"metadata": {"a": "b"}}
    tag = read.headers["ETag"]
    added = cinder.post(CINDER, path, json={"metadata": {"c": "d"}})
    assert (added.status_code, added.json()) == (200, {"metadata": {"a": "b", "c": "d"}})
    stale = cinder.put(CINDER, path, json={"metadata": {}}, headers={"If-Match": tag})
    assert stale.status_code == 412
    one = cinder.put(CINDER, f"{path}/c", json={"meta": {"c": "e"}})
    assert (one.status_code, one.json()) == (200, {"meta": {"c": "e"}})
    assert cinder.get(CINDER, f"{path}/c").json() == {"meta": {"c": "e"}}
    assert refusal(cinder.put(CINDER, f"{path}/c", json={"meta": {"x": "e"}})) == (400, "Request body and URI mismatch")
    assert cinder.put(CINDER, f"{path}/c", json={"meta": {}}).status_code == 400
    missing = (404, f"Volume {volume_id} has no metadata with key x.")
    assert refusal(cinder.get(CINDER, f"{path}/x")) == missing
    assert refusal(cinder.delete(CINDER, f"{path}/x")) == missing
    assert cinder.delete(CINDER, f"{path}/c").status_code == 200
    replaced = cinder.put(CINDER, path, json={"metadata": {"x": ""}})
    assert (replaced.status_code, replaced.json()) == (200, {"metadata": {"x": ""}})
    many = {f"k{number}": "" for number in range(128)}
    assert refusal(cinder.post(CINDER, path, json={"metadata": many}))[0] == 400
    act(cinder, f"/v3/volumes/{volume_id}/action", "os-reset_status", status="uploading")
    assert refusal(cinder.put(CINDER, path, json={"metadata": {}})) == (
        400,
        "Invalid volume: Updating volume metadata is not allowed for volumes in uploading status.",
    )
    assert refusal(cinder.delete(CINDER, f"{path}/x")) == (
        400,
        "Invalid volume: Deleting volume metadata is not allowed for volumes in uploading status.",
    )


def test_a_volume_grows_and_never_shrinks(cinder: Client) -> None:
    volume_id = volume(cinder)
    path = f"/v3/volumes/{volume_id}"
    assert act(cinder, f"{path}/action", "os-extend", new_size="3").status_code == 202
    becomes(cinder, path, "available")
    assert shown(cinder, path)["size"] == 3
    assert refusal(act(cinder, f"{path}/action", "os-extend", new_size=2)) == (
        400,
        "Invalid input received: New size for extend must be greater than current size. (current: 3, extended: 2).",
    )
    for size in (0, "x", None, 1 << 31):
        assert act(cinder, f"{path}/action", "os-extend", new_size=size).status_code == 400
    act(cinder, f"{path}/action", "os-reset_status", status="error")
    assert refusal(act(cinder, f"{path}/action", "os-extend", new_size=4)) == (
        400,
        f"Invalid volume: Volume {volume_id} status must be '{{'status': 'available'}}' to extend, currently error.",
    )


def test_states_are_said_by_administrators(cinder: Client, gardener: Client) -> None:
    path = f"/v3/volumes/{volume(cinder)}"
    assert act(cinder, f"{path}/action", "os-reset_status", status="ERROR", attach_status="detached").status_code == 202
    assert shown(cinder, path)["status"] == "error"
    act(cinder, f"{path}/action", "os-reset_status", migration_status="migrating")
    assert shown(cinder, path)["migration_status"] == "migrating"
    assert refusal(cinder.delete(CINDER, path))[0] == 400
    act(cinder, f"{path}/action", "os-reset_status", migration_status="none")
    assert shown(cinder, path)["migration_status"] is None
    for wrong in ({"status": "odd"}, {"attach_status": "odd"}, {"migration_status": "odd"}, {}, {"status": "deleting"}):
        assert act(cinder, f"{path}/action", "os-reset_status", **wrong).status_code == 400
    assert refusal(act(cinder, f"{path}/action", "os-reset_status", status="in-use")) == (
        400,
        "Cannot reset-state to in-use because volume does not have any attachments.",
    )
    assert act(cinder, f"{path}/action", "os-reset_status", attach_status="attached").status_code == 501
    own = f"/v3/volumes/{volume(gardener)}"
    assert act(gardener, f"{own}/action", "os-reset_status", status="error").status_code == 403
    assert act(gardener, f"{own}/action", "os-force_delete").status_code == 403
    assert gardener.delete(CINDER, f"{own}?force=true").status_code == 403
    assert act(cinder, f"{own}/action", "os-force_delete").status_code == 202
    vanishes(gardener, own)


def test_flags_are_set_and_shown(cinder: Client) -> None:
    path = f"/v3/volumes/{volume(cinder)}"
    assert act(cinder, f"{path}/action", "os-set_bootable", bootable="yes").status_code == 200
    assert shown(cinder, path)["bootable"] == "true"
    assert act(cinder, f"{path}/action", "os-set_bootable", bootable="maybe").status_code == 400
    for flag in (True, False):
        assert act(cinder, f"{path}/action", "os-update_readonly_flag", readonly=flag).status_code == 202
        assert shown(cinder, path)["metadata"] == {"readonly": str(flag)}
    act(cinder, f"{path}/action", "os-reset_status", status="error")
    assert refusal(act(cinder, f"{path}/action", "os-update_readonly_flag", readonly=True))[0] == 400


def test_what_is_kept_of_the_image_changes(cinder: Client) -> None:
    volume_id = volume(cinder)
    path = f"/v3/volumes/{volume_id}"
    answer = act(cinder, f"{path}/action", "os-set_image_metadata", metadata={"a": "b", "c": "d"})
    assert (answer.status_code, answer.json()) == (200, {"metadata": {"a": "b", "c": "d"}})
    assert act(cinder, f"{path}/action", "os-unset_image_metadata", key="a").status_code == 200
    assert act(cinder, f"{path}/action", "os-show_image_metadata").json() == {"metadata": {"c": "d"}}
    assert refusal(act(cinder, f"{path}/action", "os-unset_image_metadata", key="a")) == (
        404,
        f"Glance metadata for volume/snapshot {volume_id} cannot be found.",
    )


def test_a_volume_goes_back_to_its_newest_snapshot(cinder: Client) -> None:
    volume_id = volume(cinder)
    path = f"/v3/volumes/{volume_id}"
    assert refusal(act(cinder, f"{path}/action", "revert", snapshot_id=NOBODY)) == (
        400,
        f"Volume {volume_id} doesn't have any snapshots.",
    )
    older, newest = snapshot(cinder, volume_id), snapshot(cinder, volume_id)
    assert act(cinder, f"{path}/action", "revert", snapshot_id=newest).status_code == 202
    becomes(cinder, path, "available")
    assert shown(cinder, f"/v3/snapshots/{newest}")["status"] == "available"
    assert refusal(act(cinder, f"{path}/action", "revert", snapshot_id=older)) == (
        400,
        f"Specified snapshot {older} is None or not the latest one of volume {volume_id}.",
    )
    act(cinder, f"{path}/action", "os-reset_status", status="error")
    assert refusal(act(cinder, f"{path}/action", "revert", snapshot_id=newest)) == (
        409,
        f"Invalid volume: Can't revert volume {volume_id} to its latest snapshot {newest}. Volume's status must be "
        "'available'.",
    )
    act(cinder, f"{path}/action", "os-reset_status", status="available")
    act(cinder, f"/v3/snapshots/{newest}/action", "os-reset_status", status="error")
    assert refusal(act(cinder, f"{path}/action", "revert", snapshot_id=newest))[0] == 409
    act(cinder, f"{path}/action", "os-extend", new_size=2)
    becomes(cinder, path, "available")
    assert refusal(act(cinder, f"{path}/action", "revert", snapshot_id=newest))[0] == 400


def test_what_was_never_made_can_only_be_deleted(cinder: Client) -> None:
    whole = volume(cinder)
    lost = made_with(cinder, {"different_host": whole})
    path = f"/v3/volumes/{lost}"
    becomes(cinder, path, "error")
    act(cinder, f"{path}/action", "os-reset_status", status="available")
    sentence = f"Invalid volume: Volume {lost} is on no host, and can only be deleted."
    assert refusal(act(cinder, f"{path}/action", "os-extend", new_size=2)) == (400, sentence)
    assert asked(cinder, source_volid=lost) == (400, sentence)
    assert refusal(cinder.post(CINDER, "/v3/snapshots", json={"snapshot": {"volume_id": lost}})) == (
        400,
        "Invalid volume: The snapshot cannot be created because volume has not been scheduled to any host.",
    )
    assert cinder.delete(CINDER, path).status_code == 202
    vanishes(cinder, path)


def test_other_projects_see_nothing(cinder: Client, gardener: Client) -> None:
    volume_id = volume(cinder)
    path = f"/v3/volumes/{volume_id}"
    missing = (404, f"Volume {volume_id} could not be found.")
    assert refusal(gardener.get(CINDER, path)) == missing
    assert refusal(gardener.put(CINDER, path, json={"volume": {"name": "x"}})) == missing
    assert refusal(gardener.delete(CINDER, path)) == missing
    assert refusal(gardener.get(CINDER, f"{path}/metadata")) == missing
    assert refusal(act(gardener, f"{path}/action", "os-extend", new_size=2)) == missing
    own = shown(gardener, f"/v3/volumes/{volume(gardener)}")
    assert own.keys() & {"os-vol-host-attr:host", "migration_status", "provider_id"} == set()


def test_what_no_back_end_takes_is_in_error(cinder: Client) -> None:
    found = made(cinder, size=1, availability_zone="nova")
    assert asked(cinder, size=1, availability_zone="mars")[0] == 400
    becomes(cinder, f"/v3/volumes/{found['id']}", "available")
