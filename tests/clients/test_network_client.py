"""The real client's network commands beside those of the walkthroughs: their columns, fields and options."""

from collections.abc import Iterator

import pytest

from haneul.services.compute.seeds import seed_flavors
from tests.clients.openstack_cli import OpenStackCli
from tests.clients.walkthrough import SERVER, Walk
from tests.services.image.shelf import qcow2
from tests.support.cloud import running_cloud
from tests.support.hosts import eventually, simulated_host

PORT = {
    "admin_state_up",
    "allowed_address_pairs",
    "binding_host_id",
    "binding_profile",
    "binding_vif_details",
    "binding_vif_type",
    "binding_vnic_type",
    "created_at",
    "data_plane_status",
    "description",
    "device_id",
    "device_owner",
    "device_profile",
    "dns_assignment",
    "dns_domain",
    "dns_name",
    "extra_dhcp_opts",
    "fixed_ips",
    "id",
    "ip_allocation",
    "mac_address",
    "name",
    "network_id",
    "numa_affinity_policy",
    "port_security_enabled",
    "project_id",
    "propagate_uplink_status",
    "qos_network_policy_id",
    "qos_policy_id",
    "resource_request",
    "revision_number",
    "security_group_ids",
    "status",
    "tags",
    "updated_at",
}
PORTS = ["ID", "Name", "MAC Address", "Fixed IP Addresses", "Status"]
LONG_NETWORKS = [
    "ID",
    "Name",
    "Status",
    "Project",
    "State",
    "Shared",
    "Subnets",
    "Network Type",
    "Router Type",
    "Availability Zones",
    "Tags",
]
LONG_SUBNETS = [
    "ID",
    "Name",
    "Network",
    "Subnet",
    "Project",
    "DHCP",
    "Name Servers",
    "Allocation Pools",
    "Host Routes",
    "IP Version",
    "Gateway",
    "Service Types",
    "Tags",
]
ROUTERS = ["ID", "Name", "Status", "State", "Project"]
FLOATING_IPS = ["ID", "Floating IP Address", "Fixed IP Address", "Port", "Floating Network", "Project"]
RULES = ["ID", "IP Protocol", "Ethertype", "IP Range", "Port Range", "Direction"]


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    path = tmp_path_factory.mktemp("images") / "cirros.img"
    path.write_bytes(qcow2())
    with running_cloud() as cloud:
        cloud.cloud.store.write(seed_flavors)
        with simulated_host(cloud, "compute"):
            made = Walk(cloud)
            made.follow(
                (f"image create --disk-format qcow2 --public --file {path} cirros", set()),
                ("network create intnet", set()),
                ("subnet create subnet1 --subnet-range 10.5.5.0/24 --network intnet", set()),
                ("network create --external public", set()),
                ("subnet create outside --subnet-range 203.0.113.0/24 --no-dhcp --network public", set()),
            )
            yield made


def test_networks_and_subnets_in_long(walk: Walk) -> None:
    walk.follow(
        ("network list --long", LONG_NETWORKS),
        ("subnet list --long", LONG_SUBNETS),
        ("network set --description inside --tag blue --mtu 1400 intnet", None),
        ("subnet set --dns-nameserver 9.9.9.9 --host-route destination=192.0.2.0/24,gateway=10.5.5.9 subnet1", None),
    )
    shown = walk.fields("network show intnet")
    assert (shown["description"], shown["tags"], shown["mtu"]) == ("inside", "blue", "1400")
    assert [row["Name"] for row in walk.rows("network list --external")] == ["public"]
    assert [row["Name"] for row in walk.rows("network list --internal --tags blue")] == ["intnet"]
    assert walk.fields("subnet show subnet1")["dns_nameservers"] == "9.9.9.9"
    assert [row["Name"] for row in walk.rows("subnet list --network intnet --dhcp")] == ["subnet1"]
    walk.follow(("subnet unset --dns-nameserver 9.9.9.9 subnet1", None), ("network unset --all-tag intnet", None))


def test_a_port_is_made_changed_and_cleared(walk: Walk) -> None:
    fixed = "--fixed-ip subnet=subnet1,ip-address=10.5.5.99"
    pair = "--allowed-address ip-address=10.5.5.200"
    option = "--extra-dhcp-option name=bootfile-name,value=pxelinux.0"
    walk.follow((f"port create --network intnet {fixed} {pair} {option} --dns-name gate --tag iron gate", PORT))
    shown = walk.cli.json("port show gate")
    assert shown["fixed_ips"][0]["ip_address"] == "10.5.5.99"
    assert shown["allowed_address_pairs"] == [{"ip_address": "10.5.5.200", "mac_address": shown["mac_address"]}]
    walk.follow(
        ("port list", PORTS),
        ("port list --fixed-ip ip-address=10.5.5.99", PORTS),
        ("port list --mac-address " + shown["mac_address"], PORTS),
        ("port set --fixed-ip subnet=subnet1 --description iron --disable gate", None),
        (
            "port unset --fixed-ip subnet=subnet1,ip-address=10.5.5.99 gate",
            None,
        ),
        ("port set --no-security-group --no-allowed-address --disable-port-security gate", None),
    )
    after = walk.cli.json("port show gate")
    assert len(after["fixed_ips"]) == 1
    assert after["fixed_ips"][0]["ip_address"] != "10.5.5.99"
    assert (after["security_group_ids"], after["port_security_enabled"], after["admin_state_up"]) == ([], False, False)
    assert [row["Name"] for row in walk.rows("port list --tags iron")] == ["gate"]
    walk.follow(("port delete gate", None))


def test_a_server_gets_and_loses_what_the_network_has(walk: Walk) -> None:
    walk.follow(
        ("router create R2", set()),
        ("router set --external-gateway public R2", None),
        ("router add subnet R2 subnet1", None),
        ("security group create ssh", set()),
        ("port create --network intnet own", PORT),
        ("server create --flavor m1.nano --image cirros --nic net-id=intnet,v4-fixed-ip=10.5.5.42 held", SERVER),
    )
    eventually(lambda: walk.fields("server show held")["status"] == "ACTIVE")
    assert walk.fields("server show held")["addresses"] == "intnet=10.5.5.42"
    walk.follow(
        ("server add security group held ssh", None),
        ("server add port held own", None),
        ("server add network held intnet", None),
        ("server add fixed ip held intnet", set()),
        ("floating ip create --port own public", set()),
    )
    eventually(lambda: len(walk.rows("port list --server held")) == 4)
    walk.follow(
        ("port list --server held", PORTS),
        ("floating ip list", FLOATING_IPS),
        ("router list", [*ROUTERS, "Distributed", "HA"]),
        ("security group rule list ssh", [*RULES, "Remote Security Group", "Remote Address Group"]),
        ("server remove port held own", None),
    )
    eventually(lambda: len(walk.rows("port list --server held")) == 3)
    walk.follow(("server remove security group held ssh", None), ("server delete held", None))
    eventually(lambda: walk.cli.json("port list --device-owner compute:nova") == [])
    assert walk.fields("port show own")["status"] == "DOWN"


def test_what_stands_in_the_way_is_said(walk: Walk) -> None:
    for command, said in (
        ("network delete intnet", "There are one or more ports still in use on the network"),
        ("subnet delete subnet1", "One or more ports have an IP allocation"),
        ("router delete R2", "has ports still attached"),
        ("port create --network intnet --fixed-ip ip-address=192.0.2.1 no", "is not a valid IP for any of the subnets"),
    ):
        refused = walk.cli.run(command)
        assert refused.code == 1, command
        assert said in refused.err, refused.err
    leg = next(row["ID"] for row in walk.rows("port list --router R2") if "10.5.5.1" in row["Fixed IP Addresses"])
    refused = walk.cli.run(f"port delete {leg}")
    assert "cannot be deleted directly via the port API" in refused.err


def test_agents_quotas_and_zones(walk: Walk) -> None:
    dhcp = next(row["ID"] for row in walk.rows("network agent list") if row["Agent Type"] == "DHCP agent")
    assert [row["Name"] for row in walk.rows(f"network list --agent {dhcp}")] == ["intnet"]
    assert [row["ID"] for row in walk.rows("network agent list --network intnet")] == [dhcp]
    assert walk.fields(f"network agent show {dhcp}")["alive"] == ":-)"
    walk.follow(
        ("quota set --ports 501 admin", None),
        ("availability zone list --network", ["Zone Name", "Zone Status"]),
        ("extension list --network", ["Name", "Alias", "Description"]),
    )
    assert {row["Resource"]: row["Limit"] for row in walk.rows("quota show --network admin")}["ports"] == "501"


def test_another_project_sees_none_of_it(walk: Walk) -> None:
    walk.follow(
        ("project create garden", set()),
        ("user create --password spade gardener", set()),
        ("role add --project garden --user gardener member", None),
    )
    cli = OpenStackCli(walk.cloud, user="gardener", password="spade", project="garden")
    assert [row["Name"] for row in cli.json("network list")] == ["public"]
    assert cli.json("port list") == []
    refused = cli.run("port create --network public out")
    assert refused.code == 1
    assert "could not be found" in refused.err
