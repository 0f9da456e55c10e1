"""A finished cloud's networks are used as walkthroughs use them: from the first network to the floating IP.

What is looked at on the host itself (`ip netns`, `ping`, `ssh`) is looked at where guests are real.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from haneul.cli import neutron
from haneul.services.compute.seeds import seed_flavors
from tests.clients.walkthrough import FLAVOR, IMAGE, KEYPAIR, NAMED, PROJECT, SERVER, Walk, variables
from tests.services.image.shelf import qcow2
from tests.support.cloud import running_cloud
from tests.support.hosts import eventually, simulated_host

# Today's client no longer prints a resource's `location`, a subnet's `prefix_length` and a router's `tenant_id`, which
# guides show, and lists more columns of security groups and of address availability.
NETWORK = {
    "admin_state_up",
    "availability_zone_hints",
    "availability_zones",
    "created_at",
    "description",
    "dns_domain",
    "id",
    "ipv4_address_scope",
    "ipv6_address_scope",
    "is_default",
    "is_vlan_transparent",
    "mtu",
    "name",
    "port_security_enabled",
    "project_id",
    "provider:network_type",
    "provider:physical_network",
    "provider:segmentation_id",
    "qos_policy_id",
    "revision_number",
    "router:external",
    "segments",
    "shared",
    "status",
    "subnets",
    "tags",
    "updated_at",
}
SUBNET = {
    "allocation_pools",
    "cidr",
    "created_at",
    "description",
    "dns_nameservers",
    "dns_publish_fixed_ip",
    "enable_dhcp",
    "gateway_ip",
    "host_routes",
    "id",
    "ip_version",
    "ipv6_address_mode",
    "ipv6_ra_mode",
    "name",
    "network_id",
    "project_id",
    "revision_number",
    "segment_id",
    "service_types",
    "subnetpool_id",
    "tags",
    "updated_at",
}
ROUTER = {
    "admin_state_up",
    "availability_zone_hints",
    "availability_zones",
    "created_at",
    "description",
    "distributed",
    "enable_ndp_proxy",
    "external_gateway_info",
    "flavor_id",
    "ha",
    "id",
    "name",
    "project_id",
    "revision_number",
    "routes",
    "status",
    "tags",
    "updated_at",
}
FLOATING_IP = {
    "created_at",
    "description",
    "dns_domain",
    "dns_name",
    "fixed_ip_address",
    "floating_ip_address",
    "floating_network_id",
    "id",
    "name",
    "port_details",
    "port_id",
    "project_id",
    "qos_policy_id",
    "revision_number",
    "router_id",
    "status",
    "subnet_id",
    "tags",
    "updated_at",
}
GROUP = {
    "created_at",
    "description",
    "id",
    "name",
    "project_id",
    "revision_number",
    "rules",
    "stateful",
    "tags",
    "updated_at",
}
RULE = {
    "created_at",
    "description",
    "direction",
    "ether_type",
    "id",
    "port_range_max",
    "port_range_min",
    "project_id",
    "protocol",
    "remote_group_id",
    "remote_ip_prefix",
    "revision_number",
    "security_group_id",
    "updated_at",
}
AGENTS = ["ID", "Agent Type", "Host", "Availability Zone", "Alive", "State", "Binary"]
NETWORKS = ["ID", "Name", "Subnets"]
SUBNETS = ["ID", "Name", "Network", "Subnet"]
GROUPS = ["ID", "Name", "Description", "Project", "Tags", "Shared"]
AVAILABILITY = [
    "Network ID",
    "Network Name",
    "Total IPs",
    "Used IPs",
    "Total IPs in Subnet",
    "Total IPs in Allocation Pool",
    "Used IPs in Subnet",
    "Used IPs in Allocation Pool",
]


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with running_cloud() as cloud:
        cloud.cloud.store.write(seed_flavors)
        with simulated_host(cloud, "compute"):
            yield Walk(cloud)


@pytest.fixture(scope="module")
def cirros(walk: Walk, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("images") / "cirros-0.6.2-x86_64-disk.img"
    path.write_bytes(qcow2())
    walk.follow((f"image create --disk-format qcow2 --container-format bare --public --file {path} cirros", IMAGE))


@pytest.fixture(scope="module")
def outside(walk: Walk) -> None:
    """The external network that an all-in-one installation ends with."""
    flat = "--provider-network-type flat --provider-physical-network public"
    public = "--allocation-pool start=10.0.2.100,end=10.0.2.200 --no-dhcp --gateway 10.0.2.2"
    walk.follow(
        (
            f"network create --external {flat} external_network",
            NETWORK,
        ),
        (f"subnet create public_subnet --network external_network --subnet-range 10.0.2.0/24 {public}", SUBNET),
    )


def delete(walk: Walk, server: str) -> None:
    """Delete a server and wait for it, more eagerly than the client's own `--wait`."""
    walk.follow((f"server delete {server}", None))
    eventually(lambda: server not in walk.cli.run("server list").out)


def typed(command: str, walk: Walk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What the former `neutron` command prints."""
    for name, value in variables(walk.cloud).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        neutron.main(command.split())
    assert not ended.value.code
    return capsys.readouterr().out.strip()


def test_a_network_a_subnet_and_a_router_between(
    walk: Walk,
    cirros: None,
    outside: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    walk.follow(("network agent list", AGENTS))
    agents = {row["Agent Type"]: row for row in walk.rows("network agent list")}
    assert agents.keys() >= {"Metadata agent", "L3 agent", "DHCP agent"}
    assert {row["Alive"] for row in agents.values()} == {":-)"}
    assert (agents["L3 agent"]["Availability Zone"], agents["DHCP agent"]["Availability Zone"]) == ("nova", "nova")
    assert agents["Metadata agent"]["Availability Zone"] == "None"
    options = walk.cli.run("help network create").out
    for option in ("type", "physical-network", "segment"):
        assert f"--provider-{option}" in options or f"--provider-network-{option}" in options
    made = walk.fields("network create intnet")
    assert made.keys() >= NETWORK
    assert (made["mtu"], made["status"], made["provider:network_type"]) == ("1450", "ACTIVE", "vxlan")
    assert made["router:external"] == "Internal"
    subnet = walk.fields("subnet create subnet1 --subnet-range 10.5.5.0/24 --dns-nameserver 8.8.8.8 --network intnet")
    assert subnet.keys() >= SUBNET
    assert (subnet["allocation_pools"], subnet["gateway_ip"]) == ("10.5.5.2-10.5.5.254", "10.5.5.1")
    (served,) = walk.cli.json(f"port list --network {made['id']}")
    assert served["Fixed IP Addresses"][0]["ip_address"] == "10.5.5.2"
    router = walk.fields("router create R2")
    assert router.keys() >= ROUTER
    assert (router["distributed"], router["ha"]) == ("False", "False")
    walk.follow(("router add subnet R2 subnet1", None))
    said = typed("router-gateway-set R2 external_network", walk, monkeypatch, capsys)
    assert said == "Set gateway for router R2"
    walk.follow(("network list", NETWORKS), ("subnet list", SUBNETS))


def test_a_server_on_it_and_the_groups_that_let_it_answer(walk: Walk) -> None:
    (intnet,) = [row["ID"] for row in walk.rows("network list") if row["Name"] == "intnet"]
    walk.follow(
        (f"server create --flavor m1.small --image cirros --network {intnet} test-instance", SERVER),
        ("security group list", GROUPS),
        ("project create newProject", PROJECT),
        ("project list", NAMED),
    )
    project = walk.fields("project show newProject")["id"]
    described = '--description "Allow ICMP and SSH (TCP:22)"'
    walk.follow(
        (f"security group create allow-icmp-ssh --project {project} {described}", GROUP),
        ("security group rule create --remote-ip 0.0.0.0/0 --protocol icmp allow-icmp-ssh", RULE),
        ("security group rule create --remote-ip 0.0.0.0/0 --protocol tcp --dst-port 22 allow-icmp-ssh", RULE),
    )
    named = {row["Name"] for row in walk.rows("security group list") if row["Project"] == project}
    assert named == {"allow-icmp-ssh", "default"}, "with a project's first group comes its default one"
    eventually(lambda: walk.fields("server show test-instance")["status"] == "ACTIVE")
    assert walk.fields("server show test-instance")["addresses"].startswith("intnet=10.5.5.")
    delete(walk, "test-instance")
    walk.follow(("server create --flavor m1.small --image cirros --network intnet test-instance", SERVER))
    eventually(lambda: walk.fields("server show test-instance")["status"] == "ACTIVE")


def test_a_floating_ip_leads_to_the_server(walk: Walk) -> None:
    subnets = {row["Name"]: row for row in walk.rows("subnet list")}
    public = subnets["public_subnet"]
    made = walk.fields(f"floating ip create --subnet {public['ID']} {public['Network']}")
    assert made.keys() >= FLOATING_IP
    assert made["status"] == "DOWN"
    address = made["floating_ip_address"]
    walk.follow((f"server add floating ip test-instance {address}", None))
    assert address in walk.fields("server show test-instance")["addresses"]
    eventually(lambda: walk.fields(f"floating ip show {address}")["status"] == "ACTIVE")
    walk.follow(("ip availability list --project admin", AVAILABILITY))
    used = {
        row["Network Name"]: (row["Total IPs"], row["Used IPs"])
        for row in walk.rows("ip availability list --project admin")
    }
    assert used == {"external_network": ("101", "2"), "intnet": ("253", "3")}
    walk.follow(
        (f"server remove floating ip test-instance {address}", None),
        (f"floating ip delete {address}", None),
    )
    delete(walk, "test-instance")
    commands = walk.cli.run("command list").out
    for command in ("address group create", "floating ip create", "network agent list", "router add subnet"):
        assert command in commands


def test_an_installations_first_networks(walk: Walk, tmp_path: Path) -> None:
    """What an installation guide's last chapter types once network runs."""
    private, public = tmp_path / "id_rsa", tmp_path / "id_rsa.pub"
    public.write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5gqAcPX0h9Uqk0WCJhXYcC9o8c7RPM4kS9yUo3mGZf her@own\n")
    assert not private.exists()
    pool = "--allocation-pool start=192.168.10.150,end=192.168.10.200 --gateway 192.168.10.2"
    walk.follow(
        ("router create router", ROUTER),
        ("network create int --provider-network-type vxlan", NETWORK),
        (
            "subnet create int-sub --network int --subnet-range 1.1.1.0/24 --gateway 1.1.1.1 --dns-nameserver 8.8.8.8",
            SUBNET,
        ),
        ("router add subnet router int-sub", None),
        ("network create --provider-physical-network physnet1 --provider-network-type flat --external ext", NETWORK),
        (
            f"subnet create ext-sub --network ext --subnet-range 192.168.10.0/24 {pool} --dns-nameserver 8.8.8.8",
            SUBNET,
        ),
        ("router set router --external-gateway ext", None),
        ("network rbac list", ["ID", "Object Type", "Object ID"]),
        ("security group create all-port", GROUP),
        ("security group rule create --protocol icmp --ingress all-port", RULE),
        ("security group rule create --protocol tcp --dst-port 22:22 all-port", RULE),
        (f"keypair create --public-key {public} MyKey", KEYPAIR),
        ("flavor create --ram 1024 --disk 10 --vcpus 1 ours", FLAVOR),
        (
            "server create --image cirros --flavor ours --key MyKey --network int --security-group all-port Ubuntu",
            SERVER,
        ),
    )
    eventually(lambda: walk.fields("server show Ubuntu")["status"] == "ACTIVE")
    made = walk.fields("floating ip create ext")
    assert made.keys() >= FLOATING_IP
    assert made["floating_ip_address"].startswith("192.168.10.1")
    walk.follow((f"server add floating ip Ubuntu {made['floating_ip_address']}", None))
    shown = walk.fields("server show Ubuntu")
    assert shown["addresses"].startswith("int=1.1.1.")
    assert "all-port" in shown["security_groups"]
    delete(walk, "Ubuntu")
