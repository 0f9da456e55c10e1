"""A whole cloud inside the test's process: real HTTP on loopback ports, a real database, every service."""

import random
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from haneul.cloud import Cloud
from haneul.kernel.config import Settings
from haneul.kernel.http.server import listen, server_of
from haneul.settings import CloudSettings

PASSWORD = "correct horse"
QUICK = {"identity": {"bcrypt_cost": 4, "admin_password": PASSWORD}}


class Client:
    """A caller with one token, speaking to any of the cloud's services: `client.get("identity", "/v3/users")`."""

    def __init__(self, running: "RunningCloud", token: str = "", headers: dict[str, str] | None = None) -> None:
        self.running, self.token = running, token
        self._headers = {**({"X-Auth-Token": token} if token else {}), **(headers or {})}

    def with_headers(self, **headers: str) -> "Client":
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Client(self.running, self.token, {**self._headers, **named})

    def request(self, method: str, service: str, path: str, **options: Any) -> httpx.Response:
        headers = {**self._headers, **options.pop("headers", {})}
        return self.running.http.request(method, self.running.url(service) + path, headers=headers, **options)

    def get(self, service: str, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", service, path, **options)

    def post(self, service: str, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", service, path, **options)

    def put(self, service: str, path: str, **options: Any) -> httpx.Response:
        return self.request("PUT", service, path, **options)

    def patch(self, service: str, path: str, **options: Any) -> httpx.Response:
        return self.request("PATCH", service, path, **options)

    def delete(self, service: str, path: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", service, path, **options)


class RunningCloud:
    """A cloud that answers; `cloud` gives its parts to who must look behind the API."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.http = httpx.Client(timeout=60)
        self._ports = {service.type: cloud.port_of(service) for service in cloud.services}

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self._ports[service]}"

    def login(
        self, scope: Any = None, name: str = "admin", password: str = PASSWORD, domain: str = "default"
    ) -> Client:
        """A client logged in; to project admin when no scope is given, unscoped for "unscoped"."""
        user = {"name": name, "domain": {"id": domain}, "password": password}
        auth = {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": scope or {"project": {"name": "admin", "domain": {"id": "default"}}},
        }
        answer = self.http.post(self.url("identity") + "/v3/auth/tokens", json={"auth": auth})
        assert answer.status_code == 201, answer.text
        return Client(self, answer.headers["X-Subject-Token"])

    def anonymous(self) -> Client:
        return Client(self)


@contextmanager
def running_cloud(db: str = "", *, bare: bool = False, **sections: Any) -> Iterator[RunningCloud]:
    """Start a cloud in a folder of its own and end it, with everything it made, afterwards."""
    state = Path(tempfile.mkdtemp(prefix="haneul-test-"))
    for folder in ("control", "run", "policy"):
        (state / folder).mkdir()
    merged = {name: {**QUICK.get(name, {}), **sections.get(name, {})} for name in QUICK.keys() | sections.keys()}
    try:
        cloud, sockets = _listening(CloudSettings(state=state, db=db, bare=bare), Settings(merged, {}))
        cloud.prepare()
        cloud.start()
        ready = threading.Event()
        server = server_of(cloud.app(), ready=ready.set)
        thread = threading.Thread(target=server.run, args=(sockets,), daemon=True)
        thread.start()
        assert ready.wait(20)
        running = RunningCloud(cloud)
        try:
            yield running
        finally:
            running.http.close()
            server.should_exit = True
            thread.join(10)
            cloud.stop()
    finally:
        shutil.rmtree(state)


def _listening(wanted: CloudSettings, settings: Settings) -> tuple[Cloud, Any]:
    for _ in range(50):
        base = random.randrange(20_000, 50_000, 16)
        cloud = Cloud(msgspec.structs.replace(wanted, base_port=base), settings)
        try:
            return cloud, listen("127.0.0.1", cloud.ports())
        except OSError:
            cloud.store.close()
    raise RuntimeError("no free ports")
