"""A finished cloud is used as walkthroughs use one: the commands as written, in their order.

Where a walkthrough gives a server a network, it gets none here.
"""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from haneul.services.compute.seeds import seed_flavors
from tests.clients.walkthrough import (
    ASSIGNMENTS,
    ENDPOINT,
    ENDPOINTS,
    FLAVOR,
    IMAGE,
    IMAGES,
    NAMED,
    PROJECT,
    SERVER,
    USER,
    Walk,
    variables,
)
from tests.services.image.shelf import qcow2, user_of
from tests.support.cloud import running_cloud
from tests.support.hosts import eventually, simulated_host


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with running_cloud() as cloud:
        cloud.cloud.store.write(seed_flavors)
        with simulated_host(cloud, "compute"):
            yield Walk(cloud)


@pytest.fixture
def cirros(tmp_path: Path) -> Path:
    path = tmp_path / "cirros-0.6.2-x86_64-disk.img"
    path.write_bytes(qcow2())
    return path


def at_terminal(argv: list[str]) -> str:
    """What the command shows on a terminal on which each question for a password is answered."""
    environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    ours, its = pty.openpty()
    with (
        subprocess.Popen(argv, env=environment, stdin=its, stdout=its, stderr=its, start_new_session=True) as process,
        open(ours, "r+b", buffering=0) as terminal,
    ):
        os.close(its)
        said, answered = "", 0
        with suppress(OSError):  # what reading a terminal ends with, once its other side is closed
            while part := terminal.read(4096):
                said += part.decode()
                if said.count("assword:") > answered:
                    answered += 1
                    terminal.write(b"typed in\n")
        assert process.wait(60) == 0, said
    return said


def test_who_is_no_admin_makes_no_flavor(walk: Walk) -> None:
    walk.follow(("user create --password spade demo", set()), ("role add --project admin --user demo member", None))
    command = "flavor create --disk 1 --ram 768 --id 20 newflavor"
    walk.read(OS_USERNAME="demo", OS_PASSWORD="spade")
    refused = walk.cli.run(command)
    walk.read()
    assert refused.code == 1
    assert (
        f"403: Client Error for url: {walk.cloud.url('compute')}/v2.1/flavors, "
        "Policy doesn't allow os_compute_api:os-flavor-manage:create to be performed."
    ) in refused.err
    walk.follow((command, FLAVOR | {"description"}))


def test_endpoints_and_catalog_are_shown(walk: Walk) -> None:
    listed = walk.rows("endpoint list")
    assert list(listed[0]) == ENDPOINTS
    shown = {(row["Service Name"], row["Service Type"], row["Interface"]) for row in listed}
    ours = {
        ("nova", "compute"),
        ("neutron", "network"),
        ("placement", "placement"),
        ("glance", "image"),
        ("keystone", "identity"),
        ("cinder", "block-storage"),
        ("cinderv3", "volumev3"),
    }
    assert shown == {(*one, interface) for one in ours for interface in ("admin", "internal", "public")}
    walk.follow((f"endpoint show {listed[0]['ID']}", ENDPOINT), ("catalog list", ["Name", "Type", "Endpoints"]))
    said = walk.cli.run("catalog list").out
    assert f"  internal: {walk.cloud.url('image')} " in said


def test_a_projects_developer_is_made_at_a_terminal(walk: Walk, tmp_path: Path) -> None:
    walk.follow(
        ("project create newProject", PROJECT),
        ('project set --description "for testing purpose" newProject', None),
        ("project show newProject", PROJECT),
    )
    assert walk.fields("project show newProject")["description"] == "for testing purpose"
    exports = [f"export {name}='{value}'\n" for name, value in variables(walk.cloud).items()]
    (tmp_path / "keystonerc_admin").write_text("unset OS_SERVICE_TOKEN\n" + "".join(exports))
    command = "openstack user create --project newProject --password-prompt developer1"
    said = at_terminal(["bash", "-c", f"source {tmp_path}/keystonerc_admin; {command}"])
    assert {line.split("|")[1].strip() for line in said.splitlines() if line.startswith("| ")} >= USER
    assert walk.cloud.login("unscoped", name="developer1", password="typed in").token


def test_roles_are_given_to_a_developer(walk: Walk) -> None:
    walk.follow(("project create otherProject", PROJECT), ("user create --project otherProject developer2", USER))
    listed = walk.rows("role list")
    assert list(listed[0]) == NAMED
    assert {row["Name"] for row in listed} >= {
        "ResellerAdmin",
        "SwiftOperator",
        "reader",
        "member",
        "admin",
        "_member_",
    }
    of_developer = "role assignment list --project otherProject --user developer2"
    assert walk.cli.json(of_developer) == []
    walk.follow(
        ("role add --project otherProject --user developer2 admin", None),
        ("role add --project otherProject --user developer2 _member_", None),
        (of_developer, ASSIGNMENTS),
    )
    assert len(walk.rows(of_developer)) == 2
    walk.follow(("project list", NAMED))


@pytest.mark.parametrize(
    ("group", "commands"),
    [
        ("openstack.identity.v3", ("access rule delete", "catalog list", "domain create", "ec2 credentials list")),
        ("openstack.image.v2", ("cached image list", "image add project", "image create", "image import")),
    ],
)
def test_the_clients_commands_are_listed(walk: Walk, group: str, commands: tuple[str, ...]) -> None:
    lines = walk.cli.run("command list").out.splitlines()
    assert lines[1].split() == ["|", "Command", "Group", "|", "Commands", "|"]
    begins = next(number for number, line in enumerate(lines) if group in line)
    listed = [line.split("|")[2].strip() for line in lines[begins : begins + 41]]
    assert set(listed) >= set(commands)


def test_images_are_private_until_made_public(walk: Walk, cirros: Path) -> None:
    own = f"image create --min-disk 2 --private --disk-format qcow2 --file {cirros} cirros"
    walk.follow((own, IMAGE), ("image list", IMAGES))
    assert user_of(walk.cloud, "strangers").get("image", "/v2/images").json()["images"] == []
    (row,) = walk.rows("image list")
    walk.follow((f"image delete {row['ID']}", None))
    public = walk.fields(
        f"image create --disk-format qcow2 --container-format bare --public --file {cirros} cirros",
    )
    assert public.keys() >= IMAGE
    assert public["file"] == f"/v2/images/{public['id']}/file"
    assert (public["schema"], public["visibility"]) == ("/v2/schemas/image", "public")
    for name in ("os_hidden", *(f"owner_specified.openstack.{one}" for one in ("md5", "object", "sha256"))):
        assert name in public["properties"]
    walk.follow((f"image delete {public['id']}", None))


def test_a_server_is_made_looked_at_and_made_again(walk: Walk, cirros: Path) -> None:
    create = "server create --flavor m1.small --image cirros --nic none test-instance"
    walk.follow(
        (f"image create --disk-format qcow2 --container-format bare --public --file {cirros} cirros", IMAGE),
        (create, SERVER),
    )
    eventually(lambda: walk.fields("server show test-instance")["status"] == "ACTIVE")
    said = walk.cli.run(f"console log show {walk.fields('server show test-instance')['id']}")
    assert (said.code, "login:" in said.out) == (0, True)
    walk.follow(("server delete test-instance", None))
    eventually(lambda: walk.cli.json("server list") == [])
    walk.follow((create, SERVER))
    eventually(lambda: [row["Status"] for row in walk.rows("server list")] == ["ACTIVE"])
    walk.follow(("server delete --wait test-instance", None), ("image delete cirros", None))


def test_a_server_that_fits_nowhere_says_so(walk: Walk, cirros: Path) -> None:
    walk.follow(
        (f"image create --disk-format qcow2 --public --file {cirros} cirros", IMAGE),
        ("flavor create --ram 40000 --disk 900000 --vcpus 1 vast", FLAVOR),
        ("server create --flavor vast --image cirros --nic none too-large", SERVER),
    )
    eventually(lambda: walk.fields("server show too-large")["status"] == "ERROR")
    fault = walk.fields("server show too-large")["fault"]
    assert "No valid host was found." in fault
    assert "compute: DISK_GB wanted 900000, free" in fault
    walk.follow(("server delete --wait too-large", None), ("image delete cirros", None))
