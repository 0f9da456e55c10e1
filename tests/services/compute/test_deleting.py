"""A server that is being deleted stays on its way, whatever else is asked of it meanwhile."""

from types import SimpleNamespace

import pytest
from tests.services.compute.test_servers import create, flavor, image, reaches, shown
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually, simulated_host

from haneul.kernel.auth import Caller
from haneul.kernel.db import Db
from haneul.kernel.operations import start
from haneul.services.compute.servers import logic
from haneul.services.compute.servers.operations import RebootServer, StartServer, StopServer

__all__ = ["flavor", "image"]


@pytest.fixture(scope="module")
def nova(cloud: RunningCloud) -> Client:
    return cloud.login().with_headers(OpenStack_API_Version="compute 2.100")


def act(nova: Client, server_id: str, action: str) -> int:
    return nova.post("compute", f"/v2.1/servers/{server_id}/action", json={action: None}).status_code


def test_what_a_deletion_breaks_off_does_not_make_the_server_look_idle(
    cloud: RunningCloud, nova: Client, flavor: str, image: str
) -> None:
    with simulated_host(cloud):
        server_id = create(nova, flavor, image, "doomed")
        reaches(nova, server_id, "ACTIVE")
    # Its host is silent now, so that stop and delete both wait.
    assert act(nova, server_id, "os-stop") == 202
    assert nova.delete("compute", f"/v2.1/servers/{server_id}").status_code == 204

    def unwound() -> bool:
        path = f"/v2.1/servers/{server_id}/os-instance-actions"
        done = nova.get("compute", path).json()["instanceActions"]
        return any(action["action"] == "stop" and action["message"] == "Error" for action in done)

    eventually(unwound)
    assert shown(nova, server_id)["OS-EXT-STS:task_state"] == "deleting"
    assert act(nova, server_id, "os-stop") == 409
    with simulated_host(cloud):
        eventually(lambda: nova.get("compute", f"/v2.1/servers/{server_id}").status_code == 404)


@pytest.mark.parametrize("operation", [StartServer, StopServer, RebootServer])
def test_nothing_brings_a_deleted_server_back(
    cloud: RunningCloud, nova: Client, flavor: str, image: str, operation: type[StartServer]
) -> None:
    """An operation that was written beside the deletion, as two databases' transactions may do."""
    with simulated_host(cloud):
        server_id = create(nova, flavor, image, "gone")
        reaches(nova, server_id, "ACTIVE")
        assert nova.delete("compute", f"/v2.1/servers/{server_id}").status_code == 204
        by = SimpleNamespace(caller=Caller(user_id="late"), request_id="req-late")

        def late(db: Db) -> int:
            return start(db, operation, server_id, by=by, input={"verb": "reboot-hard"})

        store = cloud.cloud.store
        store.write(late)
        path = f"/v2.1/servers/{server_id}/os-instance-actions"
        eventually(lambda: "Error" in {it["message"] for it in nova.get("compute", path).json()["instanceActions"]})
        found = store.read(lambda db: logic.current(db, server_id))
        assert (found.wanted_power, found.vm_state, found.task_state) == (logic.GONE, "deleted", "")
