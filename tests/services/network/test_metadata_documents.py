"""What guests are told at 169.254.169.254: every path, to whom the network says that it is, and to nobody else."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from tests.services.compute.plugged import made, network, port
from tests.services.compute.test_servers import create, flavor, image, is_gone, reaches
from tests.services.network.routed import add_subnet, gone
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually, simulated_host

from haneul.services.compute.metadata import answers
from haneul.services.compute.metadata.tree import EC2_VERSIONS, OPENSTACK_VERSIONS
from haneul.services.network.public import MetadataAsk, MetadataReply

__all__ = ["flavor", "image"]
Thing = dict[str, Any]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5gqAcPX0h9Uqk0WCJhXYcC9o8c7RPM4kS9yUo3mGZf her@own"
USER_DATA = b"#!/bin/sh\necho \xff\x00 hello\n"
ADDRESS = "10.5.0.50"


@pytest.fixture(scope="module")
def nova(cloud: RunningCloud) -> Iterator[Client]:
    with simulated_host(cloud):
        yield cloud.login().with_headers(OpenStack_API_Version="compute 2.100")


class Guest:
    """A server that asks from its address, on its network or behind its router."""

    def __init__(self, cloud: RunningCloud, nova: Client, flavor: str, image: str, name: str, **more: Any) -> None:
        self.cloud, self.nova = cloud, nova
        self.network_id = network(nova, f"{name}'s", "10.5.0.0/24")
        networks = [{"uuid": self.network_id, "fixed_ip": ADDRESS, "tag": "front"}]
        self.id = create(nova, flavor, image, name, networks=networks, **more)
        self.server = reaches(nova, self.id, "ACTIVE")
        (self.port,) = nova.get("network", "/v2.0/ports", params={"device_id": self.id}).json()["ports"]
        self.router_id = made(nova, "router")["id"]
        subnet_id = self.port["fixed_ips"][0]["subnet_id"]
        add_subnet(nova, self.router_id, subnet_id)

    def asks(self, path: str, method: str = "GET", body: bytes = b"", *, routed: bool = False) -> MetadataReply:
        place = {"router_id": self.router_id} if routed else {"network_id": self.network_id}
        return ask(self.cloud, MetadataAsk(address=ADDRESS, path=path, method=method, body=body, **place))

    def reads(self, path: str) -> str:
        reply = self.asks(path)
        assert reply.status == 200, (path, reply)
        return reply.body.decode()

    @property
    def number(self) -> str:
        name: str = self.nova.get("compute", f"/v2.1/servers/{self.id}").json()["server"][
            "OS-EXT-SRV-ATTR:instance_name"
        ]
        return name.removeprefix("instance-")


def ask(cloud: RunningCloud, asked: MetadataAsk) -> MetadataReply:
    return answers.answer(cloud.cloud.store, asked)


@pytest.fixture(scope="module")
def guest(cloud: RunningCloud, nova: Client, flavor: str, image: str) -> Guest:
    keypair = {"keypair": {"name": "her key", "public_key": KEY, "type": "ssh"}}
    assert nova.post("compute", "/v2.1/os-keypairs", json=keypair).status_code == 201
    return Guest(
        cloud,
        nova,
        flavor,
        image,
        "first",
        key_name="her key",
        metadata={"role": "gate"},
        user_data=base64.b64encode(USER_DATA).decode(),
    )


@pytest.fixture(scope="module")
def plain(cloud: RunningCloud, nova: Client, flavor: str, image: str) -> Guest:
    """Another guest at the same address, without anything that its creator could say."""
    return Guest(cloud, nova, flavor, image, "second")


def test_the_openstack_tree(guest: Guest) -> None:
    assert guest.reads("/openstack").split("\n") == list(OPENSTACK_VERSIONS)
    files = {
        "2012-08-10": ["meta_data.json", "user_data"],
        "2013-04-04": ["meta_data.json", "user_data", "password"],
        "2013-10-17": ["meta_data.json", "user_data", "password", "vendor_data.json"],
        "2015-10-15": ["meta_data.json", "user_data", "password", "vendor_data.json", "network_data.json"],
    }
    newest = [*files["2015-10-15"], "vendor_data2.json"]
    for version in OPENSTACK_VERSIONS:
        listed = newest if version >= "2016-10-06" else files.get(version, files["2015-10-15"])
        assert guest.reads(f"/openstack/{version}").split("\n") == listed
        assert guest.reads(f"/openstack/{version}/").split("\n") == listed
        for name in listed:
            reply = guest.asks(f"/openstack/{version}/{name}")
            assert reply.status == 200, name
            is_json = name.endswith(".json")
            assert reply.content_type == ("application/json" if is_json else "text/plain; charset=UTF-8")
        for name in set(newest) - set(listed) - {"password"}:
            assert guest.asks(f"/openstack/{version}/{name}").status == 404, (version, name)


def test_what_it_says_of_the_server(guest: Guest) -> None:
    said = json.loads(guest.reads("/openstack/latest/meta_data.json"))
    assert said == {
        "uuid": guest.id,
        "name": "first",
        "hostname": "first.novalocal",
        "availability_zone": "nova",
        "launch_index": 0,
        "project_id": guest.server["tenant_id"],
        "meta": {"role": "gate"},
        "public_keys": {"her key": KEY},
        "keys": [{"name": "her key", "type": "ssh", "data": KEY}],
        "dedicated_cpus": [],
        "devices": [
            {
                "type": "nic",
                "bus": "pci",
                "address": "0000:00:0a.0",
                "mac": guest.port["mac_address"],
                "tags": ["front"],
            }
        ],
    }
    assert guest.asks("/openstack/latest/user_data").body == USER_DATA
    assert json.loads(guest.reads("/openstack/latest/vendor_data.json")) == {}
    assert json.loads(guest.reads("/openstack/latest/vendor_data2.json")) == {"static": {}}


def test_what_it_says_of_the_network(guest: Guest) -> None:
    said = json.loads(guest.reads("/openstack/latest/network_data.json"))
    device = f"tap{guest.port['id'][:11]}"
    assert said["links"] == [
        {
            "id": device,
            "vif_id": guest.port["id"],
            "type": "bridge",
            "mtu": 1450,
            "ethernet_mac_address": guest.port["mac_address"],
        }
    ]
    assert said["networks"] == [
        {"id": "network0", "type": "ipv4_dhcp", "link": device, "network_id": guest.network_id},
    ]
    assert said["services"] == []


def test_addresses_that_no_server_gives_are_told(cloud: RunningCloud, nova: Client, flavor: str, image: str) -> None:
    network_id = made(nova, "network", name="static")["id"]
    static = {
        "enable_dhcp": False,
        "dns_nameservers": ["9.9.9.9"],
        "host_routes": [{"destination": "192.0.2.0/24", "nexthop": "10.6.0.9"}],
    }
    made(nova, "subnet", network_id=network_id, cidr="10.6.0.0/24", ip_version=4, **static)
    modes = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    made(nova, "subnet", network_id=network_id, cidr="fd06::/64", ip_version=6, gateway_ip="fd06::1", **modes)
    server_id = create(nova, flavor, image, "static", networks=[{"uuid": network_id}])
    (own,) = nova.get("network", "/v2.0/ports", params={"device_id": server_id}).json()["ports"]
    four, six = (fixed["ip_address"] for fixed in own["fixed_ips"])
    reply = ask(cloud, MetadataAsk(address=four, path="/openstack/latest/network_data.json", network_id=network_id))
    first, second = json.loads(reply.body)["networks"]
    assert (first["id"], first["type"], first["ip_address"], first["netmask"]) == (
        "network0",
        "ipv4",
        four,
        "255.255.255.0",
    )
    assert first["routes"] == [
        {"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": "10.6.0.1"},
        {"network": "192.0.2.0", "netmask": "255.255.255.0", "gateway": "10.6.0.9"},
    ]
    assert first["services"] == [{"type": "dns", "address": "9.9.9.9"}]
    assert (second["id"], second["type"], second["ip_address"]) == ("network1", "ipv6_slaac", six)
    assert second["routes"][0] == {"network": "::", "netmask": "::", "gateway": "fd06::1"}
    assert json.loads(reply.body)["services"] == [{"type": "dns", "address": "9.9.9.9"}]
    nova.delete("compute", f"/v2.1/servers/{server_id}")


def test_amazons_tree(guest: Guest) -> None:
    for root in ("", "/"):
        assert guest.reads(root).split("\n") == list(EC2_VERSIONS)
    values = {
        "ami-id": f"ami-{guest.number}",
        "ami-launch-index": "0",
        "ami-manifest-path": "FIX" + "ME",
        "block-device-mapping/ami": "vda",
        "block-device-mapping/root": "/dev/vda",
        "hostname": "first.novalocal",
        "instance-action": "none",
        "instance-id": f"i-{guest.number}",
        "instance-type": "small",
        "local-hostname": "first.novalocal",
        "local-ipv4": ADDRESS,
        "placement/availability-zone": "nova",
        "public-hostname": "first.novalocal",
        "public-ipv4": "",
        "public-keys/0/openssh-key": KEY,
        "reservation-id": guest.server["OS-EXT-SRV-ATTR:reservation_id"],
        "security-groups": "default",
    }
    for version in ("latest", "2009-04-04"):
        assert guest.reads(f"/{version}") == "meta-data/\nuser-data"
        folders = dict.fromkeys(name.partition("/")[0] + ("/" if "/" in name else "") for name in values)
        assert guest.reads(f"/{version}/meta-data/").split("\n") == list(folders)
        for path, value in values.items():
            assert guest.reads(f"/{version}/meta-data/{path}") == value
        assert guest.asks(f"/{version}/user-data").body == USER_DATA
    assert guest.reads("/latest/meta-data/public-keys/") == "0=her key"
    assert guest.reads("/latest/meta-data/public-keys/0/") == "openssh-key"
    assert guest.reads("/latest/meta-data/block-device-mapping") == "ami\nroot"
    assert guest.reads("/latest/meta-data/placement/") == "availability-zone"


@pytest.mark.parametrize(
    ("name", "since"),
    [
        ("local-hostname", "2007-01-19"),
        ("public-hostname", "2007-01-19"),
        ("public-ipv4", "2007-01-19"),
        ("instance-type", "2007-08-29"),
        ("block-device-mapping", "2007-12-15"),
        ("placement", "2008-02-01"),
        ("instance-action", "2008-09-01"),
        ("hostname", "1.0"),
    ],
)
def test_amazons_values_are_there_from_their_version_on(guest: Guest, name: str, since: str) -> None:
    for version in EC2_VERSIONS:
        is_there = version >= since
        assert guest.asks(f"/{version}/meta-data/{name}").status == (200 if is_there else 404), version
        listed = guest.reads(f"/{version}/meta-data/").replace("/", "").split("\n")
        assert (name in listed) == is_there, version


def test_what_is_nowhere(guest: Guest, plain: Guest) -> None:
    for path in (
        "/2010-01-01",
        "/latest/nothing",
        "/latest/meta-data/nothing",
        "/latest/meta-data/hostname/more",
        "/latest/meta-data/kernel-id",
        "/latest/meta-data/ramdisk-id",
        "/latest/meta-data/public-keys/1",
        "/latest/meta-data/public-keys/0/_name",
        "/latest/user-data/more",
        "/openstack/2012-01-01",
        "/openstack/2012-08-10/nothing",
        "/openstack/latest/meta_data.json/more",
        "/openstack/content/0000",
        "/../etc/passwd",
        "/latest/meta-data/%2e%2e/",
    ):
        assert guest.asks(path).status == 404, path
    for path in ("/latest/user-data", "/openstack/latest/user_data", "/latest/meta-data/public-keys/"):
        assert plain.asks(path).status == 404, path
    assert plain.reads("/latest") == "meta-data/"
    assert "user_data" not in plain.reads("/openstack/latest")
    assert not json.loads(plain.reads("/openstack/latest/meta_data.json")).keys() & {"meta", "keys", "public_keys"}


def test_questions_in_other_words(guest: Guest) -> None:
    assert guest.reads("//latest//meta-data//instance-id") == f"i-{guest.number}"
    assert guest.reads("/latest/meta-data/instance-id?a=b") == f"i-{guest.number}"
    assert guest.asks("/latest/meta-data/instance-id", "HEAD").status == 200
    for method in ("POST", "PUT", "DELETE"):
        assert guest.asks("/latest/meta-data/instance-id", method, b"x").status == 405


def test_it_is_the_same_behind_a_router(guest: Guest, plain: Guest) -> None:
    for one in (guest, plain):
        for path in ("/latest/meta-data/instance-id", "/openstack/latest/meta_data.json"):
            assert one.asks(path, routed=True) == one.asks(path)


def test_two_guests_at_one_address_are_two(guest: Guest, plain: Guest) -> None:
    assert guest.reads("/latest/meta-data/hostname") == "first.novalocal"
    assert plain.reads("/latest/meta-data/hostname") == "second.novalocal"


def test_who_is_unknown_is_told_nothing(cloud: RunningCloud, nova: Client, guest: Guest) -> None:
    loose = made(nova, "port", network_id=guest.network_id)
    path = "/latest/meta-data/instance-id"
    for asked in (
        MetadataAsk(address="10.5.0.250", path=path, network_id=guest.network_id),
        MetadataAsk(address=loose["fixed_ips"][0]["ip_address"], path=path, network_id=guest.network_id),
        MetadataAsk(address="10.5.0.1", path=path, router_id=guest.router_id),
        MetadataAsk(address=ADDRESS, path=path, network_id="nowhere"),
        MetadataAsk(address=ADDRESS, path=path, router_id="nowhere"),
        MetadataAsk(address=ADDRESS, path=path),
        MetadataAsk(address="' or 1=1", path=path, network_id=guest.network_id),
    ):
        assert ask(cloud, asked).status == 404
        changed_path = msgspec.structs.replace(asked, path="/openstack/latest/password", method="POST", body=b"x")
        assert ask(cloud, changed_path).status == 404


def test_a_password_is_posted_once(cloud: RunningCloud, nova: Client, guest: Guest, plain: Guest) -> None:
    path = "/openstack/latest/password"
    assert guest.asks(path) == MetadataReply(200, b"")
    for body, status in ((b"x" * 1021, 400), (b"\xff", 400), (b"ZW5jcnlwdGVk", 200), (b"again", 409)):
        assert guest.asks("/openstack/2013-04-04/password", "POST", body).status == status
    assert guest.reads(path) == "ZW5jcnlwdGVk"
    assert plain.reads(path) == ""
    assert guest.asks(path, "PUT", b"x").status == 405
    shown = nova.get("compute", f"/v2.1/servers/{guest.id}/os-server-password").json()
    assert shown == {"password": "ZW5jcnlwdGVk"}
    assert nova.delete("compute", f"/v2.1/servers/{guest.id}/os-server-password").status_code == 204
    assert guest.reads(path) == ""


def test_a_floating_ip_shows_at_once(cloud: RunningCloud, nova: Client, guest: Guest) -> None:
    outside = made(nova, "network", **{"router:external": True})["id"]
    made(nova, "subnet", network_id=outside, cidr="203.0.113.0/24", ip_version=4, enable_dhcp=False)
    gateway = {"router": {"external_gateway_info": {"network_id": outside}}}
    assert nova.put("network", f"/v2.0/routers/{guest.router_id}", json=gateway).status_code == 200
    floating = made(nova, "floatingip", floating_network_id=outside, port_id=guest.port["id"])
    assert guest.reads("/latest/meta-data/public-ipv4") == floating["floating_ip_address"]
    gone(nova, "floatingip", floating["id"])
    assert guest.reads("/latest/meta-data/public-ipv4") == ""


def test_a_server_that_is_gone_is_unknown(cloud: RunningCloud, nova: Client, flavor: str, image: str) -> None:
    network_id = network(nova, "short", "10.7.0.0/24")
    mine = made(nova, "port", network_id=network_id)
    server_id = create(nova, flavor, image, "short", networks=[{"port": mine["id"]}])
    address = mine["fixed_ips"][0]["ip_address"]
    asked = MetadataAsk(address=address, path="/latest/meta-data/hostname", network_id=network_id)
    assert ask(cloud, asked).body == b"short.novalocal"
    reaches(nova, server_id, "ACTIVE")
    nova.delete("compute", f"/v2.1/servers/{server_id}")
    eventually(lambda: is_gone(nova, server_id))
    assert port(nova, mine["id"]) is not None
    assert ask(cloud, asked).status == 404
