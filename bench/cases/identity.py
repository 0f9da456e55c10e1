"""Tokens, users and logins."""

import json
import resource
from typing import Any

from bench.case import LIGHT_COST, Bench, Case, per_cpu_second, rate
from bench.cloud import BenchCloud
from bench.figures import Figure, Outcome
from bench.load import Plan, request, send, storming
from haneul.services.identity.users.hashing import hashed, submit_check

USERS = 1000
HASHES = 200
LOGIN = "/v3/auth/tokens"


def validate(bench: Bench) -> Outcome:
    """A service's question whether a token is good, asked again and again over 8 connections."""
    cloud = bench.simulated
    with_catalog = cloud.prepared("GET", LOGIN, {"X-Subject-Token": cloud.token})
    without = cloud.prepared("GET", LOGIN + "?nocatalog", {"X-Subject-Token": cloud.token})
    port, count = cloud.port("identity"), bench.count(30_000)
    send(Plan(port=port, requests=[with_catalog], count=500, connections=8))
    plan = Plan(port=port, requests=[with_catalog], count=count, connections=8)
    bare = Plan(port=port, requests=[without], count=count, connections=8)
    version = Plan(port=port, requests=[cloud.prepared("GET", "/v3")], count=count, connections=8)
    return Outcome(
        figures=[
            rate("token validation", cloud, plan, target=6000),
            rate("token validation without the catalog", cloud, bare, target=6000),
            rate("version document (the bare kernel)", cloud, version),
        ]
    )


def read_users(bench: Bench) -> Outcome:
    """One user shown again and again, and all of a thousand listed."""
    cloud = bench.light
    port = cloud.port("identity")
    made = [_user(cloud, f"reader-{number}") for number in range(USERS)]
    shown = [cloud.prepared("GET", f"/v3/users/{user_id}") for user_id in made]
    send(Plan(port=port, requests=shown, count=500, connections=8))
    listing = Plan(port=port, requests=[cloud.prepared("GET", "/v3/users")], count=bench.count(100), connections=2)
    send(Plan(port=port, requests=listing.requests, count=5))
    lists, _ = per_cpu_second(cloud, listing, 200)
    return Outcome(
        figures=[
            rate(
                "users shown",
                cloud,
                Plan(port=port, requests=shown, count=bench.count(20_000), connections=8),
                target=5000,
            ),
            Figure(name=f"list of {USERS} users", value=1000 / lists, unit="ms of CPU", target=15, better="less"),
        ]
    )


def log_in(bench: Bench) -> Outcome:
    """Logins by password, less what their hash costs alone, and by application credential."""
    cloud = bench.light
    port, count = cloud.port("identity"), bench.count(2000)
    project = {"project": {"id": cloud.project_id}}
    password = (cloud.state / "control" / "admin-password").read_text()
    proof = {"methods": ["password"], "password": {"user": {"id": cloud.user_id, "password": password}}}
    by_password = _login({"identity": proof, "scope": project})
    send(Plan(port=port, requests=[by_password], count=100, connections=8))
    logins, _ = per_cpu_second(cloud, Plan(port=port, requests=[by_password], count=count, connections=8), 201)
    by_credential = _login({"identity": _credential_of(cloud)})
    send(Plan(port=port, requests=[by_credential], count=100, connections=8))
    plan = Plan(port=port, requests=[by_credential], count=count, connections=8)
    hash_ms = _hash_ms(password)
    return Outcome(
        figures=[
            Figure(
                name="password login beyond its hash",
                value=1000 / logins - hash_ms,
                unit="ms of CPU",
                target=1.0,
                better="less",
                beside={"whole login ms": round(1000 / logins, 3), "hash alone ms": round(hash_ms, 3)},
            ),
            rate("logins by application credential", cloud, plan, status=201, target=1000),
        ]
    )


def storm(bench: Bench) -> Outcome:
    """What is left to others while twenty clients try passwords as fast as they can."""
    cloud = bench.simulated
    wrong = {"name": "admin", "domain": {"id": "default"}, "password": "wrong"}
    attack = _login({"identity": {"methods": ["password"], "password": {"user": wrong}}})
    port, count = cloud.port("identity"), bench.count(20_000)
    calm = Plan(port=port, requests=[cloud.prepared("GET", f"/v3/users/{cloud.user_id}")], count=count, connections=4)
    quiet = send(calm).expect(200, count)
    with storming(Plan(port=port, requests=[attack], count=1_000_000, connections=20, seconds=300)):
        loaded = send(calm).expect(200, count)
    kept = (loaded.count / loaded.seconds) / (quiet.count / quiet.seconds)
    return Outcome(
        figures=[
            Figure(
                name="other requests' rate during a login storm",
                value=100 * kept,
                unit="% of the quiet rate",
                target=70,
                beside={"quiet per second": round(quiet.count / quiet.seconds), "p99 ms": loaded.p99_ms},
            )
        ]
    )


def _login(auth: dict[str, Any]) -> bytes:
    return request("POST", LOGIN, {}, json.dumps({"auth": auth}).encode())


def _user(cloud: BenchCloud, name: str) -> str:
    body = {"user": {"name": name, "email": f"{name}@example.org", "description": "One of many"}}
    return str(cloud.ask("POST", "identity", "/v3/users", json=body).json()["user"]["id"])


def _credential_of(cloud: BenchCloud) -> dict[str, Any]:
    path = f"/v3/users/{cloud.user_id}/application_credentials"
    made = cloud.ask("POST", "identity", path, json={"application_credential": {"name": "bench"}}).json()
    found = made["application_credential"]
    return {
        "methods": ["application_credential"],
        "application_credential": {"id": found["id"], "secret": found["secret"]},
    }


def _hash_ms(password: str) -> float:
    """CPU milliseconds of checking one password in this process."""
    kept = hashed(password, LIGHT_COST)
    before = resource.getrusage(resource.RUSAGE_SELF)
    for _ in range(HASHES):
        submit_check(password, kept, LIGHT_COST).result()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000 / HASHES


CASES = (
    Case(name="tokens", says="Token validation over HTTP per CPU second.", run=validate),
    Case(name="users", says="Users shown and listed.", run=read_users),
    Case(name="logins", says="Logins by password and by application credential.", run=log_in),
    Case(name="storm", says="Other requests while passwords are tried in a storm.", run=storm),
)
