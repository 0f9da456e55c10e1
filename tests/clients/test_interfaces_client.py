"""What the real client does with a server's networks: on create and afterwards."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from haneul.services.compute.seeds import seed_flavors
from tests.clients.openstack_cli import OpenStackCli
from tests.services.image.shelf import qcow2
from tests.support.cloud import running_cloud
from tests.support.hosts import eventually, simulated_host

TAGGED = "--os-compute-api-version 2.49"


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenStackCli]:
    """A shell in a cloud with an image, networks behind a router, and a server on the first of them."""
    image = Path(tmp_path_factory.mktemp("images") / "disk.qcow2")
    image.write_bytes(qcow2())
    with running_cloud() as cloud:
        cloud.cloud.store.write(seed_flavors)
        with simulated_host(cloud, "compute"):
            cli = OpenStackCli(cloud)
            cli.json(f"image create --disk-format qcow2 --container-format bare --public --file {image} cirros")
            for name, cidr in (("one", "10.1.0.0/24"), ("two", "10.2.0.0/24")):
                cli.json(f"network create {name}")
                cli.json(f"subnet create --network {name} --subnet-range {cidr} {name}")
            cli.json("network create --external outside")
            cli.json("subnet create --network outside --subnet-range 192.0.2.0/24 --no-dhcp outside")
            cli.json("router create --external-gateway outside router")
            do(cli, "router add subnet router one")
            cli.json("security group create web")
            do(cli, "server create --image cirros --flavor m1.tiny --network one pet")
            eventually(lambda: shown(cli)["status"] == "ACTIVE")
            yield cli


def do(cli: OpenStackCli, command: str) -> str:
    said = cli.run(command)
    assert said.code == 0, f"openstack {command}: {said.err}"
    return said.out


def shown(cli: OpenStackCli, name: str = "pet") -> dict[str, Any]:
    found: dict[str, Any] = cli.json(f"server show {name}")
    return found


def addresses(cli: OpenStackCli, name: str = "pet") -> dict[str, list[str]]:
    found: dict[str, list[str]] = shown(cli, name)["addresses"]
    return found


def ports(cli: OpenStackCli, name: str = "pet") -> list[str]:
    return [row["ID"] for row in cli.json(f"port list --server {name}")]


def test_a_server_is_on_its_network(cli: OpenStackCli) -> None:
    (address,) = addresses(cli)["one"]
    assert address.startswith("10.1.0.")
    (row,) = cli.json("server list")
    assert (row["Name"], row["Networks"]) == ("pet", {"one": [address]})
    assert shown(cli)["security_groups"] == [{"name": "default"}]
    assert [one["Name"] for one in cli.json(f"server list --ip ^{address}$")] == ["pet"]
    assert cli.json("server list --ip 10.9.") == []


@pytest.mark.parametrize("asked", ["--nic net-id={two}", "--nic port-id={port}", "--port asked", "--network two"])
def test_a_server_is_made_on_what_is_asked_for(cli: OpenStackCli, asked: str) -> None:
    port = cli.json("port create --network two --fixed-ip ip-address=10.2.0.50 asked")["id"]
    words = asked.format(two=cli.json("network show two")["id"], port=port)
    do(cli, f"server create --image cirros --flavor m1.tiny {words} --security-group web made")
    eventually(lambda: shown(cli, "made")["status"] == "ACTIVE")
    (address,) = addresses(cli, "made")["two"]
    assert (address == "10.2.0.50") == ("port" in asked)
    # A port that was there before has the groups that it had.
    name = "default" if "port" in asked else "web"
    assert shown(cli, "made")["security_groups"] == [{"name": name}]
    do(cli, "server delete made")
    eventually(lambda: cli.run("server show made").code == 1)
    do(cli, "port delete asked")


def test_a_network_is_added_and_removed(cli: OpenStackCli) -> None:
    (own,) = ports(cli)
    assert do(cli, f"{TAGGED} server add network --tag backup pet two") == ""
    eventually(lambda: all(row["Status"] == "ACTIVE" for row in cli.json("port list --server pet")))
    assert addresses(cli).keys() == {"one", "two"}
    assert do(cli, "server remove network pet two") == ""
    eventually(lambda: ports(cli) == [own])
    assert addresses(cli).keys() == {"one"}


def test_a_port_is_added_and_removed(cli: OpenStackCli) -> None:
    mine = cli.json("port create --network two mine")
    assert do(cli, "server add port pet mine") == ""
    assert mine["id"] in ports(cli)
    refused = cli.run("server add port pet mine")
    assert refused.code == 1
    assert f"Port {mine['id']} is still in use." in refused.err
    assert do(cli, "server remove port pet mine") == ""
    eventually(lambda: cli.json("port show mine")["device_id"] == "")
    assert len(ports(cli)) == 1
    do(cli, "port delete mine")


def test_a_fixed_ip_is_added_and_removed(cli: OpenStackCli) -> None:
    # What the client calls a fixed IP is an interface of its own.
    said = cli.json(f"{TAGGED} server add fixed ip --fixed-ip-address 10.2.0.60 --tag second pet two")
    assert said.keys() >= {"Port ID", "Server ID", "Network ID", "MAC Address", "Port State", "Fixed IPs"}
    eventually(lambda: addresses(cli).get("two") == ["10.2.0.60"])
    assert do(cli, f"server remove port pet {said['Port ID']}") == ""
    eventually(lambda: "two" not in addresses(cli))
    (before,), (port,) = addresses(cli)["one"], ports(cli)
    do(cli, f"port set --fixed-ip ip-address=10.1.0.60 {port}")
    assert addresses(cli)["one"] == [before, "10.1.0.60"]
    assert do(cli, "--os-compute-api-version 2.43 server remove fixed ip pet 10.1.0.60") == ""
    assert addresses(cli)["one"] == [before]


def test_a_floating_ip_is_added_and_removed(cli: OpenStackCli) -> None:
    floating = cli.json("floating ip create outside")["floating_ip_address"]
    (fixed,) = addresses(cli)["one"]
    assert do(cli, f"server add floating ip pet {floating}") == ""
    assert addresses(cli)["one"] == [fixed, floating]
    (row,) = cli.json("floating ip list")
    assert (row["Floating IP Address"], row["Fixed IP Address"]) == (floating, fixed)
    assert do(cli, f"server remove floating ip pet {floating}") == ""
    assert addresses(cli)["one"] == [fixed]
    do(cli, f"floating ip delete {floating}")


def test_a_security_group_is_added_and_removed(cli: OpenStackCli) -> None:
    assert do(cli, "server add security group pet web") == ""
    assert sorted(one["name"] for one in shown(cli)["security_groups"]) == ["default", "web"]
    assert do(cli, "server remove security group pet web") == ""
    assert [one["name"] for one in shown(cli)["security_groups"]] == ["default"]
    refused = cli.run("server add security group pet unknown")
    assert refused.code == 1
    assert "unknown" in refused.err


def test_what_was_done_is_listed(cli: OpenStackCli) -> None:
    done = {row["Action"] for row in cli.json("server event list pet")}
    assert done == {"create", "attach_interface", "detach_interface"}
