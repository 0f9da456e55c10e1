"""Showing, listing and creating servers."""

import json

from bench.case import Bench, Case, rate
from bench.cloud import BenchCloud, running_cloud
from bench.figures import Figure, Outcome
from bench.fill import fill_servers
from bench.guests import image_of, server_body, wait_for_servers, without_quotas
from bench.load import Plan, send
from bench.measure import spending

NEWEST = {"X-OpenStack-Nova-API-Version": "2.100"}
OLDEST: dict[str, str] = {}
LISTED = 1000


def show(bench: Bench) -> Outcome:
    """One server of many, by its id, over 8 connections."""
    cloud = bench.simulated
    ids = _some_servers(cloud, 50)
    figures = []
    for version, headers in (("2.100", NEWEST), ("2.1", OLDEST)):
        requests = [cloud.prepared("GET", f"/v2.1/servers/{server_id}", headers) for server_id in ids]
        port = cloud.port("compute")
        send(Plan(port=port, requests=requests, count=500, connections=8))
        plan = Plan(port=port, requests=requests, count=bench.count(20_000), connections=8)
        figures.append(rate(f"show server, microversion {version}", cloud, plan, target=4000))
    return Outcome(figures=figures)


def list_in_detail(bench: Bench) -> Outcome:
    """Lists of 1000 servers, one connection after another being answered."""
    with running_cloud("--simulate") as cloud:
        fill_servers(cloud, cloud.project_id, LISTED)
        figures = []
        for version, headers in (("2.100", NEWEST), ("2.1", OLDEST)):
            request = cloud.prepared("GET", "/v2.1/servers/detail", headers)
            port = cloud.port("compute")
            _expect_listed(cloud, headers)
            send(Plan(port=port, requests=[request], count=5, connections=2))
            plan = Plan(port=port, requests=[request], count=bench.count(100), connections=2)
            figures.append(rate(f"list of 1000 servers in detail, microversion {version}", cloud, plan, target=25))
        return Outcome(figures=figures)


def _expect_listed(cloud: BenchCloud, headers: dict[str, str]) -> None:
    found = cloud.ask("GET", "compute", "/v2.1/servers/detail", headers=headers).json()["servers"]
    if len(found) != LISTED:
        raise RuntimeError(f"Expected {LISTED} servers in the list, got {len(found)}.")


def create(bench: Bench) -> Outcome:
    """Servers accepted, and the cost of the whole way of a server from POST to ACTIVE."""
    with running_cloud("--simulate") as cloud:
        without_quotas(cloud)
        count, image_id = bench.count(500), image_of(cloud)
        body = json.dumps(server_body("bench", image_id)).encode()
        request = cloud.prepared("POST", "/v2.1/servers", NEWEST, body)
        with spending(cloud.pids) as whole:
            plan = Plan(port=cloud.port("compute"), requests=[request], count=count, connections=8)
            accepted = rate("server create accepted", cloud, plan, status=202, target=200)
            wait_for_servers(cloud, count, "ACTIVE")
        figure = Figure(name="server created, from POST to ACTIVE", value=count / whole.cpu_s, unit="per CPU second")
        return Outcome(figures=[accepted, figure])


def _some_servers(cloud: BenchCloud, count: int) -> list[str]:
    fill_servers(cloud, cloud.project_id, count)
    listed = cloud.ask("GET", "compute", f"/v2.1/servers?limit={count}").json()["servers"]
    return [server["id"] for server in listed]


CASES = (
    Case(name="show", says="Show server per CPU second.", run=show),
    Case(name="list", says="Lists of 1000 servers in detail per CPU second.", run=list_in_detail),
    Case(name="create", says="Server creates accepted per CPU second.", run=create),
)
