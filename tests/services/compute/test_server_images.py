"""Images that are made of servers."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.services.compute.test_server_rebuilds import new_image
from tests.services.compute.test_server_states import guest_of_another_cloud
from tests.services.compute.test_servers import create, flavor, is_gone, member_of_a_new_project, reaches, shown
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually, simulated_host

from haneul.services.compute.servers.models import verbs

__all__ = ["flavor"]


@pytest.fixture(scope="module")
def nova(cloud: RunningCloud) -> Iterator[Client]:
    with simulated_host(cloud):
        yield cloud.login().with_headers(OpenStack_API_Version="compute 2.100")


@pytest.fixture(scope="module")
def image(nova: Client) -> str:
    return new_image(nova, "base", os_distro="debian", img_signature="of the base alone", min_ram=64)


@pytest.fixture
def server_id(nova: Client, flavor: str, image: str) -> Iterator[str]:
    made = create(nova, flavor, image, "original")
    reaches(nova, made, "ACTIVE")
    yield made
    nova.delete("compute", f"/v2.1/servers/{made}")
    eventually(lambda: is_gone(nova, made))


def ask(client: Client, server_id: str, **wanted: Any) -> Any:
    return client.post("compute", f"/v2.1/servers/{server_id}/action", json={"createImage": wanted})


def image_of(client: Client, image_id: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get("image", f"/v2/images/{image_id}").json()
    return found


def is_idle(nova: Client, server_id: str) -> bool:
    return shown(nova, server_id)["OS-EXT-STS:task_state"] is None


def test_a_server_becomes_an_image_and_goes_on(nova: Client, server_id: str, image: str, cloud: RunningCloud) -> None:
    answer = ask(nova, server_id, name=" copy ", metadata={"colour": "red"})
    assert answer.status_code == 202, answer.text
    image_id = answer.json()["image_id"]
    eventually(lambda: image_of(nova, image_id)["status"] == "active")
    found = image_of(nova, image_id)
    told = ("name", "disk_format", "container_format", "visibility", "min_ram", "os_distro", "colour", "image_type")
    assert [found[name] for name in told] == ["copy", "qcow2", "bare", "private", 64, "debian", "red", "snapshot"]
    assert (found["instance_uuid"], found["base_image_ref"]) == (server_id, image)
    assert (found["virtual_size"], "img_signature" in found) == (1 << 30, False)
    eventually(lambda: is_idle(nova, server_id))
    assert shown(nova, server_id)["status"] == "ACTIVE"
    eventually(lambda: all_done(cloud))
    (newest, *_) = nova.get("compute", f"/v2.1/servers/{server_id}/os-instance-actions").json()["instanceActions"]
    assert (newest["action"], newest["message"]) == ("createImage", None)


def all_done(cloud: RunningCloud) -> bool:
    return not cloud.cloud.store.read(lambda db: db.tuples(verbs.select().where(verbs.c.done_at.is_(None))))


def test_older_clients_are_told_the_images_address(nova: Client, server_id: str) -> None:
    older = nova.with_headers(OpenStack_API_Version="compute 2.44")
    answer = ask(older, server_id, name="copy")
    assert (answer.status_code, answer.content) == (202, b"")
    base, _, image_id = answer.headers["Location"].rpartition("/images/")
    assert base == nova.running.url("image").replace("localhost", "127.0.0.1")
    eventually(lambda: image_of(nova, image_id)["status"] == "active")
    eventually(lambda: is_idle(nova, server_id))


def test_of_two_at_once_the_second_is_refused(nova: Client, server_id: str) -> None:
    first, second = ask(nova, server_id, name="one"), ask(nova, server_id, name="two")
    assert (first.status_code, second.status_code) == (202, 409)
    assert "while it is in task_state image_snapshot" in second.json()["conflictingRequest"]["message"]
    eventually(lambda: is_idle(nova, server_id))


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({}, 400),
        ({"name": ""}, 400),
        ({"name": "   "}, 400),
        ({"name": "x" * 256}, 400),
        ({"name": "x", "metadata": {"key": 1}}, 400),
        ({"name": "x", "metadata": {"owner": "somebody"}}, 400),
        ({"name": "x", "metadata": {str(number): "" for number in range(129)}}, 403),
        ({"name": "x", "unknown": 1}, 400),
    ],
)
def test_what_cannot_be_an_image_is_refused(nova: Client, server_id: str, wanted: dict[str, Any], status: int) -> None:
    assert ask(nova, server_id, **wanted).status_code == status
    assert is_idle(nova, server_id)


def test_an_image_that_a_host_cannot_make_leaves_nothing(cloud: RunningCloud, nova: Client, server_id: str) -> None:
    with guest_of_another_cloud(cloud, server_id):
        image_id = ask(nova, server_id, name="copy").json()["image_id"]
        eventually(lambda: nova.get("image", f"/v2/images/{image_id}").status_code == 404)
        eventually(lambda: is_idle(nova, server_id))
    assert shown(nova, server_id)["status"] == "ACTIVE"


def test_an_image_deleted_on_its_way_breaks_it_off(nova: Client, server_id: str) -> None:
    image_id = ask(nova, server_id, name="copy").json()["image_id"]
    assert nova.delete("image", f"/v2/images/{image_id}").status_code == 204
    eventually(lambda: is_idle(nova, server_id))
    assert nova.get("image", f"/v2/images/{image_id}").status_code == 404


def test_strangers_make_no_images(cloud: RunningCloud, nova: Client, server_id: str) -> None:
    stranger = member_of_a_new_project(cloud, "strangers")
    assert ask(stranger, server_id, name="copy").status_code == 404


@pytest.mark.parametrize(
    ("name", "value", "status", "sentence"),
    [
        ("os_glance_import_task", "task", 403, "Attribute 'os_glance_import_task' is reserved."),
        ("os_hash_value", "0" * 128, 403, "Attribute 'os_hash_value' is read-only."),
        ("direct_url", "file:///etc/passwd", 403, "Attribute 'direct_url' is read-only."),
        ("kernel_id", "../kernel", 400, "Provided object does not match schema 'image': kernel_id"),
    ],
)
def test_metadata_sets_nothing_that_images_say_of_themselves(
    nova: Client, server_id: str, name: str, value: str, status: int, sentence: str
) -> None:
    answer = ask(nova, server_id, name="evil", metadata={name: value})
    assert (answer.status_code, sentence in answer.text) == (status, True), answer.text
    assert is_idle(nova, server_id)
