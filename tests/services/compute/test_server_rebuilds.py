"""A server made anew of an image: what changes, what stays, and what is refused."""

from collections.abc import Iterator

import pytest
from tests.services.compute.test_server_states import guest_of_another_cloud
from tests.services.compute.test_servers import (
    act,
    create,
    flavor,
    image,
    is_gone,
    member_of_a_new_project,
    reaches,
    shown,
)
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually, simulated_host

from haneul.services.compute.block_devices.models import BlockDevice, block_devices
from haneul.services.compute.servers import logic, queries

__all__ = ["flavor", "image"]

UPLOAD = {"Content-Type": "application/octet-stream"}


@pytest.fixture(scope="module")
def nova(cloud: RunningCloud) -> Iterator[Client]:
    with simulated_host(cloud):
        yield cloud.login().with_headers(OpenStack_API_Version="compute 2.100")


@pytest.fixture(scope="module")
def other_image(nova: Client) -> str:
    return new_image(nova, "other", os_distro="debian")


def new_image(nova: Client, name: str, **more: object) -> str:
    body = {"name": name, "disk_format": "raw", "container_format": "bare", "visibility": "public", **more}
    image_id = str(nova.post("image", "/v2/images", json=body).json()["id"])
    nova.put("image", f"/v2/images/{image_id}/file", content=bytes(1 << 16), headers=UPLOAD)
    return image_id


@pytest.fixture
def server_id(nova: Client, flavor: str, image: str) -> Iterator[str]:
    made = create(nova, flavor, image, "before", metadata={"colour": "red"})
    reaches(nova, made, "ACTIVE")
    yield made
    nova.delete("compute", f"/v2.1/servers/{made}")
    eventually(lambda: is_gone(nova, made))


def disks(cloud: RunningCloud, server_id: str) -> list[BlockDevice]:
    return cloud.cloud.store.read(lambda db: db.all(queries.DISKS_OF, server_id=server_id))


def all_disks(cloud: RunningCloud) -> int:
    return cloud.cloud.store.read(lambda db: len(db.tuples(block_devices.select())))


def rebuild(nova: Client, server_id: str, image_id: str, **more: object) -> dict[str, object]:
    path, wanted = f"/v2.1/servers/{server_id}/action", {"imageRef": image_id, **more}
    answer = nova.post("compute", path, json={"rebuild": wanted})
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"].endswith(f"/v2.1/servers/{server_id}")
    told: dict[str, object] = answer.json()["server"]
    return told


def test_a_server_gets_new_disks_and_stays_what_it_was(
    cloud: RunningCloud, nova: Client, server_id: str, other_image: str
) -> None:
    before, (old,), rows = shown(nova, server_id), disks(cloud, server_id), all_disks(cloud)
    nova.post("compute", "/v2.1/os-keypairs", json={"keypair": {"name": "new key", "type": "ssh", "public_key": KEY}})
    told = rebuild(
        nova,
        server_id,
        other_image,
        name="after",
        description="new",
        metadata={"colour": "blue"},
        adminPass="secret word",
        key_name="new key",
        user_data="aGVsbG8=",
        hostname="after.example.com",
        accessIPv4="192.0.2.7",
    )
    assert (told["status"], told["OS-EXT-STS:task_state"]) == ("REBUILD", "rebuilding")
    assert (told["adminPass"], told["user_data"], told["key_name"]) == ("secret word", "aGVsbG8=", "new key")
    after = reaches(nova, server_id, "ACTIVE")
    assert "adminPass" not in after
    changed = {name for name in after if after[name] != before[name]}
    assert changed - {"updated", "OS-SRV-USG:launched_at"} == {
        "name",
        "description",
        "metadata",
        "image",
        "key_name",
        "accessIPv4",
        "OS-EXT-SRV-ATTR:user_data",
        "OS-EXT-SRV-ATTR:hostname",
    }
    assert (after["name"], after["metadata"], after["accessIPv4"]) == ("after", {"colour": "blue"}, "192.0.2.7")
    assert after["image"]["id"] == other_image  # type: ignore[index]
    assert after["image"]["properties"]["os_distro"] == "debian"  # type: ignore[index]
    (new,) = disks(cloud, server_id)
    assert new.id != old.id
    assert (new.image_id, new.pci_slot, new.size_gb) == (other_image, old.pci_slot, old.size_gb)
    assert all_disks(cloud) == rows
    actions = nova.get("compute", f"/v2.1/servers/{server_id}/os-instance-actions").json()["instanceActions"]
    assert [action["action"] for action in actions] == ["rebuild", "create"]


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRNJmbyyVqCmjVKfkVjZsTqvYTKDPYTVYqGW8mgs2Nc a@b"


def test_a_stopped_server_stays_stopped(nova: Client, server_id: str, image: str) -> None:
    act(nova, server_id, **{"os-stop": None})
    reaches(nova, server_id, "SHUTOFF")
    assert rebuild(nova, server_id, image)["status"] == "REBUILD"
    assert reaches(nova, server_id, "SHUTOFF")["OS-EXT-STS:power_state"] == 4


def test_a_server_in_error_is_rebuilt(cloud: RunningCloud, nova: Client, server_id: str, image: str) -> None:
    cloud.cloud.store.write(lambda db: logic.fail(db, server_id, "It broke."))
    told = rebuild(nova, server_id, image)
    assert told["status"] == "REBUILD"
    after = reaches(nova, server_id, "ACTIVE")
    assert "fault" not in after


def test_key_and_user_data_can_be_taken_away(nova: Client, server_id: str, image: str) -> None:
    assert rebuild(nova, server_id, image, user_data="aGVsbG8=")["user_data"] == "aGVsbG8="
    reaches(nova, server_id, "ACTIVE")
    assert rebuild(nova, server_id, image)["user_data"] == "aGVsbG8="
    reaches(nova, server_id, "ACTIVE")
    told = rebuild(nova, server_id, image, user_data=None, key_name=None)
    assert (told["user_data"], told["key_name"]) == (None, None)
    reaches(nova, server_id, "ACTIVE")


def test_older_versions_are_told_less_and_may_ask_for_less(nova: Client, server_id: str, image: str) -> None:
    oldest = nova.with_headers(OpenStack_API_Version="compute 2.1")
    told = rebuild(oldest, server_id, image)
    assert {"adminPass", "id", "status"} <= told.keys()
    assert {"user_data", "key_name", "description", "OS-EXT-STS:task_state"}.isdisjoint(told)
    reaches(nova, server_id, "ACTIVE")
    told = rebuild(nova.with_headers(OpenStack_API_Version="compute 2.54"), server_id, image)
    assert "key_name" in told
    assert "user_data" not in told
    reaches(nova, server_id, "ACTIVE")
    for number, newer in (("2.18", "description"), ("2.53", "key_name"), ("2.56", "user_data"), ("2.89", "hostname")):
        older = nova.with_headers(OpenStack_API_Version=f"compute {number}")
        assert act(older, server_id, rebuild={"imageRef": image, newer: "eA=="}) == 400


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"imageRef": "not-an-id"}, 400),
        ({"imageRef": "00000000-0000-0000-0000-000000000000"}, 400),
        ({"name": " "}, 400),
        ({"metadata": {"k": "v" * 256}}, 400),
        ({"metadata": {"ä": "v"}}, 400),
        ({"metadata": {f"k{number}": "v" for number in range(129)}}, 403),
        ({"key_name": "nobody's"}, 400),
        ({"user_data": "%%%"}, 400),
        ({"hostname": "no good"}, 400),
        ({"accessIPv6": "192.0.2.1"}, 400),
        ({"preserve_ephemeral": True}, 400),
        ({"trusted_image_certificates": ["a"]}, 501),
        ({"unknown": 1}, 400),
    ],
)
def test_a_wrong_request_changes_nothing(
    nova: Client, server_id: str, image: str, change: dict[str, object], status: int
) -> None:
    before = shown(nova, server_id)
    assert act(nova, server_id, rebuild={"imageRef": image, **change}) == status
    assert shown(nova, server_id) == before


def test_an_image_that_needs_more_is_refused(nova: Client, server_id: str) -> None:
    for more in ({"min_ram": 4096}, {"min_disk": 100}):
        assert act(nova, server_id, rebuild={"imageRef": new_image(nova, "large", **more)}) == 400


@pytest.mark.parametrize(("action", "status"), [("pause", "PAUSED"), ("suspend", "SUSPENDED")])
def test_what_stands_still_is_not_rebuilt(nova: Client, server_id: str, image: str, action: str, status: str) -> None:
    act(nova, server_id, **{action: None})
    reaches(nova, server_id, status)
    path, body = f"/v2.1/servers/{server_id}/action", {"rebuild": {"imageRef": image}}
    refused = nova.post("compute", path, json=body).json()["conflictingRequest"]["message"]
    assert refused == f"Cannot 'rebuild' instance {server_id} while it is in vm_state {status.lower()}"


def test_a_locked_server_and_one_of_others_are_left_alone(cloud: RunningCloud, flavor: str, image: str) -> None:
    member = member_of_a_new_project(cloud, "rebuilder").with_headers(OpenStack_API_Version="compute 2.100")
    server_id = create(member, flavor, image, "sealed")
    reaches(member, server_id, "ACTIVE")
    assert act(member_of_a_new_project(cloud, "nosy"), server_id, rebuild={"imageRef": image}) == 404
    assert act(member, server_id, lock=None) == 202
    assert act(member, server_id, rebuild={"imageRef": image}) == 409
    member.delete("compute", f"/v2.1/servers/{server_id}")
    assert act(member, server_id, unlock=None) == 202
    member.delete("compute", f"/v2.1/servers/{server_id}")
    eventually(lambda: is_gone(member, server_id))


def test_new_disks_that_can_not_be_made_leave_the_old_ones(
    cloud: RunningCloud, nova: Client, server_id: str, image: str, other_image: str
) -> None:
    before = disks(cloud, server_id)
    with guest_of_another_cloud(cloud, server_id):
        rebuild(nova, server_id, other_image)
        server = reaches(nova, server_id, "ERROR")
    assert "belongs to another cloud" in server["fault"]["message"]  # type: ignore[index]
    assert server["image"]["id"] == image  # type: ignore[index]
    assert disks(cloud, server_id) == before
    assert act(nova, server_id, reboot={"type": "HARD"}) == 202
    reaches(nova, server_id, "ACTIVE")


def test_rebuilding_servers_are_found_by_that_status(cloud: RunningCloud, nova: Client, server_id: str) -> None:
    def say(task_state: str) -> None:
        cloud.cloud.store.write(lambda db: logic.set_state(db, logic.current(db, server_id), task_state=task_state))

    for task_state, found in (("rebuilding", [server_id]), ("rebooting", []), ("", [])):
        say(task_state)
        listed = nova.get("compute", "/v2.1/servers", params={"status": "REBUILD"}).json()["servers"]
        assert [one["id"] for one in listed] == found
