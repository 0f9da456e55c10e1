"""Simulated hosts beside a cloud that runs in the test's process: the agent's own code over the fake driver."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from haneul.agent import Agent
from haneul.kernel.config import Settings
from haneul.settings import CloudSettings
from tests.support.cloud import Client, RunningCloud

PATIENCE_S = 20.0


@contextmanager
def simulated_host(running: RunningCloud, name: str = "host-1") -> Iterator[Agent]:
    """A host that joins the cloud and has been heard of."""
    cloud = running.cloud
    state = cloud.wanted.state / name
    state.mkdir(exist_ok=True)
    wanted = CloudSettings(state=state, bus=cloud.wanted.bus_url, simulate=True, host=name)
    agent = Agent(wanted, Settings({}, {}), cloud.cloud_id)
    agent.start()
    try:
        admin = running.login()
        eventually(lambda: name in _compute_hosts(admin))
        yield agent
    finally:
        agent.stop()


def _compute_hosts(admin: Client) -> set[str]:
    found = admin.get("compute", "/v2.1/os-services", params={"binary": "nova-compute"}).json()
    return {service["host"] for service in found["services"]}


def eventually(holds: Callable[[], object], patience_s: float = PATIENCE_S) -> object:
    """Wait until something holds and return what it gave; the last word of it when patience ends."""
    deadline = time.monotonic() + patience_s
    while not (result := holds()):
        assert time.monotonic() < deadline, f"it did not come to hold within {patience_s:g} s"
        time.sleep(0.02)
    return result
