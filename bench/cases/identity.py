"""Tokens, users and logins."""

import json
import resource
from typing import Any

from msgspec import Struct
from tests.servers import mariadb, postgresql

from bench.case import LIGHT_COST, Bench, Case, light_cloud, per_cpu_second, rate
from bench.cloud import BenchCloud
from bench.figures import Figure, Outcome
from bench.load import Plan, request, send, storming
from bench.measure import apart
from haneul.services.identity.users.hashing import hashed, submit_check

USERS = 1000
HASHES = 200
LOGIN = "/v3/auth/tokens"


class Where(Struct, frozen=True):
    """A cloud, what its database is called in figures, and which part of SQLite's targets it must reach."""

    cloud: BenchCloud
    on: str = ""
    part: float = 1.0

    def more(self, target: float) -> float:
        return target * self.part

    def less(self, target: float) -> float:
        return target / self.part


def validate(bench: Bench) -> Outcome:
    """A service's question whether a token is good, asked again and again over 8 connections."""
    cloud = bench.simulated
    version = Plan(
        port=cloud.port("identity"), requests=[cloud.prepared("GET", "/v3")], count=bench.count(30_000), connections=8
    )
    bare = rate("version document (the bare kernel)", cloud, version)
    return Outcome(figures=[*_validations(bench, Where(cloud)), bare])


def read_users(bench: Bench) -> Outcome:
    """One user shown again and again, and all of a thousand listed."""
    return Outcome(figures=_reads(bench, Where(bench.light)))


def log_in(bench: Bench) -> Outcome:
    """Logins by password, less what their hash costs alone, and by application credential."""
    return Outcome(figures=_logins(bench, Where(bench.light)))


def on_servers(bench: Bench) -> Outcome:
    """The same on MariaDB and PostgreSQL; the CPU is the cloud's, without the database server's."""
    figures: list[Figure] = []
    for name, server in (("MariaDB", mariadb.running()), ("PostgreSQL", postgresql.running())):
        with server as running, running.database() as url, light_cloud("--db", url) as cloud:
            where = Where(cloud, f" on {name}", 1 / 3)
            figures += [*_validations(bench, where), *_reads(bench, where), *_logins(bench, where)]
    return Outcome(figures=figures)


def _validations(bench: Bench, where: Where) -> list[Figure]:
    cloud, count = where.cloud, bench.count(30_000)
    with_catalog = cloud.prepared("GET", LOGIN, {"X-Subject-Token": cloud.token})
    without = cloud.prepared("GET", LOGIN + "?nocatalog", {"X-Subject-Token": cloud.token})
    port, target = cloud.port("identity"), where.more(6000)
    send(Plan(port=port, requests=[with_catalog], count=500, connections=8))
    whole = Plan(port=port, requests=[with_catalog], count=count, connections=8)
    bare = Plan(port=port, requests=[without], count=count, connections=8)
    return [
        rate(f"token validation{where.on}", cloud, whole, target=target),
        rate(f"token validation without the catalog{where.on}", cloud, bare, target=target),
    ]


def _reads(bench: Bench, where: Where) -> list[Figure]:
    cloud = where.cloud
    port = cloud.port("identity")
    made = [_user(cloud, f"reader-{number}") for number in range(USERS)]
    shown = [cloud.prepared("GET", f"/v3/users/{user_id}") for user_id in made]
    send(Plan(port=port, requests=shown, count=500, connections=8))
    listing = Plan(port=port, requests=[cloud.prepared("GET", "/v3/users")], count=bench.count(100), connections=2)
    send(Plan(port=port, requests=listing.requests, count=5))
    lists, _ = per_cpu_second(cloud, listing, 200)
    plan = Plan(port=port, requests=shown, count=bench.count(20_000), connections=8)
    listed = Figure(
        name=f"list of {USERS} users{where.on}",
        value=1000 / lists,
        unit="ms of CPU",
        target=where.less(15),
        better="less",
    )
    return [rate(f"users shown{where.on}", cloud, plan, target=where.more(5000)), listed]


def _logins(bench: Bench, where: Where) -> list[Figure]:
    cloud = where.cloud
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
    beyond = Figure(
        name=f"password login beyond its hash{where.on}",
        value=1000 / logins - hash_ms,
        unit="ms of CPU",
        target=where.less(1.0),
        better="less",
        beside={"whole login ms": round(1000 / logins, 3), "hash alone ms": round(hash_ms, 3)},
    )
    target = where.more(1000)
    return [beyond, rate(f"logins by application credential{where.on}", cloud, plan, status=201, target=target)]


def storm(bench: Bench) -> Outcome:
    """What is left to others while twenty clients try passwords as fast as they can; a CPU for each side."""
    cloud = bench.simulated
    wrong = {"name": "admin", "domain": {"id": "default"}, "password": "wrong"}
    attack = _login({"identity": {"methods": ["password"], "password": {"user": wrong}}})
    port, count = cloud.port("identity"), bench.count(20_000)
    calm = Plan(port=port, requests=[cloud.prepared("GET", f"/v3/users/{cloud.user_id}")], count=count, connections=4)
    many = Plan(port=port, requests=[attack], count=1_000_000, connections=20, seconds=300)
    with apart(cloud.pids):
        quiet = send(calm).expect(200, count)
        with storming(many):
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
    Case(name="identity-servers", says="The same on MariaDB and PostgreSQL.", run=on_servers),
    Case(name="storm", says="Other requests while passwords are tried in a storm.", run=storm),
)
