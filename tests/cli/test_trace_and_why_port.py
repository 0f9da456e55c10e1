"""The commands on a simulated cloud of its own processes: a packet's way, a port's trouble, doctor's word."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.cli.commands import CommandedCloud, eventually

from haneul.kernel.db import Store
from haneul.kernel.ids import new_uuid
from haneul.services.network.agents.models import BRIDGE_AGENT, NetworkAgent, agents
from haneul.services.network.placements.models import placements

Thing = dict[str, Any]
NANO = "42"
PLACES = ("source port", "anti-spoofing", "address", "egress", "router")


class Place:
    """A simulated cloud with one server on a network of its own."""

    def __init__(self, cloud: CommandedCloud) -> None:
        self.cloud = cloud
        self.http = httpx.Client(headers={"X-Auth-Token": cloud.token()}, timeout=20)
        self.network = self.make("network", name="lone")
        self.make("subnet", network_id=self.network["id"], cidr="10.7.0.0/24", ip_version=4)
        self.server_id = self._server()
        eventually(lambda: self.server()["status"] == "ACTIVE")
        (self.port,) = self.ask("GET", f"/ports?device_id={self.server_id}")["ports"]
        eventually(lambda: self.show("port", self.port["id"])["status"] == "ACTIVE")

    def ask(self, method: str, path: str, body: object = None) -> Thing:
        answer = self.http.request(method, self.cloud.url("network", f"/v2.0{path}"), json=body)
        assert answer.status_code < 300, answer.text
        found: Thing = answer.json()
        return found

    def make(self, kind: str, **fields: object) -> Thing:
        made: Thing = self.ask("POST", f"/{kind}s", {kind: fields})[kind]
        return made

    def show(self, kind: str, thing_id: str) -> Thing:
        found: Thing = self.ask("GET", f"/{kind}s/{thing_id}")[kind]
        return found

    def _server(self) -> str:
        image = self.cloud.get("image", "/v2/images").json()["images"][0]["id"]
        nics = [{"uuid": self.network["id"]}]
        server = {"name": "lone-server", "flavorRef": NANO, "imageRef": image, "networks": nics}
        answer = self.http.post(self.cloud.url("compute", "/v2.1/servers"), json={"server": server})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["server"]["id"])

    def server(self) -> Thing:
        found: Thing = self.http.get(self.cloud.url("compute", f"/v2.1/servers/{self.server_id}")).json()["server"]
        return found

    def act(self, **action: object) -> None:
        path = f"/v2.1/servers/{self.server_id}/action"
        assert self.http.post(self.cloud.url("compute", path), json=action).status_code == 202

    @property
    def address(self) -> str:
        return str(self.port["fixed_ips"][0]["ip_address"])

    def wrong(self) -> dict[str, str]:
        """What doctor calls wrong, with the fix of each."""
        told = self.cloud.run("doctor", "--json").json["findings"]
        return {one["fact"]: one["fix"] for one in told if one["verdict"] == "wrong"}


@pytest.fixture(scope="module")
def place(disturbed: CommandedCloud) -> Place:
    return Place(disturbed)


@contextmanager
def database(cloud: CommandedCloud) -> Iterator[Store]:
    store = Store(f"sqlite:///{cloud.state / 'control' / 'haneul.db'}")
    try:
        yield store
    finally:
        store.close()


def test_a_dropped_packet_is_a_line_for_each_place_and_a_command(place: Place) -> None:
    said = place.cloud.run("trace", "packet", "--from", "lone-server", "--to", "8.8.8.8", "--tcp", "80")
    assert said.code == 1
    assert said.out.startswith(f"tcp 80 from {place.address} to 8.8.8.8\nThe cloud is simulated: these are the rows")
    hops = [line for line in said.out.splitlines() if line.startswith(("ok ", "DROP"))]
    assert [line[20:].partition("  ")[0].strip() for line in hops] == list(PLACES)
    assert [line[:4].strip() for line in hops] == ["ok", "ok", "ok", "ok", "DROP"]
    assert "It is dropped at: router.\nWhat helps: openstack router create router1; openstack" in said.out


def test_programs_read_the_same(place: Place) -> None:
    words = ("--from", place.server_id, "--to", "8.8.8.8", "--udp", "53", "--json")
    said = place.cloud.run("trace", "packet", *words)
    assert said.code == 1
    told = said.json
    assert [hop["at"] for hop in told["hops"]] == list(PLACES)
    assert (told["passes"], told["dropped_at"], told["packet"]["protocol"]) == (False, "router", "udp")
    assert told["fix"] == told["hops"][-1]["fix"]


def test_a_packet_that_arrives_is_no_failure(place: Place) -> None:
    said = place.cloud.run("trace", "packet", "--from", "lone-server", "--to", "10.7.0.2", "--icmp")
    assert (said.code, said.out.splitlines()[-1]) == (0, "Nothing drops it.")


def test_wrong_use_is_said_plainly(place: Place) -> None:
    run = place.cloud.run
    assert run("trace", "packet", "--to", "8.8.8.8", "--tcp", "1", "--udp", "1").code == 2
    assert run("trace", "packet", "--from", "lone-server", "--to", "8.8.8.8", "--as", "me").code == 2
    said = run("trace", "packet", "--from", "nobody", "--to", "8.8.8.8")
    assert (said.code, "There is no server and no port nobody." in said.err) == (1, True)


def test_a_server_that_does_not_run(place: Place) -> None:
    place.act(**{"os-stop": None})
    eventually(lambda: place.server()["status"] == "SHUTOFF")
    said = place.cloud.run("trace", "packet", "--from", "lone-server", "--to", "10.7.0.2", "--json")
    assert (said.code, said.json["dropped_at"]) == (1, "source port")
    assert said.json["fix"] == f"openstack server start {place.server_id}"
    place.act(**{"os-start": None})
    eventually(lambda: place.server()["status"] == "ACTIVE")


@pytest.mark.parametrize("named", ["id", "address"])
def test_why_port_of_a_sound_port(place: Place, named: str) -> None:
    said = place.cloud.run("why", "port", place.port["id"] if named == "id" else place.address)
    assert said.code == 0, said
    assert "Nothing keeps it from working." in said.out
    assert f"server lone-server ({place.server_id}), which is active" in said.out
    assert "POST    /v2.1/servers" in said.out
    told = place.cloud.run("why", "port", place.port["id"], "--json").json
    assert {one["kind"] for one in told["made"]} == {"port", "segment", "group", "dhcp"}
    assert (told["reasons"], told["agent_alive"]) == ([], True)


def test_why_port_of_a_port_that_is_down_or_nowhere(place: Place) -> None:
    port = place.make("port", network_id=place.network["id"], name="spare", admin_state_up=False)
    reasons = place.cloud.run("why", "port", "spare", "--json").json["reasons"]
    assert reasons == [
        {"text": "It is administratively down.", "fix": f"openstack port set --enable {port['id']}"},
        {
            "text": "It is bound to no host: no server has it.",
            "fix": f"openstack server add port SERVER {port['id']}",
        },
    ]
    said = place.cloud.run("why", "port", "no-such-port")
    assert (said.code, said.err.splitlines()[0]) == (1, "haneul: There is no port no-such-port.")


def test_a_failed_binding_is_told_by_why_and_by_doctor(place: Place) -> None:
    flat = {"provider:network_type": "flat", "provider:physical_network": "nowhere"}
    network = place.make("network", **flat)
    host = place.show("port", place.port["id"])["binding:host_id"]
    port = place.make("port", network_id=network["id"], **{"binding:host_id": host})
    (reason,) = place.cloud.run("why", "port", port["id"], "--json").json["reasons"]
    because = f"Host {host} is not connected to the physical network nowhere."
    assert reason["text"] == f"Its binding to {host} failed: {because}"
    assert place.wrong() == {
        f"The port {port['id']} could not be bound to {host}: {because}": f"haneul why port {port['id']}"
    }
    place.http.delete(place.cloud.url("network", f"/v2.0/ports/{port['id']}"))


def test_what_a_host_could_not_make_is_told_by_why_and_by_doctor(place: Place) -> None:
    key = {"kind": "segment", "id": place.network["id"]}
    with database(place.cloud) as store:
        store.write(lambda db: db.update(placements, key, error="There is no room.", observed_generation=0))
        try:
            (reason,) = place.cloud.run("why", "port", place.port["id"], "--json").json["reasons"]
            assert "could not make its network" in reason["text"]
            assert "There is no room. (change 1 is wanted, none is made)" in reason["text"]
            assert reason["fix"].startswith("haneul logs --request req-")
            wrong = place.wrong()
            assert [fact.partition(": ")[2] for fact in wrong] == ["There is no room."]
            assert [fix[:16] for fix in wrong.values()] == ["haneul why port "]
            assert "Not made yet, or not in its newest form: 1" in place.cloud.run("status").out
        finally:
            store.write(lambda db: db.update(placements, key, error="", observed_generation=1))


def test_a_host_that_is_silent_is_told_by_doctor(place: Place) -> None:
    moment = datetime.now(UTC) - timedelta(hours=2)
    told = {"types": ["local"], "physical_networks": [], "tunnel_ip": ""}
    gone = NetworkAgent(new_uuid(), BRIDGE_AGENT, "attic", True, "", told, moment, moment, moment)
    with database(place.cloud) as store:
        store.write(lambda db: db.insert(agents, gone))
        try:
            (fact,) = place.wrong()
            assert fact.startswith("The network agent of attic was last heard 2 h 0 min ago.")
        finally:
            store.write(lambda db: db.delete(agents, id=gone.id))


def test_status_tells_of_networks(place: Place) -> None:
    said = place.cloud.run("status")
    assert "On this host, networks: 1, routers: 0, ports of servers: 1, security groups: 1, DHCP servers: 1" in said.out
    assert "External network: " in said.out
    shown = json.loads(place.cloud.run("status", "--json").out)
    assert shown["networks"]["networks"] == {"wanted": 1, "made": 1}
    assert shown["external_range"].endswith("/24")
