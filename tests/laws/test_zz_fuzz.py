import pytest
from collections import Counter
from tests.laws.found import ROUTES, NAME
from tests.laws.test_callers import WEIRD_QUERIES, WRONG_IDS, ask, hostile_bodies
from tests.laws.furnished_volume_types import volume_type_stage
from tests.laws.volume_scenarios import *
from tests.laws.furnished_block_storage import message_stage
from tests.support.cloud import running_cloud
from tests.support.hosts import simulated_host
from tests.servers.fixtures import mariadb_server, mariadb_url, postgresql_server, postgresql_url

ODD = [
    "",
    "%00",
    "a%00b",
    "x" * 300,
    "9" * 30,
    "-1",
    "[]",
    "['a']",
    "[1]",
    "{}",
    "{'a':'b'}",
    "{'a':1}",
    "(((((",
    "1e999",
    "%ff%fe",
    "%ED%95%98",
    "gt:2026-01-01T00:00:00",
    "gt:0001-01-01T00:00:00%2B14:00",
    "lt:9999-12-31T23:59:59-14:00",
    "gt:",
    "true",
    "None",
    "{'a%00':'b%00'}",
    "['a%00']",
    "%25",
    "%5C",
    "[" * 300,
    "{'a':'" + "x" * 3000 + "'}",
    "%F0%9F%98%80",
]
NAMES = "name status size metadata id host volume_id snapshot_id image_metadata glance_metadata bootable all_tenants with_count created_at updated_at availability_zone migration_status project_id user_id group_id volume_type_id consumes_quota is_public event_id resource_type message_level limit offset marker sort sort_key sort_dir cascade force name~ display_name replication_status binary disabled usage extra_specs resource vol_type_id state progress volume_type no_snapshots is_up num_hosts frozen description".split()


@pytest.mark.parametrize(
    "server",
    [
        "sqlite",
        pytest.param("mariadb", marks=pytest.mark.databases),
        pytest.param("postgresql", marks=pytest.mark.databases),
    ],
)
def test_fuzz(request, server):
    url = "" if server == "sqlite" else request.getfixturevalue(f"{server}_url")
    bad = Counter()
    n = 0

    def check(a, what):
        if a.status_code >= 500 and a.status_code != 501:
            bad[what + f" -> {a.status_code}"] += 1

    with running_cloud(url) as r, simulated_host(r):
        admin = r.login()
        tok = admin.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": admin.token}).json()["token"]
        pid = tok["project"]["id"]
        message_stage(admin, pid)
        ids = volume_type_stage(admin, pid)
        cinder = admin.with_headers(OpenStack_API_Version="volume 3.71")

        def fresh():
            v = with_snapshot(admin)
            ids.update(
                volume_id=v,
                snapshot_id=snapshot_of(admin, v),
                project_id=pid,
                qos_id=ids["qos_spec_id"],
                key="colour",
                hostname="host-1@file",
                host_name="host-1@file",
            )
            body = {"transfer": {"volume_id": available(admin), "name": "gift"}}
            ids["transfer_id"] = cinder.post(CINDER, "/v3/volume-transfers", json=body).json()["transfer"]["id"]
            ids["group_type_id"] = cinder.get(CINDER, "/v3/group_types").json()["group_types"][0]["id"]
            ids["spec_id"] = "a"
            ms = cinder.get(CINDER, "/v3/messages").json()["messages"]
            ids["message_id"] = ms[0]["id"] if ms else "a"

        fresh()
        routes = [f for f in ROUTES if f.service.type == "block-storage" and f.route.method != "DELETE"]
        for f in routes:
            path = NAME.sub(lambda m: ids.get(m[1], "a"), f.route.path)
            if f.route.method == "GET":
                for q in WEIRD_QUERIES.values():
                    check(ask(cinder, f, f"{path}?{q}"), f"{f} ?{q[:60]}")
                if (
                    "list" in f.route.handler.__name__
                    or "summar" in f.route.handler.__name__
                    or "{" not in f.route.path
                ):
                    for nm in NAMES if "{" not in f.route.path else []:
                        for o in ODD:
                            n += 1
                            check(ask(cinder, f, f"{path}?{nm}={o}"), f"{f} ?{nm}={o[:60]}")
            elif f.route.body_type is not None and "os-services" not in f.route.path and "quota" not in f.route.path:
                for b in hostile_bodies(f):
                    n += 1
                    a = ask(cinder, f, path, b)
                    check(a, f"{f} {b[:80]!r}")
                    if a.status_code == 202 and ("volume" in f.route.path or "snapshot" in f.route.path):
                        s = {"os-reset_status": {"status": "available"}}
                        for p in (f"/v3/volumes/{ids['volume_id']}", f"/v3/snapshots/{ids['snapshot_id']}"):
                            x = cinder.post(CINDER, p + "/action", json=s)
                            if x.status_code == 404:
                                fresh()
                                path = NAME.sub(lambda m: ids.get(m[1], "a"), f.route.path)
                                break
        for k, v in bad.items():
            print("BAD", v, k)
        print("BAD tried", n)
        import collections

        assert not bad
