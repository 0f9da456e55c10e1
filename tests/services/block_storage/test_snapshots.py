"""Snapshots of volumes: made, shown, changed, deleted, and what depends on them."""

from collections.abc import Iterator

import pytest
from tests.services.block_storage.shelf import CINDER, NEWEST, act, becomes, refusal, shown, snapshot, vanishes, volume
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually, simulated_host


@pytest.fixture(scope="module")
def cinder(cloud: RunningCloud) -> Iterator[Client]:
    with simulated_host(cloud):
        yield cloud.login().with_headers(OpenStack_API_Version=NEWEST)


@pytest.fixture(scope="module")
def gardener(cinder: Client, member: Client) -> Client:
    return member.with_headers(OpenStack_API_Version=NEWEST)


@pytest.fixture(scope="module")
def volume_id(cinder: Client) -> str:
    return volume(cinder, name="whole", size=2)


@pytest.fixture(scope="module")
def snapshot_id(cinder: Client, volume_id: str) -> str:
    return snapshot(cinder, volume_id, name=" first ", description="a moment", metadata={"a": "b"})


def asked(cinder: Client, **wanted: object) -> tuple[int, str]:
    return refusal(cinder.post(CINDER, "/v3/snapshots", json={"snapshot": wanted}))


def ids(cinder: Client, query: str, detail: str = "") -> list[str]:
    answer = cinder.get(CINDER, f"/v3/snapshots{detail}?{query}")
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["snapshots"]]


def test_a_snapshot_is_of_a_moment(cinder: Client, volume_id: str, snapshot_id: str) -> None:
    found = shown(cinder, f"/v3/snapshots/{snapshot_id}")
    project = found.pop("os-extended-snapshot-attributes:project_id")
    assert found.pop("created_at") < found.pop("updated_at")
    assert found.pop("user_id")
    assert found == {
        "id": snapshot_id,
        "name": "first",
        "description": "a moment",
        "volume_id": volume_id,
        "status": "available",
        "size": 2,
        "metadata": {"a": "b"},
        "group_snapshot_id": None,
        "consumes_quota": True,
        "os-extended-snapshot-attributes:progress": "100%",
    }
    assert project == shown(cinder, f"/v3/volumes/{volume_id}")["os-vol-tenant-attr:tenant_id"]


def test_older_versions_show_less(cloud: RunningCloud, cinder: Client, snapshot_id: str) -> None:
    oldest = cinder.with_headers(OpenStack_API_Version="volume 3.0")
    found = shown(oldest, f"/v3/snapshots/{snapshot_id}")
    assert found.keys() & {"group_snapshot_id", "user_id", "consumes_quota"} == set()


def test_what_is_asked_for_is_answered_as_creating(cinder: Client, volume_id: str) -> None:
    answer = cinder.post(CINDER, "/v3/snapshots", json={"snapshot": {"volume_id": volume_id, "display_name": "x"}})
    made = answer.json()["snapshot"]
    assert (answer.status_code, made["status"], made["name"]) == (202, "creating", "x")
    becomes(cinder, f"/v3/snapshots/{made['id']}", "available")
    assert cinder.delete(CINDER, f"/v3/snapshots/{made['id']}").status_code == 202
    vanishes(cinder, f"/v3/snapshots/{made['id']}")


def test_requests_that_can_not_be_are_refused(cinder: Client, volume_id: str) -> None:
    nobody = "11111111-2222-3333-4444-555555555555"
    assert asked(cinder, volume_id=nobody) == (404, f"Volume {nobody} could not be found.")
    assert asked(cinder, name="x")[0] == 400
    assert asked(cinder, volume_id="x")[0] == 400
    assert asked(cinder, volume_id=volume_id, name="x" * 256)[0] == 400
    assert asked(cinder, volume_id=volume_id, force="maybe")[0] == 400
    assert asked(cinder, volume_id=volume_id, metadata={"": "x"})[0] == 400
    assert asked(cinder, volume_id=volume_id, metadata={"x": "y" * 256})[0] == 400
    many = {str(number): "" for number in range(129)}
    assert asked(cinder, volume_id=volume_id, metadata=many)[0] == 400
    status, sentence = asked(cinder, volume_id=volume_id, force=False)
    assert (status, sentence[:66]) == (400, "Since microversion 3.66 the 'force' flag is invalid for this reque")


def test_only_a_volume_that_stands_still_has_snapshots_made(cinder: Client) -> None:
    busy = volume(cinder)
    path = f"/v3/volumes/{busy}"
    former = cinder.with_headers(OpenStack_API_Version="volume 3.65")
    act(cinder, f"{path}/action", "os-reset_status", status="maintenance")
    assert asked(cinder, volume_id=busy) == (
        400,
        "Invalid volume: The snapshot cannot be created when the volume is in maintenance mode.",
    )
    act(cinder, f"{path}/action", "os-reset_status", status="error")
    assert asked(cinder, volume_id=busy) == (
        400,
        "Invalid volume: The snapshot cannot be created when the volume is in error status.",
    )
    act(cinder, f"{path}/action", "os-reset_status", status="uploading")
    current = f"Invalid volume: Volume {busy} status must be %s, but current status is: uploading."
    assert asked(former, volume_id=busy) == (400, current % "available")
    assert asked(former, volume_id=busy, force=True) == (400, current % "available, in-use")
    assert asked(cinder, volume_id=busy, force=True) == (400, current % "available, in-use")
    act(cinder, f"{path}/action", "os-reset_status", status="available", migration_status="migrating")
    assert asked(cinder, volume_id=busy) == (
        400,
        "Invalid volume: Snapshot cannot be created while volume is migrating.",
    )


def test_lists_are_filtered_sorted_paged_and_counted(cinder: Client, volume_id: str, snapshot_id: str) -> None:
    other = volume(cinder)
    later = snapshot(cinder, other, name="second", metadata={"a": "c"})
    assert ids(cinder, "sort=created_at:asc") == [snapshot_id, later]
    assert ids(cinder, "") == [later, snapshot_id]
    assert ids(cinder, "sort_key=name&sort_dir=asc") == [snapshot_id, later]
    assert ids(cinder, f"volume_id={other}", "/detail") == [later]
    assert ids(cinder, "name=first") == [snapshot_id]
    assert ids(cinder, "name~=con") == [later]
    assert ids(cinder, "status=available&availability_zone=nova&limit=1&offset=1") == [snapshot_id]
    assert ids(cinder, "availability_zone=mars") == []
    assert ids(cinder, "metadata={'a':'b'}") == [snapshot_id]
    assert ids(cinder, "metadata=x") == []
    assert ids(cinder, "nonsense=x") == []
    page = cinder.get(CINDER, "/v3/snapshots/detail?limit=1&with_count=true").json()
    assert page["count"] == 2
    assert page["snapshots_links"][0]["rel"] == "next"
    assert f"marker={later}" in page["snapshots_links"][0]["href"]
    assert ids(cinder, f"limit=1&marker={later}") == [snapshot_id]
    assert refusal(cinder.get(CINDER, "/v3/snapshots?marker=x")) == (404, "Snapshot x could not be found.")
    assert refusal(cinder.get(CINDER, "/v3/snapshots?sort=x"))[0] == 400


def test_other_projects_see_nothing(gardener: Client, cinder: Client, snapshot_id: str) -> None:
    path = f"/v3/snapshots/{snapshot_id}"
    missing = (404, f"Snapshot {snapshot_id} could not be found.")
    assert ids(gardener, "") == []
    assert refusal(gardener.get(CINDER, path)) == missing
    assert refusal(gardener.put(CINDER, path, json={"snapshot": {"name": "x"}})) == missing
    assert refusal(gardener.delete(CINDER, path)) == missing
    assert refusal(gardener.get(CINDER, "/v3/snapshots?project_id=x")) == (
        400,
        "Invalid filters project_id are found in query options.",
    )
    own = snapshot(gardener, volume(gardener))
    assert own in ids(cinder, "all_tenants=1")
    assert own not in ids(cinder, "")
    assert act(gardener, f"/v3/snapshots/{own}/action", "os-reset_status", status="error").status_code == 403


def test_names_and_descriptions_change(cinder: Client, snapshot_id: str) -> None:
    path = f"/v3/snapshots/{snapshot_id}"
    answer = cinder.put(CINDER, path, json={"snapshot": {"name": "first", "display_description": None}})
    assert (answer.status_code, answer.json()["snapshot"]["description"]) == (200, None)
    assert cinder.put(CINDER, path, json={"snapshot": {}}).status_code == 400
    assert cinder.put(CINDER, path, json={"snapshot": {"size": 1}}).status_code == 400


def test_metadata_are_read_and_written(cinder: Client, snapshot_id: str) -> None:
    path = f"/v3/snapshots/{snapshot_id}/metadata"
    assert cinder.get(CINDER, path).json() == {"metadata": {"a": "b"}}
    added = cinder.post(CINDER, path, json={"metadata": {"c": "d"}})
    assert (added.status_code, added.json()) == (200, {"metadata": {"a": "b", "c": "d"}})
    one = cinder.put(CINDER, f"{path}/c", json={"meta": {"c": "e"}})
    assert (one.status_code, one.json()) == (200, {"meta": {"c": "e"}})
    assert cinder.get(CINDER, f"{path}/c").json() == {"meta": {"c": "e"}}
    assert refusal(cinder.put(CINDER, f"{path}/c", json={"meta": {"x": "e"}})) == (400, "Request body and URI mismatch")
    assert cinder.put(CINDER, f"{path}/c", json={"meta": {"c": "e", "x": "y"}}).status_code == 400
    missing = (404, f"Snapshot {snapshot_id} has no metadata with key x.")
    assert refusal(cinder.get(CINDER, f"{path}/x")) == missing
    assert refusal(cinder.delete(CINDER, f"{path}/x")) == missing
    assert cinder.delete(CINDER, f"{path}/c").status_code == 200
    replaced = cinder.put(CINDER, path, json={"metadata": {"a": "b"}})
    assert (replaced.status_code, replaced.json()) == (200, {"metadata": {"a": "b"}})


def test_states_are_said_by_administrators_and_progress_by_owners(cinder: Client) -> None:
    made = snapshot(cinder, volume(cinder))
    path = f"/v3/snapshots/{made}"
    assert refusal(act(cinder, f"{path}/action", "os-reset_status", status="odd"))[0] == 400
    assert act(cinder, f"{path}/action", "os-reset_status", status="Creating").status_code == 202
    assert (
        act(cinder, f"{path}/action", "os-update_snapshot_status", status="creating", progress="42%").status_code == 202
    )
    assert shown(cinder, path)["os-extended-snapshot-attributes:progress"] == "42%"
    assert refusal(act(cinder, f"{path}/action", "os-update_snapshot_status", status="deleting")) == (
        400,
        "Provided snapshot status deleting not allowed for snapshot with status creating.",
    )
    assert act(cinder, f"{path}/action", "os-update_snapshot_status", status="error").status_code == 202
    assert refusal(act(cinder, f"{path}/action", "os-update_snapshot_status", status="error")) == (
        400,
        "Snapshot status error not allowed for update_snapshot_status",
    )
    act(cinder, f"{path}/action", "os-reset_status", status="backing-up")
    assert refusal(cinder.delete(CINDER, path)) == (
        400,
        "Invalid snapshot: Snapshot status must be available or error and must not be part of a group.",
    )
    assert act(cinder, f"{path}/action", "os-force_delete").status_code == 202
    vanishes(cinder, path)


def test_a_volume_of_a_snapshot_is_independent(cinder: Client) -> None:
    whole = volume(cinder, size=2)
    made = snapshot(cinder, whole)
    copy = volume(cinder, snapshot_id=made)
    found = shown(cinder, f"/v3/volumes/{copy}")
    assert (found["size"], found["snapshot_id"], found["source_volid"]) == (2, made, None)
    assert cinder.delete(CINDER, f"/v3/snapshots/{made}").status_code == 202
    vanishes(cinder, f"/v3/snapshots/{made}")
    assert cinder.delete(CINDER, f"/v3/volumes/{whole}").status_code == 202
    vanishes(cinder, f"/v3/volumes/{whole}")
    assert shown(cinder, f"/v3/volumes/{copy}")["status"] == "available"


def test_volumes_that_no_snapshot_can_be_are_refused(cinder: Client, snapshot_id: str) -> None:
    def made_of(**wanted: object) -> tuple[int, str]:
        return refusal(cinder.post(CINDER, "/v3/volumes", json={"volume": wanted}))

    assert made_of(snapshot_id=snapshot_id, size=1) == (
        400,
        "Invalid input received: Volume size '1'GB cannot be smaller than the snapshot size 2GB. They must be >= "
        "original snapshot size.",
    )
    assert made_of(snapshot_id="x") == (404, "Snapshot x could not be found.")
    busy = snapshot(cinder, volume(cinder))
    act(cinder, f"/v3/snapshots/{busy}/action", "os-reset_status", status="deleting")
    assert made_of(snapshot_id=busy) == (
        400,
        "Invalid snapshot: Originating snapshot status must be one of 'available' values",
    )


def test_a_volume_goes_with_its_snapshots_only_if_asked(cinder: Client) -> None:
    whole = volume(cinder)
    made = snapshot(cinder, whole)
    path = f"/v3/volumes/{whole}"
    sentence = (
        "Invalid volume: Volume status must be available or error or error_restoring or error_extending or "
        "error_managing and must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, "
        "or be disassociated from snapshots after volume transfer."
    )
    assert refusal(cinder.delete(CINDER, path)) == (400, sentence)
    act(cinder, f"/v3/snapshots/{made}/action", "os-reset_status", status="backing-up")
    assert refusal(cinder.delete(CINDER, f"{path}?cascade=true")) == (400, sentence)
    assert refusal(cinder.delete(CINDER, f"{path}?cascade=maybe")) == (
        400,
        "Value 'maybe' for 'cascade' is not a boolean.",
    )
    assert refusal(cinder.delete(CINDER, f"{path}?force=true"))[0] == 400
    assert cinder.delete(CINDER, f"{path}?cascade=true&force=true").status_code == 202
    vanishes(cinder, path)
    assert cinder.get(CINDER, f"/v3/snapshots/{made}").status_code == 404


def test_what_a_host_can_not_snapshot_leaves_the_volume_as_it_was(cloud: RunningCloud, cinder: Client) -> None:
    whole = volume(cinder)
    record = cloud.cloud.wanted.state / "host-1" / "agent" / "volumes" / "file" / f"{whole}.json"
    ours = record.read_text()
    record.write_text(ours.replace(cloud.cloud.cloud_id, "another-cloud"))
    made = cinder.post(CINDER, "/v3/snapshots", json={"snapshot": {"volume_id": whole}}).json()["snapshot"]["id"]
    becomes(cinder, f"/v3/snapshots/{made}", "error")
    assert shown(cinder, f"/v3/volumes/{whole}")["status"] == "available"
    record.write_text(ours)
    assert cinder.delete(CINDER, f"/v3/snapshots/{made}").status_code == 202
    vanishes(cinder, f"/v3/snapshots/{made}")
    assert snapshot(cinder, whole)


def test_many_at_once_are_made_one_after_another(cinder: Client) -> None:
    whole = volume(cinder)
    made = [
        cinder.post(CINDER, "/v3/snapshots", json={"snapshot": {"volume_id": whole}}).json()["snapshot"]["id"]
        for _ in range(4)
    ]
    for one in made[:2]:
        act(cinder, f"/v3/snapshots/{one}/action", "os-force_delete")
    eventually(lambda: sorted(ids(cinder, f"volume_id={whole}")) == sorted(made[2:]))
    eventually(lambda: sorted(ids(cinder, f"volume_id={whole}&status=available")) == sorted(made[2:]))
