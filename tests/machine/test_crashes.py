"""Whatever dies, and wherever: every server ends as wanted, gone, or in ERROR with a reason; nothing is left over."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.support.hosts import eventually

from haneul.kernel.operations.turn import places_of
from haneul.kernel.reconcile.runner import PLACES
from haneul.services.compute.servers.operations import CreateServer, DeleteServer, RebootServer

HANEUL = str(Path(sys.executable).with_name("haneul"))
AGENT = tuple(f"agent:guest:{place}" for place in PLACES)
DRIVER = ("record-made", "plan-remembered", "verb-remembered", "folder-removed")
FORWARD = tuple(
    place
    for operation in (CreateServer, RebootServer, DeleteServer)
    for place in places_of(operation)
    if ":undo " not in place
)
PLACES_TO_DIE = (*FORWARD, *AGENT, *(f"driver:{step}" for step in DRIVER))
PATIENCE_S = 60.0


class Tree:
    """A cloud of its own processes, and an admin who tries again when control has just been killed."""

    def __init__(self, state: Path, base_port: int) -> None:
        self.state, self.base_port = state, base_port
        self.stop_file = state.parent / f"{state.name}.stop"
        self.http = httpx.Client(timeout=20)
        self.token = ""

    def up(self) -> None:
        words = [HANEUL, "up", "--simulate", "--state", str(self.state), "--base-port", str(self.base_port)]
        environment = {**os.environ, "HANEUL_STOP_FILE": str(self.stop_file), "HANEUL_IDENTITY_BCRYPT_COST": "4"}
        subprocess.run(words, check=True, env=environment, stdout=subprocess.DEVNULL, timeout=120)

    def wipe(self) -> None:
        self.http.close()
        subprocess.run(
            [HANEUL, "down", "--wipe", "--yes", "--state", str(self.state)],
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=120,
        )

    def pids(self) -> dict[str, int]:
        words = [HANEUL, "status", "--json", "--state", str(self.state)]
        printed = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False).stdout
        return {one["process"]: one["pid"] for one in json.loads(printed)["processes"]}

    def audit(self) -> list[str]:
        """What the audit calls wrong."""
        words = [HANEUL, "doctor", "--audit", "--json", "--state", str(self.state)]
        printed = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False).stdout
        return [one["fact"] for one in json.loads(printed)["findings"] if one["verdict"] == "wrong"]

    def call(self, method: str, port: int, path: str, body: object = None) -> httpx.Response:
        """One request, repeated while nobody answers."""
        return eventually(lambda: self._tried(method, port, path, body), PATIENCE_S)  # type: ignore[return-value]

    def _tried(self, method: str, port: int, path: str, body: object) -> httpx.Response | None:
        headers = {"X-Auth-Token": self.token, "OpenStack-API-Version": "compute 2.100"}
        try:
            answer = self.http.request(
                method, f"http://127.0.0.1:{port + self.base_port}{path}", json=body, headers=headers
            )
        except httpx.TransportError:
            return None
        return None if answer.status_code >= 500 else answer

    def login(self) -> None:
        password = (self.state / "control" / "admin-password").read_text()
        user = {"name": "admin", "domain": {"id": "default"}, "password": password}
        auth = {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": "admin", "domain": {"id": "default"}}},
        }
        self.token = self.call("POST", 5000, "/v3/auth/tokens", {"auth": auth}).headers["X-Subject-Token"]

    def compute(self, method: str, path: str, body: object = None) -> httpx.Response:
        return self.call(method, 8774, "/v2.1" + path, body)

    def servers(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = self.compute("GET", "/servers/detail").json()["servers"]
        return found

    def image_id(self) -> str:
        return str(self.call("GET", 9292, "/v2/images").json()["images"][0]["id"])


@pytest.fixture(scope="module")
def tree() -> Iterator[Tree]:
    folder = Path(tempfile.mkdtemp(prefix="haneul-crash-"))
    folder.chmod(0o777)
    running = Tree(folder / "state", random.randrange(10_000, 25_000, 16))
    try:
        running.up()
        running.login()
        yield running
    finally:
        running.wipe()
        shutil.rmtree(folder)


def settled(tree: Tree) -> list[dict[str, object]] | None:
    servers = tree.servers()
    busy = any(server["OS-EXT-STS:task_state"] or server["status"] == "BUILD" for server in servers)
    return None if busy else servers or [{}]


def live_through(tree: Tree, image: str) -> None:
    """Create, reboot and delete a server, as a client does who tries again."""
    server = {"name": "mortal", "flavorRef": "42", "imageRef": image, "networks": "none"}
    tree.compute("POST", "/servers", {"server": server})
    for server in eventually(lambda: settled(tree), PATIENCE_S):  # type: ignore[attr-defined]
        assert server["status"] == "ACTIVE" or server.get("fault"), server
        if server["status"] == "ACTIVE":
            tree.compute("POST", f"/servers/{server['id']}/action", {"reboot": {"type": "HARD"}})
    for server in eventually(lambda: settled(tree), PATIENCE_S):  # type: ignore[attr-defined]
        assert server["status"] == "ACTIVE" or server.get("fault"), server
        tree.compute("DELETE", f"/servers/{server['id']}")
    eventually(lambda: not tree.servers(), PATIENCE_S)


@pytest.mark.machine
@pytest.mark.parametrize("place", PLACES_TO_DIE)
def test_a_process_that_dies_there_leaves_nothing_behind(tree: Tree, place: str) -> None:
    image = tree.image_id()
    tree.stop_file.write_text(place)
    live_through(tree, image)
    assert not tree.stop_file.exists(), f"nothing died: {place} was never reached"
    assert tree.audit() == []


@pytest.mark.machine
@pytest.mark.parametrize("victim", ["control", "agent", "supervisor"])
def test_a_process_that_is_killed_at_any_moment_leaves_nothing_behind(tree: Tree, victim: str) -> None:
    image = tree.image_id()
    server = {"name": "mortal", "flavorRef": "42", "imageRef": image, "networks": "none"}
    for index in range(4):
        tree.compute("POST", "/servers", {"server": server})
        time.sleep(index * 0.01)
    os.kill(tree.pids()[victim], signal.SIGKILL)
    if victim == "supervisor":
        time.sleep(0.5)
        tree.up()
    for server in eventually(lambda: settled(tree), PATIENCE_S):  # type: ignore[attr-defined]
        assert server["status"] == "ACTIVE" or server.get("fault"), server
        tree.compute("DELETE", f"/servers/{server['id']}")
    eventually(lambda: not tree.servers(), PATIENCE_S)
    assert tree.audit() == []
