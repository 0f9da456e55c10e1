"""What the real client shows of compute without servers: the commands and columns of operators' walkthroughs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from haneul.services.compute.drivers.base import HostFacts
from haneul.services.compute.hosts import logic as hosts
from haneul.services.compute.seeds import seed_flavors
from haneul.services.compute.wire import HostReport
from tests.clients.openstack_cli import OpenStackCli
from tests.support.cloud import RunningCloud, running_cloud

FACTS = HostFacts(
    vcpus=4,
    memory_mb=8192,
    disk_gb=100,
    architecture="x86_64",
    hypervisor_type="QEMU",
    hypervisor_version=7_002_000,
    accelerator="fake",
    cpu_model="qemu64",
    default_machine="pc",
)
FLAVOR_FIELDS = {
    "OS-FLV-DISABLED:disabled",
    "OS-FLV-EXT-DATA:ephemeral",
    "description",
    "disk",
    "id",
    "name",
    "os-flavor-access:is_public",
    "properties",
    "ram",
    "rxtx_factor",
    "swap",
    "vcpus",
}


@pytest.fixture(scope="module")
def furnished() -> Iterator[RunningCloud]:
    """A cloud with the usual flavors and one host."""
    with running_cloud() as cloud:
        cloud.cloud.store.write(lambda db: hosts.heard(db, HostReport("compute", FACTS)))
        for _ in range(2):
            cloud.cloud.store.write(seed_flavors)
        yield cloud


@pytest.fixture(scope="module")
def cli(furnished: RunningCloud) -> OpenStackCli:
    return OpenStackCli(furnished)


def test_flavors_are_created_listed_and_granted(cli: OpenStackCli) -> None:
    made = cli.json("flavor create --disk 1 --ram 768 --id 20 newflavor")
    assert made.keys() >= FLAVOR_FIELDS
    assert (made["id"], made["ram"], made["vcpus"]) == ("20", 768, 1)
    listed = cli.json("flavor list")
    assert list(listed[0]) == ["ID", "Name", "RAM", "Disk", "Ephemeral", "VCPUs", "Is Public"]
    assert {flavor["Name"] for flavor in listed} >= {"m1.nano", "m1.tiny", "m1.small", "m1.xlarge", "newflavor"}
    assert cli.json("flavor create --ram 64 --disk 1 --private --property hw:cpu_cores=1 --project admin own")["id"]
    assert cli.json("flavor show own")["properties"] == {"hw:cpu_cores": "1"}
    for command in ("flavor set --description small own", "flavor unset --project admin own", "flavor delete own"):
        assert cli.run(command).code == 0, command


def test_who_is_no_admin_creates_no_flavor(furnished: RunningCloud, cli: OpenStackCli) -> None:
    for command in ("user create --password spade demo", "role add --user demo --project admin member"):
        assert cli.run(command).code == 0, command
    demo = OpenStackCli(furnished, user="demo", password="spade")
    refused = demo.run("flavor create --disk 1 --ram 768 --id 21 demoflavor")
    url = f"{furnished.url('compute')}/v2.1/flavors"
    words = "Policy doesn't allow os_compute_api:os-flavor-manage:create to be performed."
    assert refused.code == 1
    assert f"403: Client Error for url: {url}, {words}" in refused.err


def test_a_public_key_is_imported(cli: OpenStackCli, tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    path = tmp_path / "id_rsa.pub"
    path.write_bytes(key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH))
    made = cli.json(f"keypair create --public-key {path} MyKey")
    assert made.keys() >= {"fingerprint", "name", "user_id"}
    (listed,) = cli.json("keypair list")
    assert listed == {"Name": "MyKey", "Fingerprint": made["fingerprint"], "Type": "ssh"}
    assert cli.run("keypair delete MyKey").code == 0


def test_services_hypervisors_and_zones_are_listed(cli: OpenStackCli) -> None:
    services = cli.json("compute service list")
    assert list(services[0]) == ["ID", "Binary", "Host", "Zone", "Status", "State", "Updated At"]
    assert {(it["Binary"], it["Zone"], it["State"]) for it in services} == {
        ("nova-conductor", "internal", "up"),
        ("nova-scheduler", "internal", "up"),
        ("nova-compute", "nova", "up"),
    }
    for command in ("--disable --disable-reason fan", "--enable", "--down", "--up"):
        assert cli.run(f"compute service set {command} compute nova-compute").code == 0, command
    (hypervisor,) = cli.json("hypervisor list")
    assert (hypervisor["Hypervisor Hostname"], hypervisor["Hypervisor Type"]) == ("compute", "QEMU")
    assert cli.json("hypervisor show compute")["state"] == "up"
    zones = cli.json("availability zone list --compute")
    assert zones == [
        {"Zone Name": "internal", "Zone Status": "available"},
        {"Zone Name": "nova", "Zone Status": "available"},
    ]


def test_aggregates_are_made_and_filled(cli: OpenStackCli) -> None:
    assert cli.json("aggregate create --zone below cellar")["availability_zone"] == "below"
    assert cli.json("aggregate add host cellar compute")["hosts"] == ["compute"]
    assert cli.run("aggregate set --property ssd=true cellar").code == 0
    assert cli.json("aggregate show cellar")["properties"] == {"ssd": "true"}
    for command in ("aggregate remove host cellar compute", "aggregate delete cellar"):
        assert cli.run(command).code == 0, command


def test_quotas_are_shown_and_set(cli: OpenStackCli) -> None:
    assert cli.run("quota set --cores 30 --instances 5 admin").code == 0
    shown = {it["Resource"]: it["Limit"] for it in cli.json("quota show --compute admin")}
    assert (shown["cores"], shown["instances"], shown["ram"], shown["key-pairs"]) == (30, 5, 51200, 100)
    limits = {it["Name"]: it["Value"] for it in cli.json("limits show --absolute")}
    assert (limits["total_cores"], limits["total_cores_used"]) == (30, 0)
    assert cli.run("quota delete --compute admin").code == 0
