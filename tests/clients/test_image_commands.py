"""Every command of images that the unmodified client has, run: images themselves, and whom they are shared with.

The commands of imports, stores, tasks and the cache, and those of metadata definitions, are run by the two modules that
are imported here.
"""

import getpass
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from tests.clients import test_image_import_commands as imports
from tests.clients import test_image_metadef_commands as metadefs
from tests.clients.command_walk import Walk, commands_of, commands_walked, walks
from tests.clients.conformance import conforming_cloud
from tests.clients.openstack_cli import OpenStackCli
from tests.services.identity.people import PASSWORD, grant, make
from tests.services.image.shelf import qcow2
from tests.services.image.signing import certificate, key_of, put
from tests.support.cloud import Client, RunningCloud
from tests.surface import commands

pytestmark = pytest.mark.usefixtures("terminal")
TABLE = frozenset(commands("openstack.image.v2"))
QUEUED = (
    "container_format, created_at, disk_format, file, id, min_disk, min_ram, name, owner, properties, protected, "
    "schema, status, tags, updated_at, visibility"
)
ACTIVE = f"{QUEUED}, checksum, size"
DISK = f"{ACTIVE}, virtual_size"
IMAGES = "ID, Name, Status"
LONG = (
    "ID, Name, Disk Format, Container Format, Size, Checksum, Status, Visibility, Protected, Project, Hash Algorithm, "
    "Hash Value, Tags"
)
MEMBER = "created_at, image_id, member_id, schema, status, updated_at"
CHOSEN = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    with conforming_cloud() as running:
        yield running


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("disks") / "cirros.img"
    path.write_bytes(qcow2())
    return path


def test_every_command_of_the_table_is_run_by_a_test() -> None:
    here = [commands_of(test) for test in globals().values()]
    assert commands_walked(imports, metadefs).union(*here) == TABLE


@walks("image", "create, delete, set, show, unset")
def test_an_image_without_bytes(walk: Walk) -> None:
    made = walk.shown("image create --private --tag old --property os_distro=cirros plain", QUEUED)
    assert (made["status"], made["visibility"], made["tags"]) == ("queued", "private", ["old"])
    assert (made["disk_format"], made["container_format"], made["min_disk"]) == ("raw", "bare", 0)
    assert made["properties"]["os_distro"] == "cirros"
    walk.does(
        "image set --name other --min-disk 3 --min-ram 512 --disk-format qcow2 --container-format ovf plain",
        "image set --property color=red --tag old --tag new --architecture x86_64 --os-version 6 other",
        f"image set --instance-id {CHOSEN} --kernel-id {CHOSEN} --ramdisk-id {CHOSEN} --os-distro ubuntu other",
        "image set --protected --shared other",
    )
    shown = walk.shown("image show other", QUEUED)
    assert (shown["min_disk"], shown["min_ram"], shown["visibility"]) == (3, 512, "shared")
    assert (shown["disk_format"], shown["container_format"]) == ("qcow2", "ovf")
    assert sorted(shown["tags"]) == ["new", "old"]
    expected = {"color": "red", "architecture": "x86_64", "os_version": "6", "os_distro": "ubuntu"}
    expected |= dict.fromkeys(("instance_id", "kernel_id", "ramdisk_id"), CHOSEN)
    assert {name: shown["properties"].get(name) for name in expected} == expected
    walk.refused("image delete other", "is protected and cannot be deleted")
    walk.does("image unset --tag old --property color --property architecture other")
    walk.refused("image unset --tag old --property color other", "Failed to unset 1 of 1 tags")
    left = walk.shown(f"image show {made['id']}", QUEUED)
    assert left["tags"] == ["new"]
    assert not {"color", "architecture"} & left["properties"].keys()
    walk.does("image set --unprotected other", "image delete other")
    walk.refused("image show other", "No Image found for other")


@walks("image", "create, delete, save, set, show")
def test_an_image_with_bytes(walk: Walk, disk: Path, tmp_path: Path) -> None:
    options = f"--id {CHOSEN} --container-format bare --disk-format qcow2 --min-disk 1 --min-ram 2 --tag small"
    size = disk.stat().st_size
    made = walk.shown(f"image create {options} --size {size} --public --protected --file {disk} cirros", DISK)
    assert (made["id"], made["status"], made["size"]) == (CHOSEN, "active", size)
    assert (made["protected"], made["visibility"], made["schema"]) == (True, "public", "/v2/schemas/image")
    properties = made["properties"]
    assert (properties["os_hash_algo"], properties["stores"]) == ("sha512", "file")
    assert properties["locations"] == [{"url": properties["direct_url"], "metadata": {"store": "file"}}]
    assert walk.shown("image show --human-readable cirros", DISK)["size"] == "262.1K"
    saved = tmp_path / "saved.img"
    for choice in ("", "--chunk-size 65536", "--store-preference file2 --store-preference file"):
        walk.does(f"image save {choice} --file {saved} cirros")
        assert saved.read_bytes() == disk.read_bytes(), choice
        saved.unlink()
    # The client takes the refusal for the image's bytes, and sees that they are wrong.
    walk.refused(f"image save --store-preference none --file {saved} cirros", "Unable to download image")
    assert "is not configured." in saved.read_text()
    walk.does("image set --deactivate cirros")
    assert walk.shown("image show cirros", DISK)["status"] == "deactivated"
    walk.does("image set --activate --unprotected cirros", "image delete cirros")


@walks("image", "create, delete, list, set")
def test_lists_of_images(walk: Walk, disk: Path) -> None:
    made = walk.shown(f"image create --disk-format qcow2 --tag a --tag b --community --file {disk} active", DISK)
    others = [walk.json(f"image create --{how} queued-{how}")["id"] for how in ("private", "shared")]
    for options in ("--status active", "--name active", "--tag a --tag b", "--community", "--property status=active"):
        listed = walk.listed(f"image list {options}", IMAGES)
        assert listed == [{"ID": made["id"], "Name": "active", "Status": "active"}], options
    (long,) = walk.listed("image list --long --status active", LONG)
    assert (long["Visibility"], long["Protected"], long["Project"]) == ("community", False, made["owner"])
    assert (long["Hash Algorithm"], long["Hash Value"]) == ("sha512", made["properties"]["os_hash_value"])
    assert (long["Tags"], long["Size"], long["Checksum"]) == (["a", "b"], made["size"], made["checksum"])
    assert walk.names("image list --private") == ["queued-private"]
    assert walk.names("image list --shared --member-status all") == ["queued-shared"]
    assert walk.names("image list --all --sort name:desc") == ["queued-shared", "queued-private", "active"]
    assert walk.names("image list --project admin --project-domain default --limit 1 --sort name") == ["queued-shared"]
    assert walk.names("image list --page-size 1 --sort name:asc") == ["active", "queued-private", "queued-shared"]
    assert walk.ids(f"image list --marker {others[1]} --limit 2") == [made["id"], others[0]]
    assert walk.ids("image list --project service") == []
    walk.does("image set --hidden active")
    assert (walk.names("image list --hidden"), walk.names("image list --community")) == (["active"], [])
    walk.does("image set --unhidden --private active")
    assert walk.names("image list --private --sort name") == ["active", "queued-private"]
    walk.does(f"image delete {made['id']} {' '.join(others)}")
    # It is so that the client tells of what it does not find.
    walk.refused("image delete active", "Multi Backend support not enabled.")


@walks("image", "add project, remove project, member get, member list, set")
def test_an_image_is_shared(cloud: RunningCloud, admin: Client, walk: Walk) -> None:
    garden, gardener = make(admin, "project"), make(admin, "user")
    grant(admin, gardener, "member", f"projects/{garden['id']}")
    theirs = OpenStackCli(cloud, user=gardener["name"], password=PASSWORD, project=garden["name"])
    image = walk.json("image create --shared roses")
    added = walk.shown(f"image add project --project-domain default roses {garden['name']}", MEMBER)
    assert (added["image_id"], added["member_id"], added["status"]) == (image["id"], garden["id"], "pending")
    guest = walk.by(theirs)
    assert guest.ids("image list") == []
    assert guest.ids("image list --shared --member-status pending") == [image["id"]]
    for verb, status in (("accept", "accepted"), ("reject", "rejected"), ("pending", "pending")):
        guest.does(f"image set --{verb} {image['id']}")
        (listed,) = walk.listed("image member list --project-domain default roses", "Image ID, Member ID, Status")
        assert listed == {"Image ID": image["id"], "Member ID": garden["id"], "Status": status}
    walk.does(f"image set --accept --project {garden['name']} --project-domain default roses")
    assert walk.shown(f"image member get --project-domain default roses {garden['id']}", MEMBER)["status"] == "accepted"
    assert guest.ids("image list") == [image["id"]]
    guest.refused(f"image remove project {image['id']} {garden['id']}", "403")
    walk.does(f"image remove project roses {garden['name']}")
    assert guest.ids("image list") == []
    walk.refused(f"image member get roses {garden['id']}", garden["id"])
    walk.does(f"image set --project {garden['name']} --project-domain default roses")
    assert guest.names("image list") == ["roses"]
    given = walk.json(f"image create --project {garden['name']} --project-domain default given")
    assert given["owner"] == garden["id"]
    guest.does("image delete roses given")


@walks("image", "create")
def test_a_signature_that_the_client_writes(
    cloud: RunningCloud, walk: Walk, disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, key = cloud.cloud.wanted.state / "control" / "certificates", key_of("RSA-PSS")
    folder.mkdir(exist_ok=True)
    form = serialization.BestAvailableEncryption(b"rosebud")
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, form)
    (tmp_path / "key.pem").write_bytes(pem)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: "rosebud")
    signing = f"--sign-key-path {tmp_path / 'key.pem'} --sign-cert-id {put(folder, certificate(key))}"
    # The client writes the signature as Python shows bytes: `b'...'`, which is no base64 to Glance either.
    walk.refused(f"image create --disk-format qcow2 --file {disk} {signing} signed", "Signature verification failed")
    assert walk.ids("image list --name signed") == []
