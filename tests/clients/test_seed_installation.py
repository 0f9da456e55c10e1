"""A cloud is put together by hand, as installation guides do it: the commands as written, in their order.

It begins where `keystone-manage bootstrap` has ended. Where a guide gives a server a network, it gets none here.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.clients.walkthrough import (
    COMPUTE_SERVICES,
    DOMAIN,
    ENDPOINT,
    ENDPOINTS,
    FLAVOR,
    IMAGE,
    IMAGES,
    KEYPAIR,
    NAMED,
    PROJECT,
    ROLE,
    SERVER,
    SERVERS,
    SERVICE,
    TOKEN,
    USER,
    Step,
    Walk,
)
from tests.services.image.shelf import qcow2
from tests.support.cloud import PASSWORD, running_cloud
from tests.support.hosts import eventually, simulated_host


@pytest.fixture
def walk() -> Iterator[Walk]:
    with running_cloud(bare=True) as cloud:
        walk = Walk(cloud)
        # The guide's own spelling of the domain.
        walk.read(OS_USER_DOMAIN_NAME="default", OS_PROJECT_DOMAIN_NAME="default", OS_IMAGE_API_VERSION="2")
        yield walk


def service_user(name: str) -> tuple[Step, ...]:
    return (
        (f"user create --domain default --project service --password qwer1234 {name}", USER),
        (f"role add --project service --user {name} admin", None),
    )


def service(name: str, kind: str, description: str) -> Step:
    return f'service create --name {name} --description "{description}" {kind}', SERVICE


def endpoints(kind: str, public: str, internal: str = "", admin: str = "") -> tuple[Step, ...]:
    urls = {"public": public, "internal": internal or public, "admin": admin or internal or public}
    return tuple(
        (f"endpoint create --region RegionOne {kind} {interface} {url!r}", ENDPOINT) for interface, url in urls.items()
    )


def test_a_cloud_is_installed_by_hand(walk: Walk, tmp_path: Path) -> None:
    identity(walk)
    image(walk, tmp_path)
    compute_control(walk)
    with simulated_host(walk.cloud, "compute"):
        compute_host(walk)
        network(walk)
        first_server(walk, tmp_path)
        block_storage(walk)
        object_store(walk)
        orchestration(walk)
        listed = walk.rows("endpoint list")
        assert list(listed[0]) == ENDPOINTS
        assert len(listed) == 3 * len({row["Service Type"] for row in listed}) == 27
        swift = [row for row in walk.cli.json("catalog list") if row["Name"] == "swift"]
        project_id = walk.fields("project show admin")["id"]
        assert {one["interface"]: one["url"] for one in swift[0]["Endpoints"]} == {
            "public": f"http://network:8080/v1/AUTH_{project_id}",
            "internal": f"http://network:8080/v1/AUTH_{project_id}",
            "admin": "http://network:8080/v1",
        }


def identity(walk: Walk) -> None:
    walk.follow(('project create --domain default --description "Service Project" service', PROJECT))
    listed = walk.rows("project list")
    assert list(listed[0]) == NAMED
    assert [row["Name"] for row in listed] == ["admin", "service"]
    walk.follow(
        ('domain create --description "An Example Domain" example', DOMAIN),
        ('project create --domain default --description "Demo Project" myproject', PROJECT),
        ("user create --domain default --password spade myuser", USER - {"default_project_id"}),
        ("role create myrole", ROLE),
        ("role add --project myproject --user myuser myrole", None),
        ("token issue", TOKEN),
    )
    in_full = (
        f"--os-auth-url {walk.cloud.url('identity')}/v3 --os-project-domain-name Default --os-user-domain-name Default"
    )
    walk.follow(
        (f"{in_full} --os-project-name admin --os-username admin --os-password '{PASSWORD}' token issue", TOKEN)
    )
    issued = walk.fields(f"{in_full} --os-project-name myproject --os-username myuser --os-password spade token issue")
    assert issued.keys() >= TOKEN
    assert issued["project_id"] == walk.fields("project show myproject")["id"]


def image(walk: Walk, folder: Path) -> None:
    (folder / "cirros.img").write_bytes(qcow2())
    walk.follow(
        *service_user("glance"),
        service("glance", "image", "OpenStack Image service"),
        *endpoints("image", walk.cloud.url("image")),
        (
            f'image create "cirros" --file {folder / "cirros.img"} --disk-format qcow2',
            IMAGE | {"checksum", "size"},
        ),
        ("image list", IMAGES),
    )


def compute_control(walk: Walk) -> None:
    base = walk.cloud.url("compute") + "/v2.1"
    walk.follow(
        ("user create --domain default --project service --password qwer1234 nova", USER),
        ("user create --domain default --project service --password qwer1234 placement", USER),
        ("role add --project service --user nova admin", None),
        ("role add --project service --user placement admin", None),
        service("nova", "compute", "OpenStack Compute service"),
        service("placement", "placement", "OpenStack Compute Placement service"),
        # The three stand so in the guide: both ways of leaving a place for the project's id.
        *endpoints("compute", f"{base}/%(tenant_id)s", f"{base}/$(tenant_id)s", f"{base}/$(tenant_id)s"),
        *endpoints("placement", walk.cloud.url("placement")),
        ("compute service list", COMPUTE_SERVICES),
    )
    assert {(row["Binary"], row["Zone"]) for row in walk.rows("compute service list")} == {
        ("nova-conductor", "internal"),
        ("nova-scheduler", "internal"),
    }


def compute_host(walk: Walk) -> None:
    added = [row for row in walk.rows("compute service list") if row["Binary"] == "nova-compute"]
    assert [(row["Host"], row["Zone"], row["Status"], row["State"]) for row in added] == [
        ("compute", "nova", "enabled", "up")
    ]


def network(walk: Walk) -> None:
    walk.follow(
        *service_user("neutron"),
        service("neutron", "network", "OpenStack Networking service"),
        *endpoints("network", "http://controller:9696"),
    )


def first_server(walk: Walk, folder: Path) -> None:
    (folder / "ubuntu.img").write_bytes(qcow2())
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    (folder / "id_rsa.pub").write_bytes(
        key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    )
    walk.follow(
        (
            f'image create "Ubuntu1804" --file {folder / "ubuntu.img"} --disk-format qcow2 --container-format bare'
            " --public",
            IMAGE,
        ),
        (f"keypair create --public-key {folder / 'id_rsa.pub'} MyKey", KEYPAIR),
        ("flavor create --id 0 --vcpus 1 --ram 64 --disk 1 m1.nano", FLAVOR),
        ("flavor create --ram 1024 --disk 10 --vcpus 1 m1.small", FLAVOR),
        # `--key` is short for `--key-name`, and the key was made with a capital K.
        ("server create --image Ubuntu1804 --flavor m1.small --key Mykey --nic none Ubuntu", SERVER),
        ("server list", SERVERS),
    )
    eventually(lambda: [row["Status"] for row in walk.rows("server list")] == ["ACTIVE"])
    (row,) = walk.rows("server list")
    assert (row["Name"], row["Image"], row["Flavor"]) == ("Ubuntu", "Ubuntu1804", "m1.small")
    assert walk.fields("server show Ubuntu")["key_name"] == "MyKey"


def block_storage(walk: Walk) -> None:
    walk.follow(
        *service_user("cinder"),
        service("cinderv3", "volumev3", "OpenStack Block Storage"),
        *endpoints("volumev3", "http://controller:8776/v3/%(tenant_id)s"),
    )


def object_store(walk: Walk) -> None:
    url = "http://network:8080/v1/AUTH_%(tenant_id)s"
    walk.follow(
        *service_user("swift"),
        service("swift", "object-store", "OpenStack Object Storage"),
        *endpoints("object-store", url, url, "http://network:8080/v1"),
        ('project create --domain default --description "Swift Service Project" swiftservice', PROJECT),
        ("role create SwiftOperator", ROLE),
        ("user create --domain default --project swiftservice --password qwer1234 swiftuser01", USER),
        ("role add --project swiftservice --user swiftuser01 SwiftOperator", None),
    )


def orchestration(walk: Walk) -> None:
    walk.follow(
        *service_user("heat"),
        ("role create heat_stack_owner", ROLE),
        ("role create heat_stack_user", ROLE),
        ("role add --project admin --user admin heat_stack_owner", None),
        service("heat", "orchestration", "Openstack Orchestration"),
        service("heat-cfn", "cloudformation", "Openstack Orchestration"),
        *endpoints("orchestration", "http://network:8004/v1/AUTH_%(tenant_id)s"),
        *endpoints("cloudformation", "http://network:8000/v1"),
        ('domain create --description "Stack projects and users" heat', DOMAIN),
        ("user create --domain heat --password qwer1234 heat_domain_admin", USER - {"default_project_id"}),
        ("role add --domain heat --user heat_domain_admin admin", None),
    )
    admin = walk.cloud.login()
    domains = admin.get("identity", "/v3/domains", params={"name": "heat"}).json()["domains"]
    roles = admin.get("identity", "/v3/roles", params={"name": "heat_stack_user"}).json()["roles"]
    assert (domains[0]["tags"], roles[0]["options"]) == ([], {})
