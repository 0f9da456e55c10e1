"""A cloud to measure: started by `haneul up` in a folder of its own, wiped at the end."""

import json
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from bench import load
from bench.measure import Spent, cpu_seconds
from haneul.settings import ALL_SERVICES_PORT, SERVICE_PORTS, SITE_PORTS

HANEUL = Path(sys.executable).with_name("haneul")
BASE_PORTS = range(20_000, 50_000, 500)
LOOPBACK = "127.0.0.1"
COMMAND_S = 300.0


class BenchCloud:
    """One cloud in its state folder; `up` and `down` may be called again and again."""

    def __init__(self, state: Path, base_port: int, flags: Sequence[str]) -> None:
        self.state, self.base_port, self.flags = state, base_port, tuple(flags)
        self.processes: dict[str, int] = {}
        self.supervisor = 0
        self.token = ""
        self.http = httpx.Client(timeout=60)
        # The quickest way to see an open port is to need no name, no proxy and no TLS for it.
        self.ports = [port + base_port for port in (*SERVICE_PORTS.values(), *SITE_PORTS.values(), ALL_SERVICES_PORT)]

    @property
    def pids(self) -> list[int]:
        """Control and agent."""
        return list(self.processes.values())

    @property
    def cloud_id(self) -> str:
        return (self.state / "cloud-id").read_text().strip()

    @property
    def database(self) -> Path:
        return self.state / "control" / "haneul.db"

    def port(self, service: str) -> int:
        return SERVICE_PORTS[service] + self.base_port

    def url(self, service: str) -> str:
        return f"http://{LOOPBACK}:{self.port(service)}"

    def up(self) -> float:
        """Start it; the seconds until the command returned."""
        began = time.perf_counter()
        told = self._run("up", "--base-port", str(self.base_port), *self.flags)
        seconds = time.perf_counter() - began
        self.processes, self.supervisor = dict(told["processes"]), int(told["supervisor"])
        return seconds

    def up_until_answering(self) -> Spent:
        """Start it; the time until every port answered a request, whenever the command itself returns.

        The CPU seconds are those of the command and of all that it has started.
        """
        commands = _children_cpu_s()
        began = time.perf_counter()
        command = subprocess.Popen(
            self._command("up", "--base-port", str(self.base_port), *self.flags),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        for port in self.ports:
            while not _answers(port):
                if time.perf_counter() - began > COMMAND_S:
                    raise RuntimeError(f"Port {port} does not answer.")
                time.sleep(0.005)
        wall_s = time.perf_counter() - began
        told = json.loads(command.communicate(timeout=COMMAND_S)[0])
        self.processes, self.supervisor = dict(told["processes"]), int(told["supervisor"])
        return Spent(cpu_seconds([*self.pids, self.supervisor]) + _children_cpu_s() - commands, wall_s)

    def down(self) -> None:
        self._run("down")

    def wipe(self) -> None:
        """Leave nothing of it."""
        self.http.close()
        self._run("down", "--wipe", "--yes")

    def _command(self, verb: str, *words: str) -> list[str]:
        return [str(HANEUL), verb, "--json", "--state", str(self.state), *words]

    def _run(self, verb: str, *words: str) -> Any:
        done = subprocess.run(
            self._command(verb, *words), capture_output=True, text=True, timeout=COMMAND_S, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"haneul {verb} failed: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def log_in(self) -> None:
        """Get an admin's token for project admin."""
        password = (self.state / "control" / "admin-password").read_text()
        user = {"name": "admin", "domain": {"id": "default"}, "password": password}
        scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
        auth = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}
        answer = self.http.post(self.url("identity") + "/v3/auth/tokens", json={"auth": auth}).raise_for_status()
        self.token = answer.headers["X-Subject-Token"]
        self.project_id = answer.json()["token"]["project"]["id"]
        self.user_id = answer.json()["token"]["user"]["id"]

    def ask(self, method: str, service: str, path: str, **options: Any) -> httpx.Response:
        """One request as admin; an error for any 4xx or 5xx."""
        headers = {"X-Auth-Token": self.token, **options.pop("headers", {})}
        answer = self.http.request(method, self.url(service) + path, headers=headers, **options)
        if answer.is_error:
            raise RuntimeError(f"{method} {path} answered {answer.status_code}: {answer.text[:500]}")
        return answer

    def prepared(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
        """The bytes of a request as admin."""
        return load.request(method, path, {"X-Auth-Token": self.token, **(headers or {})}, body)


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=5) as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return line.recv(5) == b"HTTP/"
    except OSError:
        return False


@contextmanager
def new_cloud(*flags: str) -> Iterator[BenchCloud]:
    """A cloud's folder and ports, nothing started yet; whatever ran there is wiped at the end."""
    folder = Path(tempfile.mkdtemp(prefix="haneul-bench-"))
    # Guests of a real cloud pass through the folder under accounts of their own.
    folder.chmod(0o755)
    cloud = BenchCloud(folder / "state", _free_base_port(), flags)
    try:
        yield cloud
    finally:
        if cloud.state.exists():
            cloud.wipe()
        shutil.rmtree(folder)


@contextmanager
def running_cloud(*flags: str, config: str = "") -> Iterator[BenchCloud]:
    """A cloud that answers, with an admin logged in; `config` is what its `haneul.toml` shall say."""
    with new_cloud(*flags) as cloud:
        if config:
            written = cloud.state.with_name("haneul.toml")
            written.write_text(config)
            cloud.flags = (*cloud.flags, "--config", str(written))
        cloud.up()
        cloud.log_in()
        yield cloud


def _free_base_port() -> int:
    for base in BASE_PORTS:
        if not any(
            _is_taken(port + base) for port in (*SERVICE_PORTS.values(), *SITE_PORTS.values(), ALL_SERVICES_PORT)
        ):
            return base
    raise RuntimeError("No free ports were found for a cloud.")


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False
