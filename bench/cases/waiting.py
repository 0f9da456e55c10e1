"""From POST to ACTIVE, one server at a time and a hundred of them."""

import json
import statistics
import time

from bench.case import Bench, Case
from bench.cloud import BenchCloud, running_cloud
from bench.figures import Figure, Outcome
from bench.guests import (
    WITHOUT_NETWORK,
    create_server,
    image_of,
    server_body,
    server_ids,
    status_of,
    wait_for_servers,
    wait_until,
    without_quotas,
)
from bench.load import Plan, send
from bench.measure import spending

CROWD, CONCURRENCY = 100, 8
LOOK_S = 0.02


def one_by_one(bench: Bench) -> Outcome:
    """Simulated servers, one after another, as a client sees them: POST, then GET until it says ACTIVE."""
    with running_cloud("--simulate") as cloud:
        without_quotas(cloud)
        image_id = image_of(cloud)
        times = [_time_to_active(cloud, image_id) * 1000 for _ in range(bench.count(40) + 1)][1:]
        return Outcome(
            figures=[
                Figure(
                    name="POST to ACTIVE, simulated",
                    value=statistics.median(times),
                    unit="ms",
                    target=150,
                    better="less",
                    beside={"best": round(min(times), 1), "worst": round(max(times), 1), "servers": len(times)},
                )
            ]
        )


def _time_to_active(cloud: BenchCloud, image_id: str) -> float:
    began = time.perf_counter()
    server_id = create_server(cloud, "one", image_id)
    wait_until(lambda: status_of(cloud, server_id) == "ACTIVE", 0.002)
    seconds = time.perf_counter() - began
    cloud.ask("DELETE", "compute", f"/v2.1/servers/{server_id}")
    wait_for_servers(cloud, 0, "")
    return seconds


def crowd(_bench: Bench) -> Outcome:
    """A hundred servers at concurrency 8, until all are ACTIVE, and until all are gone."""
    with running_cloud("--simulate") as cloud:
        without_quotas(cloud)
        image_id = image_of(cloud)
        _time_to_active(cloud, image_id)
        body = json.dumps(server_body("crowd", image_id)).encode()
        post = cloud.prepared("POST", "/v2.1/servers", WITHOUT_NETWORK, body)
        created = _paced(cloud, "created, until all are ACTIVE", [post], 202, CROWD)
        deletes = [cloud.prepared("DELETE", f"/v2.1/servers/{name}") for name in server_ids(cloud, CROWD)]
        deleted = _paced(cloud, "deleted, until all are gone", deletes, 204, 0)
        return Outcome(figures=[created, deleted])


def _paced(cloud: BenchCloud, what: str, requests: list[bytes], status: int, left: int) -> Figure:
    with spending(cloud.pids) as spent:
        plan = Plan(port=cloud.port("compute"), requests=requests, count=CROWD, connections=CONCURRENCY)
        result = send(plan).expect(status, CROWD)
        wait_for_servers(cloud, left, "ACTIVE", look_s=LOOK_S)
    return Figure(
        name=f"100 simulated servers at concurrency 8 {what}",
        value=CROWD / spent.wall_s,
        unit="per second",
        target=20,
        beside={"p50 ms of the request": result.p50_ms, "CPU ms a server": round(spent.cpu_s * 1000 / CROWD, 2)},
    )


CASES = (
    Case(name="active", says="From POST to ACTIVE, simulated.", run=one_by_one),
    Case(name="crowd", says="100 simulated servers at concurrency 8, created and deleted.", run=crowd),
)
