"""Pause, suspend and what undoes them; reset of a state; whose a lock is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from tests.services.compute.test_servers import (
    act,
    create,
    flavor,
    image,
    is_gone,
    member_of_a_new_project,
    project_of,
    reaches,
    shown,
)
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually, simulated_host

from haneul.services.compute.servers import logic

__all__ = ["flavor", "image"]


@pytest.fixture(scope="module")
def nova(cloud: RunningCloud) -> Iterator[Client]:
    with simulated_host(cloud):
        yield cloud.login().with_headers(OpenStack_API_Version="compute 2.100")


@pytest.fixture
def server_id(nova: Client, flavor: str, image: str) -> Iterator[str]:
    made = create(nova, flavor, image, "still")
    reaches(nova, made, "ACTIVE")
    yield made
    nova.delete("compute", f"/v2.1/servers/{made}")
    eventually(lambda: is_gone(nova, made))


def refusal(nova: Client, server_id: str, action: str) -> str:
    answer = nova.post("compute", f"/v2.1/servers/{server_id}/action", json={action: None})
    assert answer.status_code == 409, answer.text
    return str(answer.json()["conflictingRequest"]["message"])


def actions_of(nova: Client, server_id: str) -> list[str]:
    found = nova.get("compute", f"/v2.1/servers/{server_id}/os-instance-actions").json()["instanceActions"]
    return [action["action"] for action in found]


def boots(nova: Client, server_id: str) -> int:
    path = f"/v2.1/servers/{server_id}/action"
    said = nova.post("compute", path, json={"os-getConsoleOutput": {"length": None}}).json()["output"]
    return int(said.count("boot number"))


@pytest.mark.parametrize(
    ("there", "back", "status", "state", "power"),
    [("pause", "unpause", "PAUSED", "paused", 3), ("suspend", "resume", "SUSPENDED", "suspended", 4)],
)
def test_a_server_stands_still_and_goes_on_where_it_was(
    nova: Client, server_id: str, there: str, back: str, status: str, state: str, power: int
) -> None:
    said = f"Cannot '{back}' instance {server_id} while it is in vm_state active"
    assert refusal(nova, server_id, back) == said
    assert act(nova, server_id, **{there: None}) == 202
    server = reaches(nova, server_id, status)
    assert (server["OS-EXT-STS:vm_state"], server["OS-EXT-STS:power_state"]) == (state, power)
    listed = nova.get("compute", "/v2.1/servers", params={"status": status}).json()["servers"]
    assert [one["id"] for one in listed] == [server_id]
    for action in (there, "os-stop", "os-start"):
        word = action.removeprefix("os-")
        assert refusal(nova, server_id, action) == (
            f"Cannot '{word}' instance {server_id} while it is in vm_state {state}"
        )
    assert act(nova, server_id, reboot={"type": "SOFT"}) == 409
    assert act(nova, server_id, **{back: None}) == 202
    assert reaches(nova, server_id, "ACTIVE")["OS-EXT-STS:power_state"] == 1
    assert boots(nova, server_id) == 1
    assert actions_of(nova, server_id)[:2] == [back, there]


@pytest.mark.parametrize(("there", "status"), [("pause", "PAUSED"), ("suspend", "SUSPENDED")])
def test_a_hard_reboot_brings_back_what_stands_still(nova: Client, server_id: str, there: str, status: str) -> None:
    act(nova, server_id, **{there: None})
    reaches(nova, server_id, status)
    assert act(nova, server_id, reboot={"type": "HARD"}) == 202
    reaches(nova, server_id, "ACTIVE")
    assert boots(nova, server_id) == 2


def test_a_busy_server_is_not_paused(cloud: RunningCloud, nova: Client, server_id: str) -> None:
    store = cloud.cloud.store
    store.write(lambda db: logic.set_state(db, logic.current(db, server_id), task_state="rebooting"))
    for action in ("pause", "suspend"):
        said = f"Cannot '{action}' instance {server_id} while it is in task_state rebooting"
        assert refusal(nova, server_id, action) == said
    store.write(lambda db: logic.set_state(db, logic.current(db, server_id), task_state=""))


def test_who_is_no_admin_leaves_a_locked_server_as_it_is(cloud: RunningCloud, flavor: str, image: str) -> None:
    admin = cloud.login()
    member = member_of_a_new_project(cloud, "locksmith").with_headers(OpenStack_API_Version="compute 2.100")
    server_id = create(member, flavor, image, "locked")
    reaches(member, server_id, "ACTIVE")
    assert act(admin, server_id, lock=None) == 202
    for action in ("pause", "suspend"):
        assert refusal(member, server_id, action) == f"Instance {server_id} is locked"
    # An admin of another project locked it, and so only such a one unlocks it.
    assert act(member, server_id, lock=None) == 202
    assert act(member, server_id, unlock=None) == 403
    assert act(admin, server_id, unlock=None) == 202
    assert act(member, server_id, lock={"locked_reason": "mine"}) == 202
    assert act(member, server_id, unlock=None) == 202
    assert actions_of(member, server_id)[:4] == ["unlock", "lock", "unlock", "lock"]
    assert act(member, server_id, **{"os-resetState": {"state": "error"}}) == 403
    member.delete("compute", f"/v2.1/servers/{server_id}")
    eventually(lambda: is_gone(member, server_id))


def test_an_admin_resets_a_state_at_once(nova: Client, server_id: str) -> None:
    for state, status in (("error", "ERROR"), ("active", "ACTIVE")):
        assert act(nova, server_id, **{"os-resetState": {"state": state}}) == 202
        assert shown(nova, server_id)["status"] == status
    assert act(nova, server_id, **{"os-resetState": {"state": "paused"}}) == 400
    assert actions_of(nova, server_id)[:2] == ["resetState", "resetState"]


def test_strangers_find_nothing_to_pause(cloud: RunningCloud, server_id: str) -> None:
    stranger = member_of_a_new_project(cloud, "passer-by")
    for action in ("pause", "unpause", "suspend", "resume"):
        assert act(stranger, server_id, **{action: None}) == 404
    assert project_of(stranger) != project_of(cloud.login())


def newest_action(nova: Client, server_id: str) -> dict[str, Any]:
    listed = nova.get("compute", f"/v2.1/servers/{server_id}/os-instance-actions").json()["instanceActions"]
    return dict(listed[0])


@pytest.mark.parametrize(("action", "left_as"), [("pause", "ACTIVE"), ("suspend", "ERROR")])
def test_what_a_host_refuses_is_taken_back(
    cloud: RunningCloud, nova: Client, server_id: str, action: str, left_as: str
) -> None:
    with guest_of_another_cloud(cloud, server_id):
        assert act(nova, server_id, **{action: None}) == 202
        # A pause that is refused leaves the state as it was all the time.
        eventually(lambda: newest_action(nova, server_id)["message"] == "Error")
        server = reaches(nova, server_id, left_as)
        assert ("belongs to another cloud" in str(server.get("fault"))) == (left_as == "ERROR")
    row = cloud.cloud.store.read(lambda db: logic.current(db, server_id))
    assert row.wanted_power == "running"
    assert newest_action(nova, server_id)["action"] == action


@contextmanager
def guest_of_another_cloud(cloud: RunningCloud, server_id: str) -> Iterator[None]:
    """The host takes the server's guest for one that it must leave alone."""
    (kept,) = (cloud.cloud.wanted.state / "host-1").rglob(f"{server_id}.json")
    whole = kept.read_bytes()
    kept.write_bytes(msgspec.json.encode({**msgspec.json.decode(whole), "cloud_id": "another"}))
    try:
        yield
    finally:
        kept.write_bytes(whole)
