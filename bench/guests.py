"""Servers as a client starts them and waits for them."""

import time
from collections.abc import Callable
from typing import Any

from bench.cloud import BenchCloud

FLAVOR = "42"
LOOK_S = 0.005
DEADLINE_S = 300.0
WITHOUT_NETWORK = {"X-OpenStack-Nova-API-Version": "2.37"}
UNLIMITED = {"instances": -1, "cores": -1, "ram": -1}


def image_of(cloud: BenchCloud) -> str:
    """The id of an image to start servers from."""
    images = cloud.ask("GET", "image", "/v2/images?status=active&limit=1").json()["images"]
    if not images:
        raise RuntimeError("The cloud has no image.")
    return str(images[0]["id"])


def server_body(name: str, image_id: str) -> dict[str, Any]:
    """The body of a request for the smallest server, without a network."""
    return {"server": {"name": name, "imageRef": image_id, "flavorRef": FLAVOR, "networks": "none"}}


def without_quotas(cloud: BenchCloud) -> None:
    """Let project admin have as many servers as the host takes."""
    cloud.ask("PUT", "compute", f"/v2.1/os-quota-sets/{cloud.project_id}", json={"quota_set": UNLIMITED})


def create_server(cloud: BenchCloud, name: str, image_id: str) -> str:
    """Ask for a server; its id."""
    answer = cloud.ask("POST", "compute", "/v2.1/servers", json=server_body(name, image_id), headers=WITHOUT_NETWORK)
    return str(answer.json()["server"]["id"])


def status_of(cloud: BenchCloud, server_id: str) -> str:
    """The server's status; RuntimeError with its fault once that is ERROR."""
    server = cloud.ask("GET", "compute", f"/v2.1/servers/{server_id}").json()["server"]
    if server["status"] == "ERROR":
        raise RuntimeError(f"The server is in ERROR: {server['fault']['message']}")
    return str(server["status"])


def statuses(cloud: BenchCloud) -> dict[str, int]:
    """How many of the project's servers there are of each status."""
    found: dict[str, int] = {}
    path: str | None = "/v2.1/servers/detail?limit=1000"
    while path:
        page = cloud.ask("GET", "compute", path).json()
        for server in page["servers"]:
            found[server["status"]] = found.get(server["status"], 0) + 1
        links = page.get("servers_links", [])
        path = links[0]["href"].partition(cloud.url("compute"))[2] if links else None
    return found


def server_ids(cloud: BenchCloud, count: int) -> list[str]:
    """The ids of that many of the project's servers."""
    listed = cloud.ask("GET", "compute", f"/v2.1/servers?limit={count}").json()["servers"]
    return [server["id"] for server in listed]


def wait_for_servers(cloud: BenchCloud, count: int, status: str, *, look_s: float = 0.1) -> None:
    """Return once exactly this many servers exist, all of this status."""
    wanted = {status: count} if count else {}
    wait_until(lambda: _refuse_errors(statuses(cloud)) == wanted, look_s)


def _refuse_errors(found: dict[str, int]) -> dict[str, int]:
    if found.get("ERROR"):
        raise RuntimeError(f"{found['ERROR']} servers are in ERROR.")
    return found


def wait_until(holds: Callable[[], bool], look_s: float = LOOK_S) -> None:
    """Return once it holds; RuntimeError after five minutes."""
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        if time.monotonic() > deadline:
            raise RuntimeError(f"What was waited for did not happen within {DEADLINE_S:.0f} s.")
        time.sleep(look_s)
