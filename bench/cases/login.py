"""From POST to a login through a floating IP, against a bare script that builds the same by hand."""

import statistics
import tempfile
import time
from pathlib import Path

from bench import by_hand
from bench.case import Bench, Case
from bench.cloud import BenchCloud, running_cloud
from bench.figures import Figure, Outcome
from bench.guests import FLAVOR, image_of, wait_for_servers
from bench.login import Key, logged_in_s, new_key

PAIRS = 3
ALLOWED = 1.2
SUBNET = "10.5.5.0/24"
NEWEST = {"X-OpenStack-Nova-API-Version": "2.90"}


def run(_bench: Bench) -> Outcome:
    """Pairs in turn, so that both meet the same machine; the first of each kind warms the caches and isn't counted."""
    with running_cloud() as cloud, tempfile.TemporaryDirectory(prefix="haneul-bench-") as folder:
        key = new_key(Path(folder))
        image_id = image_of(cloud)
        base = Path(folder) / "base.qcow2"
        base.write_bytes(cloud.ask("GET", "image", f"/v2/images/{image_id}/file").content)
        site = _site(cloud, key)
        pairs = [
            (_through_cloud(cloud, site, image_id, key), by_hand.login_s(base, Path(folder), key))
            for _ in range(PAIRS + 1)
        ][1:]
        ratio = statistics.median(ours / bare for ours, bare in pairs)
        figure = Figure(
            name="POST to ssh through a floating IP, against a bare script",
            value=ratio,
            unit="times",
            target=ALLOWED,
            better="less",
            beside={
                "cloud s": round(statistics.median(ours for ours, _ in pairs), 2),
                "bare s": round(statistics.median(bare for _, bare in pairs), 2),
                "pairs": len(pairs),
            },
        )
        return Outcome(figures=[figure])


class _Site:
    """What servers are put on: a network behind a router, and a group that lets logins through."""

    def __init__(self, network_id: str, group_id: str, external_id: str) -> None:
        self.network_id, self.group_id, self.external_id = network_id, group_id, external_id


def _site(cloud: BenchCloud, key: Key) -> _Site:
    def make(kind: str, path: str, **wanted: object) -> str:
        return str(cloud.ask("POST", "network", f"/v2.0/{path}", json={kind: wanted}).json()[kind]["id"])

    external_id = cloud.ask("GET", "network", "/v2.0/networks?router:external=True").json()["networks"][0]["id"]
    network_id = make("network", "networks")
    subnet_id = make("subnet", "subnets", network_id=network_id, cidr=SUBNET, ip_version=4)
    router_id = make("router", "routers", external_gateway_info={"network_id": external_id})
    path = f"/v2.0/routers/{router_id}/add_router_interface"
    cloud.ask("PUT", "network", path, json={"subnet_id": subnet_id})
    group_id = make("security_group", "security-groups", name="login")
    make(
        "security_group_rule",
        "security-group-rules",
        security_group_id=group_id,
        direction="ingress",
        protocol="tcp",
        port_range_min=22,
        port_range_max=22,
    )
    body = {"keypair": {"name": "login", "public_key": key.public}}
    cloud.ask("POST", "compute", "/v2.1/os-keypairs", json=body)
    return _Site(network_id, group_id, external_id)


def _through_cloud(cloud: BenchCloud, site: _Site, image_id: str, key: Key) -> float:
    floating = cloud.ask(
        "POST", "network", "/v2.0/floatingips", json={"floatingip": {"floating_network_id": site.external_id}}
    ).json()["floatingip"]
    server = {
        "name": "login",
        "imageRef": image_id,
        "flavorRef": FLAVOR,
        "key_name": "login",
        "networks": [{"uuid": site.network_id}],
        "security_groups": [{"name": site.group_id}],
    }
    began = time.perf_counter()
    server_id = cloud.ask("POST", "compute", "/v2.1/servers", json={"server": server}, headers=NEWEST).json()["server"][
        "id"
    ]
    port = cloud.ask("GET", "network", f"/v2.0/ports?device_id={server_id}").json()["ports"][0]
    path = f"/v2.0/floatingips/{floating['id']}"
    cloud.ask("PUT", "network", path, json={"floatingip": {"port_id": port["id"]}})
    took_s = logged_in_s(floating["floating_ip_address"], key, began)
    cloud.ask("DELETE", "compute", f"/v2.1/servers/{server_id}")
    wait_for_servers(cloud, 0, "")
    cloud.ask("DELETE", "network", path)
    return took_s


CASES = (
    Case(name="login", says="POST to ssh through a floating IP, against a script by hand.", run=run, is_real=True),
)
