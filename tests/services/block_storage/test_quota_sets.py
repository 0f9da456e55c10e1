"""What projects may have of volumes and snapshots: limits, classes, use, and refusals."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually, simulated_host

DEFAULTS = {
    "volumes": 10,
    "per_volume_gigabytes": -1,
    "snapshots": 10,
    "gigabytes": 1000,
    "backups": 10,
    "backup_gigabytes": 1000,
    "groups": 10,
    "volumes___DEFAULT__": -1,
    "gigabytes___DEFAULT__": -1,
    "snapshots___DEFAULT__": -1,
}


@pytest.fixture(scope="module", autouse=True)
def host(cloud: RunningCloud) -> Iterator[None]:
    with simulated_host(cloud):
        yield


@pytest.fixture(scope="module")
def newest(admin: Client) -> Client:
    return admin.with_headers(OpenStack_API_Version="volume 3.71")


@pytest.fixture(scope="module")
def gardener(member: Client) -> Client:
    return member.with_headers(OpenStack_API_Version="volume 3.71")


@pytest.fixture(scope="module")
def garden(admin: Client, gardener: Client) -> str:
    """The gardener's project."""
    (found,) = admin.get("identity", "/v3/projects", params={"name": "garden"}).json()["projects"]
    project_id: str = found["id"]
    return project_id


@pytest.fixture(autouse=True)
def as_at_first(newest: Client, garden: str) -> Iterator[None]:
    yield
    assert newest.delete("block-storage", path(garden)).status_code == 200
    newest.put("block-storage", CLASS, json={"quota_class_set": dict(DEFAULTS)})


CLASS = "/v3/os-quota-class-sets/default"


def path(project_id: str, rest: str = "") -> str:
    return f"/v3/os-quota-sets/{project_id}{rest}"


def put(client: Client, project_id: str, **limits: object) -> Any:
    return client.put("block-storage", path(project_id), json={"quota_set": limits})


def message(answer: Any) -> str:
    (fault,) = answer.json().values()
    text: str = fault["message"]
    return text


def made(client: Client, size: int, **wanted: object) -> str:
    answer = client.post("block-storage", "/v3/volumes", json={"volume": {"size": size, **wanted}})
    assert answer.status_code == 202, answer.text
    volume_id: str = answer.json()["volume"]["id"]
    eventually(
        lambda: client.get("block-storage", f"/v3/volumes/{volume_id}").json()["volume"]["status"] == "available"
    )
    return volume_id


def gone(client: Client, volume_id: str) -> None:
    eventually(lambda: client.delete("block-storage", f"/v3/volumes/{volume_id}").status_code in (202, 404))
    eventually(lambda: client.get("block-storage", f"/v3/volumes/{volume_id}").status_code == 404)


def refused(client: Client, size: int) -> tuple[int, str]:
    answer = client.post("block-storage", "/v3/volumes", json={"volume": {"size": size}})
    return answer.status_code, message(answer)


def test_a_project_has_the_default_quotas_until_it_gets_its_own(newest: Client, garden: str) -> None:
    shown = newest.get("block-storage", path(garden)).json()
    assert shown == {"quota_set": {"id": garden, **DEFAULTS}}
    assert newest.get("block-storage", path(garden, "/defaults")).json() == shown
    changed = put(newest, garden, volumes="4", gigabytes=-1, volumes___DEFAULT__=2, id=garden, tenant_id=garden)
    assert changed.status_code == 200
    assert changed.json()["quota_set"] == {**DEFAULTS, "volumes": 4, "gigabytes": -1, "volumes___DEFAULT__": 2}
    assert newest.get("block-storage", path(garden, "/defaults")).json() == shown
    assert newest.delete("block-storage", path(garden)).status_code == 200
    assert newest.get("block-storage", path(garden)).json() == shown


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"volumes": -2}, "volumes must be >= -1"),
        ({"volumes": 2**31}, "volumes must be <= 2147483647"),
        ({"volumes": "many"}, "volumes must be an integer."),
        ({"volumes": True}, "volumes must be an integer."),
        ({"colours": 1, "volumes_none": 1}, "Invalid input received: Bad key(s) in quota set: colours, volumes_none"),
    ],
)
def test_a_quota_that_can_not_be_is_refused(
    newest: Client, garden: str, wrong: dict[str, object], sentence: str
) -> None:
    answer = put(newest, garden, **wrong)
    assert (answer.status_code, message(answer)) == (400, sentence)


def test_an_empty_set_is_refused(newest: Client, garden: str) -> None:
    assert put(newest, garden).status_code == 400
    assert newest.put("block-storage", path("x" * 256), json={"quota_set": {"volumes": 1}}).status_code == 400


def test_a_class_changes_the_defaults_of_all(newest: Client, garden: str) -> None:
    assert newest.get("block-storage", CLASS).json() == {"quota_class_set": {"id": "default", **DEFAULTS}}
    changed = newest.put("block-storage", CLASS, json={"quota_class_set": {"volumes": 3}})
    assert changed.json() == {"quota_class_set": {**DEFAULTS, "volumes": 3}}
    assert newest.get("block-storage", path(garden)).json()["quota_set"]["volumes"] == 3
    assert newest.get("block-storage", "/v3/os-quota-class-sets/rich").json()["quota_class_set"]["volumes"] == 3
    wrong = newest.put("block-storage", CLASS, json={"quota_class_set": {"colours": 1}})
    assert message(wrong) == "Invalid input received: Bad key(s) in quota class set: colours"


def test_use_is_told_beside_limits(newest: Client, gardener: Client, garden: str) -> None:
    volume_id = made(gardener, 3)
    shown = newest.get("block-storage", path(garden), params={"usage": "True"}).json()["quota_set"]
    assert shown["volumes"] == {"limit": 10, "in_use": 1, "reserved": 0}
    assert shown["gigabytes___DEFAULT__"] == {"limit": -1, "in_use": 3, "reserved": 0}
    assert shown["backups"] == {"limit": 10, "in_use": 0, "reserved": 0}
    told = gardener.get("block-storage", "/v3/limits").json()["limits"]
    assert told == {
        "rate": [],
        "absolute": {
            "maxTotalVolumes": 10,
            "maxTotalSnapshots": 10,
            "maxTotalVolumeGigabytes": 1000,
            "maxTotalBackups": 10,
            "maxTotalBackupGigabytes": 1000,
            "totalVolumesUsed": 1,
            "totalGigabytesUsed": 3,
            "totalSnapshotsUsed": 0,
            "totalBackupsUsed": 0,
            "totalBackupGigabytesUsed": 0,
        },
    }
    other = newest.get("block-storage", "/v3/limits", params={"project_id": garden}).json()["limits"]
    assert other == told
    own = gardener.get("block-storage", "/v3/limits", params={"project_id": "another"}).json()["limits"]
    assert own == told
    older = newest.with_headers(OpenStack_API_Version="volume 3.38")
    mine = older.get("block-storage", "/v3/limits", params={"project_id": garden}).json()["limits"]
    assert mine["absolute"]["totalVolumesUsed"] == 0
    unknown = newest.get("block-storage", path(garden), params={"usage": "maybe"})
    assert (unknown.status_code, message(unknown)) == (400, "Value 'maybe' for 'usage' is not a boolean.")
    gone(gardener, volume_id)


def test_what_is_too_much_is_refused_with_the_figures(newest: Client, gardener: Client, garden: str) -> None:
    volume_id = made(gardener, 2)
    put(newest, garden, gigabytes=4)
    too_much = (
        "Requested volume or snapshot exceeds allowed {} quota. Requested 3G, quota is 4G and 2G has been consumed."
    )
    assert refused(gardener, 3) == (413, too_much.format("gigabytes"))
    answer = gardener.post("block-storage", "/v3/volumes", json={"volume": {"size": 3}})
    assert (answer.headers["Retry-After"], answer.json()["overLimit"]["retryAfter"]) == ("0", "0")
    put(newest, garden, gigabytes=-1, gigabytes___DEFAULT__=4)
    assert refused(gardener, 3) == (413, too_much.format("gigabytes___DEFAULT__"))
    put(newest, garden, gigabytes___DEFAULT__=-1, volumes=1)
    assert refused(gardener, 1) == (413, "Maximum number of volumes allowed (1) exceeded for quota 'volumes'.")
    put(newest, garden, volumes=-1, volumes___DEFAULT__=1)
    too_many = "Maximum number of volumes allowed (1) exceeded for quota 'volumes___DEFAULT__'."
    assert refused(gardener, 1) == (413, too_many)
    put(newest, garden, volumes___DEFAULT__=-1, per_volume_gigabytes=1)
    too_large = "Requested volume size 2G is larger than maximum allowed limit 1G."
    assert refused(gardener, 2) == (413, too_large)
    put(newest, garden, volumes=5)
    below = put(newest, garden, volumes=0)
    assert message(below) == (
        "Quota volumes limit must be equal or greater than existing resources. Current usage is 1 and the requested "
        "limit is 0."
    )
    gone(gardener, volume_id)


def test_requests_at_once_get_no_more_than_there_is(newest: Client, gardener: Client, garden: str) -> None:
    put(newest, garden, volumes=2)
    with ThreadPoolExecutor(6) as threads:
        body = {"volume": {"size": 1}}
        answers = list(threads.map(lambda _: gardener.post("block-storage", "/v3/volumes", json=body), range(6)))
    assert sorted(one.status_code for one in answers) == [202, 202, 413, 413, 413, 413]
    for answer in answers:
        if answer.status_code == 202:
            gone(gardener, answer.json()["volume"]["id"])


def test_snapshots_are_counted_and_refused(newest: Client, gardener: Client, garden: str) -> None:
    volume_id = made(gardener, 2)
    body = {"snapshot": {"volume_id": volume_id}}
    put(newest, garden, snapshots=0)
    answer = gardener.post("block-storage", "/v3/snapshots", json=body)
    assert (answer.status_code, message(answer)) == (413, "Maximum number of snapshots allowed (0) exceeded")
    put(newest, garden, snapshots=1, gigabytes=3)
    answer = gardener.post("block-storage", "/v3/snapshots", json=body)
    assert message(answer) == (
        "Requested volume or snapshot exceeds allowed gigabytes quota. Requested 2G, quota is 3G and 2G has been "
        "consumed."
    )
    put(newest, garden, gigabytes=4)
    snapshot_id = gardener.post("block-storage", "/v3/snapshots", json=body).json()["snapshot"]["id"]
    there = f"/v3/snapshots/{snapshot_id}"
    eventually(lambda: gardener.get("block-storage", there).json()["snapshot"]["status"] == "available")
    shown = newest.get("block-storage", path(garden), params={"usage": "1"}).json()["quota_set"]
    assert (shown["snapshots"]["in_use"], shown["gigabytes"]["in_use"]) == (1, 4)
    assert shown["snapshots___DEFAULT__"]["in_use"] == 1
    gardener.delete("block-storage", there)
    eventually(lambda: gardener.get("block-storage", there).status_code == 404)
    gone(gardener, volume_id)


def test_growth_is_counted_and_refused(newest: Client, gardener: Client, garden: str) -> None:
    volume_id = made(gardener, 2)
    there = f"/v3/volumes/{volume_id}"

    def extended(size: int) -> Any:
        return gardener.post("block-storage", there + "/action", json={"os-extend": {"new_size": size}})

    put(newest, garden, gigabytes=4)
    answer = extended(5)
    assert (answer.status_code, message(answer)) == (
        413,
        "Requested volume or snapshot exceeds allowed gigabytes quota. Requested 3G, quota is 4G and 2G has been "
        "consumed.",
    )
    put(newest, garden, per_volume_gigabytes=3)
    assert message(extended(4)) == "Requested volume size 4G is larger than maximum allowed limit 3G."
    assert extended(3).status_code == 202
    eventually(lambda: gardener.get("block-storage", there).json()["volume"]["status"] == "available")
    assert gardener.get("block-storage", there).json()["volume"]["size"] == 3
    gone(gardener, volume_id)


def test_who_is_given_a_volume_must_have_room_for_it(newest: Client, gardener: Client, garden: str) -> None:
    volume_id = made(newest, 3)
    body = {"transfer": {"volume_id": volume_id}}
    transfer = newest.post("block-storage", "/v3/volume-transfers", json=body).json()["transfer"]
    put(newest, garden, gigabytes=2)
    there = f"/v3/volume-transfers/{transfer['id']}/accept"
    answer = gardener.post("block-storage", there, json={"accept": {"auth_key": transfer["auth_key"]}})
    assert (answer.status_code, message(answer)) == (
        413,
        "Requested volume or snapshot exceeds allowed gigabytes quota. Requested 3G, quota is 2G and 0G has been "
        "consumed.",
    )
    newest.delete("block-storage", f"/v3/volume-transfers/{transfer['id']}")
    gone(newest, volume_id)


def test_limits_of_a_type_go_with_it(newest: Client, garden: str) -> None:
    kind = newest.post("block-storage", "/v3/types", json={"volume_type": {"name": "gold"}}).json()["volume_type"]
    assert put(newest, garden, volumes_gold=2).json()["quota_set"]["volumes_gold"] == 2
    there = f"/v3/types/{kind['id']}"
    newest.put("block-storage", there, json={"volume_type": {"name": "silver"}})
    assert newest.get("block-storage", path(garden)).json()["quota_set"]["volumes_silver"] == 2
    assert newest.delete("block-storage", there).status_code == 202
    assert newest.get("block-storage", path(garden)).json()["quota_set"].keys() == {"id", *DEFAULTS}


def test_a_member_sees_but_does_not_set_quotas(newest: Client, gardener: Client, garden: str) -> None:
    assert gardener.get("block-storage", path(garden)).status_code == 200
    assert gardener.get("block-storage", path(garden, "/defaults")).status_code == 200
    assert gardener.get("block-storage", path("another")).status_code == 403
    assert put(gardener, garden, volumes=99).status_code == 403
    assert gardener.delete("block-storage", path(garden)).status_code == 403
    assert gardener.get("block-storage", CLASS).status_code == 403
    assert gardener.put("block-storage", CLASS, json={"quota_class_set": {"volumes": 1}}).status_code == 403
