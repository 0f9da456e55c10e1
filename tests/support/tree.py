"""A cloud of its own processes, started by the real command, and an admin who tries again while nobody answers."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from haneul.host.namespaces import list_marked_namespaces, list_namespaces
from haneul.host.net.links import list_own_links
from haneul.host.net.marks import marks_of
from tests.support.hosts import eventually

HANEUL = str(Path(sys.executable).with_name("haneul"))
PATIENCE_S = 60.0
COMMAND_S = 150
NANO = "42"
# Every port of such a cloud then lies below those that other tests choose: it must find them free after a `down` too.
BASE_PORTS = range(3_000, 10_000, 16)
Server = dict[str, Any]


class Tree:
    """One state folder and a block of ports. `words` are given to every `up`, beside those of the one call."""

    def __init__(self, state: Path, *words: str, **environment: str) -> None:
        self.state, self._words = state, words
        self.base_port = 0
        self.stop_file = state.parent / f"{state.name}.stop"
        self._environment = {
            "HANEUL_STOP_FILE": str(self.stop_file),
            "HANEUL_IDENTITY_BCRYPT_COST": "4",
            # Clouds that start in the same moment would choose the same addresses.
            "HANEUL_CLOUD_EXTERNAL_RANGE": f"198.18.{random.randrange(256)}.0/24",
            "HOME": "/nonexistent",
            **environment,
        }
        self.http = httpx.Client(timeout=20)
        self.token = ""
        self.cloud_id = ""

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """One `haneul` command on this cloud, to its end."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("HANEUL_", "OS_"))}
        return subprocess.run(
            [HANEUL, *words, "--state", str(self.state)],
            env={**ours, **self._environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )

    def up(self, *words: str) -> None:
        """Have it run, on free ports when it is started for the first time, and be logged in."""
        while True:
            port = self.base_port or random.choice(BASE_PORTS)
            done = self.run("up", "--base-port", str(port), *self._words, *words)
            if self.base_port or "can't listen" not in done.stdout + done.stderr:
                break
        assert done.returncode == 0, done.stdout + done.stderr
        self.base_port, self.cloud_id = port, (self.state / "cloud-id").read_text().strip()
        self.login()

    def down(self, *words: str) -> None:
        done = self.run("down", *words)
        assert done.returncode == 0, done.stdout + done.stderr

    def wipe(self) -> None:
        """Take everything away."""
        self.http.close()
        self.down("--wipe", "--yes")

    def pids(self) -> dict[str, int]:
        """The cloud's own processes by name, each once it is there."""
        printed = self.run("status", "--json").stdout
        return {one["process"]: one["pid"] for one in json.loads(printed)["processes"] if one["pid"]}

    def wrong(self, *words: str) -> list[dict[str, str]]:
        """What `haneul doctor` calls wrong; it ends with 1 if there is anything."""
        done = self.run("doctor", "--json", *words)
        found = [one for one in json.loads(done.stdout)["findings"] if one["verdict"] == "wrong"]
        assert done.returncode == (1 if found else 0), done.stdout
        return found

    def audit(self) -> list[str]:
        """What the audit calls wrong, in its words."""
        return [one["fact"] for one in self.wrong("--audit")]

    def call(self, method: str, port: int, path: str, body: object = None, **options: Any) -> httpx.Response:
        """One request, repeated while nobody answers."""
        return eventually(lambda: self._tried(method, port, path, json=body, **options), PATIENCE_S)  # type: ignore[return-value]

    def _tried(self, method: str, port: int, path: str, **options: Any) -> httpx.Response | None:
        headers = {"X-Auth-Token": self.token, "OpenStack-API-Version": "compute 2.100", **options.pop("headers", {})}
        url = f"http://127.0.0.1:{port + self.base_port}{path}"
        try:
            answer = self.http.request(method, url, headers=headers, **options)
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

    def upload(self, name: str, file: Path) -> None:
        """Make a public image of a qcow2 file."""
        body = {"name": name, "disk_format": "qcow2", "container_format": "bare", "visibility": "public"}
        image = self.call("POST", 9292, "/v2/images", body).json()["id"]
        headers = {"Content-Type": "application/octet-stream"}
        path = f"/v2/images/{image}/file"
        answer = self.call("PUT", 9292, path, content=file.read_bytes(), headers=headers)
        assert answer.status_code == 204, answer.text

    def image_id(self) -> str:
        return str(self.call("GET", 9292, "/v2/images").json()["images"][0]["id"])

    def servers(self) -> list[Server]:
        found: list[Server] = self.compute("GET", "/servers/detail").json()["servers"]
        return found

    def create(self, name: str, **more: object) -> str:
        """Ask for a small server; its id."""
        server = {"name": name, "flavorRef": NANO, "imageRef": self.image_id(), "networks": "none", **more}
        answer = self.compute("POST", "/servers", {"server": server})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["server"]["id"])

    def act(self, server_id: str, **action: object) -> httpx.Response:
        answer = self.compute("POST", f"/servers/{server_id}/action", action)
        assert answer.status_code in (200, 202), answer.text
        return answer

    def show(self, server_id: str) -> Server:
        found: Server = self.compute("GET", f"/servers/{server_id}").json()["server"]
        return found

    def becomes(self, server_id: str, status: str) -> Server:
        """Wait until the server has this status and nothing is under way with it."""

        def look() -> Server | None:
            found = self.show(server_id)
            assert found["status"] in (status, "BUILD", "ACTIVE", "SHUTOFF", "REBOOT", "HARD_REBOOT"), found
            return None if found["status"] != status or found["OS-EXT-STS:task_state"] else found

        return eventually(look, PATIENCE_S)  # type: ignore[return-value]

    def active(self, name: str) -> str:
        """A new server that runs; its id."""
        server_id = self.create(name)
        self.becomes(server_id, "ACTIVE")
        return server_id

    def console(self, server_id: str) -> str:
        """All that is kept of the server's console, once its host answers."""

        def ask() -> httpx.Response | None:
            body = {"os-getConsoleOutput": {"length": None}}
            answer = self.compute("POST", f"/servers/{server_id}/action", body)
            assert answer.status_code in (200, 409), answer.text
            return answer if answer.status_code == 200 else None

        return str(eventually(ask, PATIENCE_S).json()["output"])  # type: ignore[attr-defined]

    def delete(self, *server_ids: str) -> None:
        """Delete servers, and wait until nobody knows them any more."""
        for server_id in server_ids:
            assert self.compute("DELETE", f"/servers/{server_id}").status_code in (204, 404)
        for server_id in server_ids:
            eventually(lambda one=server_id: self.compute("GET", f"/servers/{one}").status_code == 404, PATIENCE_S)


@contextmanager
def tree_in_tmp(*words: str, **environment: str) -> Iterator[Tree]:
    """A place for a cloud; whatever has become of it is wiped, and nothing may be left then."""
    # Under /tmp itself: pytest's own folders are closed to the accounts under which control and guests run. Whichever
    # process is told to die removes the file that says so.
    folder = Path(tempfile.mkdtemp(prefix="haneul-tree-"))
    folder.chmod(0o777)
    tree = Tree(folder / "state", *words, **environment)
    try:
        yield tree
    finally:
        tree.wipe()
        left = left_of(tree)
        shutil.rmtree(folder)
        assert left == []


def left_of(tree: Tree) -> list[str]:
    """What of a cloud is on this machine: processes, namespaces, links, mounts, its folder."""
    marks = [str(tree.state), *([tree.cloud_id] if tree.cloud_id else [])]

    def is_its(text: str) -> bool:
        return any(mark in text for mark in marks)

    found = [f"process {pid}: {words}" for pid, words in command_lines() if is_its(words)]
    found += [f"namespace {name}" for name in list_namespaces() if is_its(name)]
    if tree.cloud_id and os.geteuid() == 0:
        found += [f"namespace {name}" for name in list_marked_namespaces(marks_of(tree.cloud_id))]
        found += [f"link {link.name}" for link in list_own_links(tree.cloud_id)]
    found += [f"mount {line}" for line in Path("/proc/mounts").read_text().splitlines() if is_its(line)]
    return found + ([str(tree.state)] if tree.state.exists() else [])


def command_lines() -> Iterator[tuple[int, str]]:
    """The command lines of all live processes but our own."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if words and int(folder.name) != os.getpid():
            yield int(folder.name), words
