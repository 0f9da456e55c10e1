"""What the tests of routers and floating IPs share: networks to join, and hosts that say what they have made."""

import time
from typing import Any

import httpx
import msgspec
from tests.support.cloud import Client, RunningCloud
from tests.support.members import project_of

from haneul.kernel.bus import CONTROL
from haneul.kernel.reconcile.values import Nothing, Observation, PlanAsk, PlanReply, Report
from haneul.services.network.drivers.base import HostNetwork, RouterPlan, SegmentPlan
from haneul.services.network.quotas.models import Limit, limits
from haneul.services.network.wire import NetworkReport

CARRIED = HostNetwork(types=("vxlan", "local", "flat"), physical_networks=("physnet1",), tunnel_ip="192.0.2.1")


def asked(client: Client, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
    return client.request(method, "network", path, json=body, **options)


def made(client: Client, noun: str, **wanted: Any) -> dict[str, Any]:
    """A resource that was created, such as `made(client, "router", name="R2")`."""
    answer = asked(client, "POST", f"/v2.0/{noun}s", {noun: wanted})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()[noun]
    return found


def shown(client: Client, noun: str, thing_id: str) -> dict[str, Any]:
    answer = asked(client, "GET", f"/v2.0/{noun}s/{thing_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()[noun]
    return found


def changed(client: Client, noun: str, thing_id: str, **wanted: Any) -> dict[str, Any]:
    answer = asked(client, "PUT", f"/v2.0/{noun}s/{thing_id}", {noun: wanted})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()[noun]
    return found


def gone(client: Client, noun: str, thing_id: str) -> None:
    answer = asked(client, "DELETE", f"/v2.0/{noun}s/{thing_id}")
    assert answer.status_code == 204, answer.text


def refused(answer: httpx.Response, status: int, kind: str) -> str:
    """The sentence of a refusal, which must be of this status and kind."""
    assert answer.status_code == status, answer.text
    error = answer.json()["NeutronError"]
    assert error["type"] == kind, error
    return str(error["message"])


def subnet(client: Client, cidr: str, network_id: str = "", **wanted: Any) -> dict[str, Any]:
    """A subnet, on a network of its own where none is named."""
    network_id = network_id or made(client, "network", name=f"of {cidr}")["id"]
    version = 6 if ":" in cidr else 4
    return made(client, "subnet", network_id=network_id, cidr=cidr, ip_version=version, **wanted)


def outside(admin: Client, cidr: str) -> dict[str, Any]:
    """An external network's subnet."""
    network = made(admin, "network", **{"router:external": True})
    return subnet(admin, cidr, network["id"], enable_dhcp=False)


def add_subnet(client: Client, router_id: str, subnet_id: str) -> dict[str, Any]:
    answer = asked(client, "PUT", f"/v2.0/routers/{router_id}/add_router_interface", {"subnet_id": subnet_id})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def joined_router(client: Client, inside_id: str, outside_network_id: str) -> dict[str, Any]:
    """A router between a subnet and an external network."""
    router = made(client, "router", external_gateway_info={"network_id": outside_network_id})
    add_subnet(client, router["id"], inside_id)
    return router


def unlimited(cloud: RunningCloud, *clients: Client) -> None:
    """Let these clients' projects have as many as a module's tests make."""
    owners = [project_of(client) for client in clients]
    names = ("network", "subnet", "port", "router", "floatingip")
    rows = [Limit(owner, name, -1) for owner in owners for name in names]
    cloud.cloud.store.write(lambda db: db.insert_all(limits, rows))


class Host:
    """A host that says over the bus that it lives, asks for its routers and says that it has made them."""

    def __init__(self, cloud: RunningCloud, name: str, carried: HostNetwork = CARRIED) -> None:
        self._bus, self.name = cloud.cloud.bus, name
        self._carried = carried

    def beats(self) -> None:
        report = NetworkReport(self.name, self._carried, time.time())
        self._bus.call(CONTROL, "network.host", report, returns=Nothing, deadline_s=10)

    def asks(self, kind: str, *ids: str) -> PlanReply:
        return self._bus.call(
            CONTROL, "reconcile.plan", PlanAsk(self.name, kind, ids), returns=PlanReply, deadline_s=10
        )

    def routers(self, *ids: str) -> list[RouterPlan]:
        return [msgspec.msgpack.decode(entry, type=RouterPlan) for entry in self.asks("router", *ids).entries]

    def router(self, router_id: str) -> RouterPlan:
        (plan,) = self.routers(router_id)
        return plan

    def segments(self) -> set[str]:
        """The networks that the host has to have."""
        return {msgspec.msgpack.decode(entry, type=SegmentPlan).id for entry in self.asks("segment").entries}

    def makes(self, plan: RouterPlan, error: str = "") -> None:
        """Say that a router is as its plan wants it, or why it can't be."""
        seen = Observation(plan.id, plan.generation, "", error)
        report = Report(self.name, "router", [seen])
        self._bus.call(CONTROL, "reconcile.report", report, returns=Nothing, deadline_s=10)
