"""Making and listing what networks are made of."""

import json

from bench.case import Bench, Case, rate
from bench.cloud import BenchCloud, running_cloud
from bench.figures import Figure, Outcome
from bench.load import Plan, send
from bench.measure import spending

LISTED = 1000
UNLIMITED = ("network", "subnet", "port", "router", "security_group", "security_group_rule", "floatingip")
CLASS_B = "10.{number}.0.0/16"


def ports(bench: Bench) -> Outcome:
    """Ports on one network with DHCP, over 8 connections."""
    with running_cloud("--simulate") as cloud:
        network_id = _network(cloud)
        body = json.dumps({"port": {"network_id": network_id}}).encode()
        request = cloud.prepared("POST", "/v2.0/ports", {}, body)
        _send(cloud, [request], 100)
        plan = Plan(port=cloud.port("network"), requests=[request], count=bench.count(2000), connections=8)
        return Outcome(figures=[rate("port created", cloud, plan, status=201, target=500)])


def list_ports(bench: Bench) -> Outcome:
    """Lists of 1000 ports, one connection after another being answered."""
    with running_cloud("--simulate") as cloud:
        network_id = _network(cloud)
        body = json.dumps({"port": {"network_id": network_id}}).encode()
        _send(cloud, [cloud.prepared("POST", "/v2.0/ports", {}, body)], LISTED - 1)
        listed = cloud.ask("GET", "network", "/v2.0/ports").json()["ports"]
        if len(listed) != LISTED:
            raise RuntimeError(f"Expected {LISTED} ports in the list, got {len(listed)}.")
        request, count = cloud.prepared("GET", "/v2.0/ports", {}), bench.count(200)
        _send(cloud, [request], 5, status=200)
        with spending(cloud.pids) as spent:
            _send(cloud, [request], count, status=200)
        figure = Figure(
            name="list of 1000 ports", value=spent.cpu_s / count * 1000, unit="ms of CPU", target=20, better="less"
        )
        return Outcome(figures=[figure])


def rules(bench: Bench) -> Outcome:
    """Rules of many security groups, over 8 connections."""
    with running_cloud("--simulate") as cloud:
        _without_quotas(cloud)
        groups = [
            cloud.ask(
                "POST", "network", "/v2.0/security-groups", json={"security_group": {"name": f"g{number}"}}
            ).json()
            for number in range(20)
        ]
        requests = [
            cloud.prepared("POST", "/v2.0/security-group-rules", {}, _rule(group["security_group"]["id"], number))
            for number in range(bench.count(2000) // len(groups))
            for group in groups
        ]
        plan = Plan(port=cloud.port("network"), requests=requests, count=len(requests), connections=8)
        return Outcome(figures=[rate("security group rule created", cloud, plan, status=201, target=500)])


def _rule(group_id: str, number: int) -> bytes:
    rule = {"security_group_id": group_id, "direction": "ingress", "protocol": "tcp"}
    return json.dumps(
        {"security_group_rule": {**rule, "port_range_min": number + 1, "port_range_max": number + 1}}
    ).encode()


def routers(bench: Bench) -> Outcome:
    """Routers, each with an interface on a subnet of its own."""
    with running_cloud("--simulate") as cloud:
        _without_quotas(cloud)
        count = min(bench.count(300), 250)
        subnets = [_subnet(cloud, _bare_network(cloud), number) for number in range(count)]
        with spending(cloud.pids) as spent:
            for subnet_id in subnets:
                router = cloud.ask("POST", "network", "/v2.0/routers", json={"router": {}}).json()["router"]
                path = f"/v2.0/routers/{router['id']}/add_router_interface"
                cloud.ask("PUT", "network", path, json={"subnet_id": subnet_id})
        value = count / spent.cpu_s
        return Outcome(
            figures=[Figure(name="router with an interface", value=value, unit="per CPU second", target=100)]
        )


def _network(cloud: BenchCloud) -> str:
    _without_quotas(cloud)
    network_id = _bare_network(cloud)
    _subnet(cloud, network_id, 1)
    return network_id


def _bare_network(cloud: BenchCloud) -> str:
    return str(cloud.ask("POST", "network", "/v2.0/networks", json={"network": {}}).json()["network"]["id"])


def _subnet(cloud: BenchCloud, network_id: str, number: int) -> str:
    wanted = {"network_id": network_id, "ip_version": 4, "cidr": CLASS_B.format(number=number)}
    return str(cloud.ask("POST", "network", "/v2.0/subnets", json={"subnet": wanted}).json()["subnet"]["id"])


def _without_quotas(cloud: BenchCloud) -> None:
    quota = dict.fromkeys(UNLIMITED, -1)
    cloud.ask("PUT", "network", f"/v2.0/quotas/{cloud.project_id}", json={"quota": quota})


def _send(cloud: BenchCloud, requests: list[bytes], count: int, *, status: int = 201) -> None:
    plan = Plan(port=cloud.port("network"), requests=requests, count=count, connections=8)
    send(plan).expect(status, count)


CASES = (
    Case(name="ports", says="Ports created per CPU second.", run=ports),
    Case(name="list-ports", says="Lists of 1000 ports, in ms of CPU.", run=list_ports),
    Case(name="group-rules", says="Security group rules created per CPU second.", run=rules),
    Case(name="routers", says="Routers with an interface per CPU second.", run=routers),
)
