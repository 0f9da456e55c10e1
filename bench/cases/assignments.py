"""Who has which role on what, where there is much of it: a long list, and a token of somebody with many roles."""

import json

from bench.calibration import reads_per_cpu_second
from bench.case import Bench, Case, per_cpu_second
from bench.cloud import BenchCloud, running_cloud
from bench.figures import Figure, Outcome
from bench.fill_identity import fill_assignments, fill_roles_of
from bench.load import Plan, request

ROWS = 10_000
LIST = "/v3/role_assignments?effective&include_names"
TOKENS = "/v3/auth/tokens"
PASSWORD = "a password for measuring"
LIST_MS, TOKEN_MS = 50, 3


def run(bench: Bench) -> Outcome:
    """A cloud of its own, since every list of assignments would be longer for it."""
    with running_cloud("--simulate", "--bare") as cloud:
        fill_assignments(cloud, ROWS)
        return Outcome(figures=[_effective(bench, cloud), _tokens(bench, cloud)])


def _effective(bench: Bench, cloud: BenchCloud) -> Figure:
    found = len(cloud.ask("GET", "identity", LIST).json()["role_assignments"])
    plan = Plan(
        port=cloud.port("identity"), requests=[cloud.prepared("GET", LIST)], count=bench.count(100), connections=1
    )
    return _cost(f"effective role assignments with names, over {ROWS} rows", cloud, plan, (200, LIST_MS), found=found)


def _tokens(bench: Bench, cloud: BenchCloud) -> Figure:
    """Tokens for project after project, each for the same unscoped one: no password is hashed."""
    body = {"user": {"name": "busy", "domain_id": "default", "password": PASSWORD}}
    user_id = cloud.ask("POST", "identity", "/v3/users", json=body).json()["user"]["id"]
    project_ids = fill_roles_of(cloud, user_id)
    user = {"id": user_id, "password": PASSWORD}
    login = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": "unscoped"}
    unscoped = cloud.ask("POST", "identity", TOKENS, json={"auth": login}).headers["X-Subject-Token"]
    requests = [_for_project(unscoped, project_id) for project_id in project_ids]
    plan = Plan(port=cloud.port("identity"), requests=requests, count=bench.count(1000), connections=1)
    return _cost("token of a user with 500 projects and 50 groups, beyond the hash", cloud, plan, (201, TOKEN_MS))


def _for_project(unscoped: str, project_id: str) -> bytes:
    identity = {"methods": ["token"], "token": {"id": unscoped}}
    body = {"auth": {"identity": identity, "scope": {"project": {"id": project_id}}}}
    return request("POST", TOKENS, {}, json.dumps(body).encode())


def _cost(name: str, cloud: BenchCloud, plan: Plan, wanted: tuple[int, float], **beside: float) -> Figure:
    """Milliseconds of the cloud's CPU an answer; `wanted` are its status, and the milliseconds that it may take."""
    status, most_ms = wanted
    yardstick = reads_per_cpu_second()
    value, result = per_cpu_second(cloud, plan, status)
    return Figure(
        name=name,
        value=1000 / value,
        unit="ms of CPU",
        target=most_ms,
        better="less",
        beside={
            **beside,
            "answers": result.count,
            "p50 ms": result.p50_ms,
            "bytes an answer": round(result.received / result.count),
            "raw SQLite reads per CPU second": round(yardstick),
        },
    )


CASES = (
    Case(name="assignments", says="Long lists of role assignments, and tokens of users with many roles.", run=run),
)
