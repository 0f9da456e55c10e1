"""The real command, as a user runs it, on clouds in folders of their own."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

PROGRAM = (sys.executable, "-m", "haneul.cli")
DEADLINE_S = 90
PORTS = {"identity": 5000, "compute": 8774, "placement": 8778, "image": 9292, "network": 9696, "all": 8700}


class Said:
    """How a command ended and what it said."""

    def __init__(self, done: "subprocess.CompletedProcess[str]") -> None:
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        assert "Traceback" not in self.out + self.err, self.err

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def __repr__(self) -> str:
        return f"<{self.code}: {self.out} {self.err}>"


def haneul(*words: str, **environment: str) -> Said:
    """Run the command to its end."""
    done = subprocess.run(
        [*PROGRAM, *words],
        env=environment_of(**environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    return Said(done)


def environment_of(**more: str) -> dict[str, str]:
    """What the command sees: a home of nobody's, and passwords that are quick to check."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("HANEUL_", "OS_"))}
    return {**ours, "HANEUL_IDENTITY_BCRYPT_COST": "4", "HOME": "/nonexistent", **more}


class CommandedCloud:
    """One state folder and a block of ports; nothing runs until `up`."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.base_port = 0

    def up(self, *words: str, **environment: str) -> Said:
        """Start it, on ports that are free."""
        for _ in range(20):
            chosen = random.randrange(20_000, 50_000, 8)
            said = haneul(
                "up", "--state", str(self.state), "--simulate", "--base-port", str(chosen), *words, **environment
            )
            if "can't listen" not in said.err + said.out:
                self.base_port = chosen
                return said
        raise RuntimeError("no free ports")

    def run(self, *words: str, **environment: str) -> Said:
        return haneul(*words, "--state", str(self.state), **environment)

    def started(self) -> dict[str, Any]:
        """Have it up, as the JSON of `up` tells it."""
        said = self.up("--json")
        assert said.code == 0, said
        outcome: dict[str, Any] = said.json
        return outcome

    def pids(self) -> dict[str, int]:
        """The processes that status shows, by name."""
        shown = self.run("status", "--json").json["processes"]
        return {one["process"]: one["pid"] for one in shown if one["pid"]}

    def url(self, service: str, path: str = "/") -> str:
        return f"http://127.0.0.1:{PORTS[service] + self.base_port}{path}"

    def password(self) -> str:
        password: str = self.run("openrc", "--json").json["OS_PASSWORD"]
        return password

    def token(self, name: str = "admin", password: str = "") -> str:
        """A token for project admin."""
        user = {"name": name, "domain": {"id": "default"}, "password": password or self.password()}
        auth = {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": "admin", "domain": {"id": "default"}}},
        }
        answer = httpx.post(self.url("identity", "/v3/auth/tokens"), json={"auth": auth}, timeout=20)
        assert answer.status_code == 201, answer.text
        return answer.headers["X-Subject-Token"]

    def get(self, service: str, path: str, token: str = "") -> httpx.Response:
        return httpx.get(self.url(service, path), headers={"X-Auth-Token": token or self.token()}, timeout=20)


@contextmanager
def cloud_to_command() -> Iterator[CommandedCloud]:
    """A cloud that is wiped afterwards, whatever has become of it."""
    # Under /tmp itself: pytest's own folders are closed to the account under which control runs.
    folder = Path(tempfile.mkdtemp(prefix="haneul-cli-"))
    folder.chmod(0o755)
    cloud = CommandedCloud(folder / "state")
    try:
        yield cloud
    finally:
        said = cloud.run("down", "--wipe", "--yes")
        assert not cloud.state.exists()
        left = processes_of(cloud.state)
        shutil.rmtree(folder)
        assert said.code == 0, said
        assert not left


def processes_of(state: Path) -> list[str]:
    """The live processes whose command line names a state folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if str(state).encode() in line:
            found.append(line.replace(b"\0", b" ").decode())
    return found


def eventually(true: Callable[[], bool], deadline_s: float = 20) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + deadline_s
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)
